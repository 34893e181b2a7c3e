"""`python -m chaos.kills --runs 50`: kill processors at random until their jobs are done."""

import random
import sys
from pathlib import Path
from typing import Annotated

import typer

from chaos.command import FolderOption, Say, report_run
from chaos.kills.bench import Bench
from chaos.kills.losses import distribution_of
from chaos.kills.trial import KillTotals, Trial
from lifestream import command_line
from local.cloud import LocalCloud
from local.images import Images
from local.toolchain import MEDIA
from runtime.core.clock import SystemClock
from scripts.sample_media.ffmpeg import ffmpeg

app = typer.Typer(help=__doc__, add_completion=False)


@app.command()
def kill_test(
    *,
    runs: Annotated[int, typer.Option(help="Jobs to disturb.")] = 50,
    seed: Annotated[int, typer.Option(help="Selects the moments of the kills.")] = 7,
    seconds: Annotated[float | None, typer.Option(help="Of the sample; default all.")] = None,
    folder: FolderOption = None,
) -> int:
    """Kill processors; the exit status is 0 when every run published the same files."""
    return report_run(lambda place, say: run(runs, seed, seconds, place, say), folder, "kills")


def run(runs: int, seed: int, seconds: float | None, folder: Path, say: Say) -> KillTotals:
    """Disturb jobs in a local cloud of their own."""
    (folder / "cloud").mkdir(exist_ok=True)
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
            source=bench.prepare(small_video(folder, seconds)),
            draw=random.Random(seed),
            say=say,
        )
        expected, usual = trial.undisturbed()
        say(f"undisturbed: {usual:.1f} s, {len(expected)} files")
        totals = KillTotals(usual_seconds=usual)
        for number in range(1, runs + 1):
            trial.disturbed(number, expected, totals)
    for line in distribution_of(totals.losses):
        say(line)
    return totals


def small_video(folder: Path, seconds: float | None) -> bytes:
    """Return the sample with a small picture: the sound is what takes the time."""
    path = folder / "small.mp4"
    length = () if seconds is None else ("-t", seconds)
    picture = ("-vf", "scale=160:-2", "-c:v", "libx264", "-preset", "ultrafast")
    ffmpeg("-i", MEDIA / "sample.mp4", *length, *picture, "-c:a", "copy", path)
    return path.read_bytes()


if __name__ == "__main__":
    sys.exit(command_line.run(app))
