"""How long a job takes with its stages one after another and side by side, on this machine.

`python benchmarks/pipeline.py [VIDEO]` processes the sample with its real models, each way twice
and in turns, so that other work on the machine falls on both. Every way publishes the same words.
"""

import os
import sys
from pathlib import Path
from statistics import mean

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"  # as in the image, before any library reads it

from benchmarks.measuring.jobs import run_job  # noqa: E402
from local.toolchain import MEDIA  # noqa: E402
from runtime.core.contract import Stage  # noqa: E402
from runtime.processor.host.resources import Capacity, machine_capacity  # noqa: E402

ROUNDS = 2
LONG = (Stage.TRANSCRIBE, Stage.DIARIZE, Stage.SCENES)


def main() -> None:
    """Measure and print."""
    video = Path(sys.argv[1]) if len(sys.argv) > 1 else MEDIA / "sample.mp4"
    capacity = machine_capacity()
    ways = {
        "one after another": (Capacity(cores=1, memory_mb=capacity.memory_mb), capacity.cores),
        "side by side, all threads to each model": (capacity, capacity.cores),
        "side by side, models share the cores": (capacity, max(1, capacity.cores // 2)),
    }
    took: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, (shape, threads) in ways.items():
            job = run_job(video, capacity=shape, threads=threads)
            took[way].append(job.seconds)
            long = ", ".join(
                f"{stage} {seconds:.1f}"
                for stage, seconds in job.stage_seconds().items()
                if stage in LONG
            )
            print(f"{way}: {job.seconds:.1f} s ({long})", flush=True)
    base = mean(took["one after another"])
    for way, seconds_of_way in took.items():
        average = mean(seconds_of_way)
        print(f"{way}: {average:.1f} s on average, ratio {average / base:.2f}")


if __name__ == "__main__":
    main()
