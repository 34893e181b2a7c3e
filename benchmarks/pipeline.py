"""How long a job takes with its stages one after another and side by side, on this machine.

`python benchmarks/pipeline.py [VIDEO]` processes the sample with its real models, each way twice
and in turns, so that other work on the machine falls on both. Every way publishes the same words.
"""

import os
import sys
import tempfile
from pathlib import Path
from statistics import mean

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"  # as in the image, before any library reads it

from local.toolchain import MEDIA, MODELS  # noqa: E402
from runtime.core import jobs as lifecycle  # noqa: E402
from runtime.core.clock import SystemClock  # noqa: E402
from runtime.core.contract import ExitCode, Stage  # noqa: E402
from runtime.core.telemetry import Telemetry  # noqa: E402
from runtime.processor.attempt import Attempt, Ports  # noqa: E402
from runtime.processor.decoder.decoder import Decoder  # noqa: E402
from runtime.processor.host.resources import Capacity, machine_capacity  # noqa: E402
from runtime.processor.pipeline.toolkit import build_toolkit  # noqa: E402
from runtime.processor.supervision.interruption import Interruption  # noqa: E402
from runtime.processor.supervision.watchdog import WatchdogTimeouts  # noqa: E402
from tests.fakes.jobs import InMemoryJobStore  # noqa: E402
from tests.fakes.log import CapturedLog  # noqa: E402
from tests.fakes.metrics import CapturedMetrics  # noqa: E402
from tests.fakes.objects import InMemoryObjectStore  # noqa: E402

ROUNDS = 2


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
            seconds, stages = job(video, shape, threads)
            took[way].append(seconds)
            print(f"{way}: {seconds:.1f} s ({stages})", flush=True)
    base = mean(took["one after another"])
    for way, seconds_of_way in took.items():
        average = mean(seconds_of_way)
        print(f"{way}: {average:.1f} s on average, ratio {average / base:.2f}")


def job(video: Path, capacity: Capacity, threads: int) -> tuple[float, str]:
    """Process a video in memory and return its seconds and those of its longer stages."""
    clock, log = SystemClock(), CapturedLog()
    objects, jobs = InMemoryObjectStore(), InMemoryJobStore()
    source = objects.put("any", f"uploads/{video.name}", video.read_bytes())
    jobs.create(lifecycle.claim_new(source, now=clock.now(), lease_seconds=600.0))
    with tempfile.TemporaryDirectory() as folder:
        toolkit = build_toolkit(
            models_dir=MODELS.resolve(),
            asr_model="whisper-base",
            capacity=capacity,
            threads=threads,
            decoder=Decoder(),
            checkpoint_seconds=20.0,
        )
        attempt = Attempt(
            job_id=source.job_id,
            number=1,
            task_arn=None,
            ports=Ports(objects=objects, jobs=jobs),
            toolkit=toolkit,
            interruption=Interruption(clock=clock, timeout_seconds=3600.0),
            work_dir=Path(folder),
            clock=clock,
            telemetry=Telemetry(log=log, metrics=CapturedMetrics()),
            timeouts=WatchdogTimeouts(),
            abort=os._exit,
        )
        began = clock.monotonic()
        ended = attempt.run()
        seconds = clock.monotonic() - began
    if ended.code is not ExitCode.SUCCESS:
        raise SystemExit(f"the job ended with {ended}: {log.lines[-1]}")
    finished = [line.fields for line in log.lines if line.action == "stage.finished"]
    long = (Stage.TRANSCRIBE, Stage.DIARIZE, Stage.SCENES)
    return seconds, ", ".join(
        f"{fields['stage']} {fields['seconds']:.1f}"
        for fields in finished
        if fields["stage"] in long
    )


if __name__ == "__main__":
    main()
