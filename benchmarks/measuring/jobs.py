"""Runs a whole job in this process: real decoding, real models, stores in memory."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from local.toolchain import MODELS
from runtime.core import jobs as lifecycle
from runtime.core.clock import SystemClock
from runtime.core.contract import ExitCode
from runtime.core.jobs import Job
from runtime.core.options import DEFAULT_OPTIONS, JobOptions
from runtime.core.telemetry import Telemetry
from runtime.processor.attempt import Attempt, Ports
from runtime.processor.decoder.decoder import Decoder
from runtime.processor.host.resources import Capacity
from runtime.processor.pipeline.toolkit import build_toolkit
from runtime.processor.supervision.interruption import Interruption
from runtime.processor.supervision.watchdog import WatchdogTimeouts
from runtime.results.published import PublishedResults, open_results
from tests.fakes.jobs import InMemoryJobStore
from tests.fakes.log import CapturedLog
from tests.fakes.metrics import CapturedMetrics
from tests.fakes.objects import InMemoryObjectStore

MODEL = "whisper-base"
TIMEOUT_SECONDS = 3 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedJob:
    """A job that ended, what it stored and logged, and the seconds of its attempt."""

    job: Job
    objects: InMemoryObjectStore
    log: CapturedLog
    seconds: float

    def results(self) -> PublishedResults:
        """Return what it published."""
        return open_results(self.job, self.objects)

    def stage_seconds(self) -> dict[str, float]:
        """Return the seconds of each stage."""
        finished = [line.fields for line in self.log.lines if line.action == "stage.finished"]
        return {str(fields["stage"]): fields["seconds"] for fields in finished}


def run_job(
    recording: Path,
    *,
    name: str = "",
    capacity: Capacity,
    threads: int,
    decoder: Decoder | None = None,
    options: JobOptions = DEFAULT_OPTIONS,
    log: CapturedLog | None = None,
    may_fail: bool = False,
) -> FinishedJob:
    """Process a recording, uploaded as `name`; raise `SystemExit` where it fails and may not."""
    clock, log = SystemClock(), log or CapturedLog()
    objects, jobs = InMemoryObjectStore(), InMemoryJobStore()
    source = objects.put("any", f"uploads/{name or recording.name}", recording.read_bytes())
    jobs.create(lifecycle.claim_new(source, now=clock.now(), lease_seconds=3600.0, options=options))
    with tempfile.TemporaryDirectory() as folder:
        attempt = Attempt(
            job_id=source.job_id,
            number=1,
            task_arn=None,
            ports=Ports(objects=objects, jobs=jobs),
            toolkit=build_toolkit(
                models_dir=MODELS.resolve(),
                asr_model=MODEL,
                capacity=capacity,
                threads=threads,
                decoder=decoder or Decoder(),
                checkpoint_seconds=20.0,
            ),
            interruption=Interruption(clock=clock, timeout_seconds=TIMEOUT_SECONDS),
            work_dir=Path(folder),
            clock=clock,
            telemetry=Telemetry(log=log, metrics=CapturedMetrics()),
            timeouts=WatchdogTimeouts(),
            abort=os._exit,
        )
        began = clock.monotonic()
        ended = attempt.run()
        seconds = clock.monotonic() - began
    if ended.code is not ExitCode.SUCCESS and not may_fail:
        raise SystemExit(f"the job ended with {ended}: {log.lines[-1]}")
    job = jobs.get(source.job_id)
    assert job is not None  # noqa: S101 - it has just ended
    return FinishedJob(job=job, objects=objects, log=log, seconds=seconds)
