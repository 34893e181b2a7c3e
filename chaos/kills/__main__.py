"""`python -m chaos.kills --runs 50`: kill processors at random until their jobs are done."""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from chaos.kills.bench import Bench
from chaos.kills.losses import distribution_of
from chaos.kills.trial import KillTotals, Trial
from local.cloud import LocalCloud
from local.images import Images
from local.toolchain import MEDIA
from runtime.core.clock import SystemClock
from scripts.sample_media.ffmpeg import ffmpeg


def main(arguments: list[str] | None = None) -> int:
    """Run once; the exit status is 0 when every run published what an undisturbed one does."""
    parser = argparse.ArgumentParser(prog="python -m chaos.kills", description=__doc__)
    parser.add_argument("--runs", type=int, default=50, help="jobs to disturb")
    parser.add_argument("--seed", type=int, default=7, help="when to kill")
    parser.add_argument("--seconds", type=float, help="of the sample; all of it by default")
    parser.add_argument("--folder", type=Path, help="where to leave logs")
    given = parser.parse_args(arguments)
    folder = given.folder or Path(tempfile.mkdtemp(prefix="lifestream-kills-"))
    (folder / "cloud").mkdir(parents=True, exist_ok=True)
    with LocalCloud.start(
        state_dir=folder / "cloud", images=Images(), lambda_python=Path(sys.executable)
    ) as cloud:
        bench = Bench(
            cloud=cloud,
            clock=SystemClock(),
            folder=folder,
            key="uploads/Kill test.mp4",
            asr_model="whisper-tiny.en",
        )
        trial = Trial(
            bench=bench,
            source=bench.prepare(small_video(folder, given.seconds)),
            draw=random.Random(given.seed),
            say=_say,
        )
        expected, usual = trial.undisturbed()
        _say(f"undisturbed: {usual:.1f} s, {len(expected)} files")
        totals = KillTotals(usual_seconds=usual)
        for number in range(1, given.runs + 1):
            trial.disturbed(number, expected, totals)
    for violation in totals.violations:
        _say(violation)
    for line in distribution_of(totals.losses):
        _say(line)
    _say(str(totals))
    return 1 if totals.violations else 0


def small_video(folder: Path, seconds: float | None) -> bytes:
    """Return the sample with a small picture: the sound is what takes the time."""
    path = folder / "small.mp4"
    length = () if seconds is None else ("-t", seconds)
    picture = ("-vf", "scale=160:-2", "-c:v", "libx264", "-preset", "ultrafast")
    ffmpeg("-i", MEDIA / "sample.mp4", *length, *picture, "-c:a", "copy", path)
    return path.read_bytes()


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
