"""What a whole job takes: wall time, processor time and memory of all its processes.

    .venv/bin/python benchmarks/processor.py [VIDEO] [--minutes N --speakers N] [--threads N]

The job runs in a process of its own, with its objects and its record in memory, so that imports
count and the network does not. Ends with one JSON line: `media_seconds`, `wall_seconds`,
`cpu_seconds`, `peak_rss_mb`, `stages` (the seconds of each), `first_stage_seconds` from the start
of the process and the digest of the manifest, which is that of every published file. Compare
processor time: on a busy machine wall time says little. `peak_pss_mb` counts only once what
processes share. `--minutes` and `--speakers` make a meeting of the labelled speech and also say
how many speakers were found, and the error rate. `--trace FILE` draws stages and memory over time.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.long.trace_picture import draw  # noqa: E402 - run by path, so the root comes first
from benchmarks.measuring.processes import run_python  # noqa: E402
from benchmarks.measuring.speech import TALK, true_turns, truth_of  # noqa: E402
from lifestream.scoring import Turn, diarization_error_rate, read_rttm  # noqa: E402

CHILD = ROOT / "benchmarks" / "measuring" / "job_child.py"


def main() -> None:
    """Measure a job in a child process, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", type=Path, nargs="?", default=TALK)
    parser.add_argument("--minutes", type=float, help="of a meeting, in place of VIDEO")
    parser.add_argument("--speakers", type=int, choices=(2, 3, 4), default=2)
    parser.add_argument("--threads", type=int, help="of each model; half the cores by default")
    parser.add_argument("--trace", type=Path, help="an SVG of the run to write")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        video = given.video
        if given.minutes:
            from benchmarks.long.meeting import make_meeting  # noqa: PLC0415 - packages of Debian

            video = Path(folder) / f"meeting-{given.minutes:g}-{given.speakers}.mp4"
            make_meeting(video, given.minutes, given.speakers)
        print(json.dumps(measure(video, given.threads, given.trace)))


def measure(video: Path, threads: int | None, trace: Path | None) -> dict[str, Any]:
    """Return the figures of one job, and draw it."""
    child = run_python(Path(sys.executable), CHILD, video, threads or 0)
    job, memory = child.found, child.memory
    if trace is not None:
        over_time = [(round(at - child.started_at, 2), round(mb)) for at, _, mb in memory.samples]
        trace.write_text(draw(job["spans"], over_time))
    figures = {
        "video": video.name,
        "media_seconds": job["media_seconds"],
        **child.figures,
        "peak_pss_mb": round(max((shared for _, _, shared in memory.samples), default=0.0)),
        "stages": job["stages"],
        "first_stage_seconds": min(begin for begin, _ in job["spans"].values()),
        "torch_imported": job["torch_imported"],
        "manifest_sha256": job["manifest_sha256"],
    }
    if video.with_suffix(".truth.json").exists():
        figures |= accuracy(read_rttm(job["turns"]), true_turns(truth_of(video)))
    return figures


def accuracy(turns: list[Turn], truth: list[Turn]) -> dict[str, Any]:
    """Return how many speakers were found and are there, and the error rate without a collar."""
    return {
        "speakers": len({turn.speaker for turn in turns}),
        "speakers_there": len({turn.speaker for turn in truth}),
        "der": round(diarization_error_rate(truth, turns), 4),
    }


if __name__ == "__main__":
    main()
