"""Runs one attempt of one job and turns however it ends into a job state and how it ended."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from runtime.core.clock import Clock
from runtime.core.contract import ExitCode, Metric
from runtime.core.errors import LeaseLost, LifestreamError, Permanent, Retryable
from runtime.core.jobs import Failure, Job
from runtime.core.log import Log
from runtime.core.metrics import Metrics
from runtime.core.ports import JobStore, ObjectStore
from runtime.core.task_cost import UNKNOWN_TASK_SIZE, TaskSize
from runtime.core.tracer import NoTracing, Tracing
from runtime.processor.checkpoints.store import Checkpoints
from runtime.processor.host.workspace import workspace
from runtime.processor.memory import peak_rss_mb
from runtime.processor.pipeline.pipeline import Pipeline
from runtime.processor.pipeline.toolkit import Toolkit
from runtime.processor.supervision.interruption import Interruption, StopRequestedError
from runtime.processor.supervision.progress import StageTracker
from runtime.processor.supervision.reporter import Reporter, start_job
from runtime.processor.supervision.telemetry import AttemptTelemetry
from runtime.processor.supervision.watchdog import Watchdog, WatchdogTimeouts
from runtime.results.render.metrics import MemoryUse, metrics_document
from runtime.results.render.text import json_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What an attempt needs of the outside."""

    objects: ObjectStore
    jobs: JobStore


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptOutcome:
    """How an attempt ended; `code` is what a process that did nothing else exits with.

    `claimed` tells whether the job was ever ours, `requeued` whether its record now waits for
    another attempt to be announced. `why` is the reason's dotted code, None for a success.
    """

    code: ExitCode
    claimed: bool = True
    requeued: bool = False
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt of one job, and the means to run it.

    `max_runs` is how many runs of a job may end by a passing fault before it fails of it; with
    None somebody else counts.
    """

    job_id: str
    number: int
    task_arn: str | None
    ports: Ports
    tools: Toolkit
    interruption: Interruption
    work_dir: Path
    clock: Clock
    log: Log
    metrics: Metrics
    timeouts: WatchdogTimeouts
    abort: Callable[[ExitCode], None]
    max_runs: int | None = None
    task_size: TaskSize = UNKNOWN_TASK_SIZE
    tracing: Tracing = field(default_factory=NoTracing)

    def run(self) -> AttemptOutcome:
        """Run to an end, whatever happens; the job's record says how it ended."""
        try:
            job = start_job(
                store=self.ports.jobs,
                job_id=self.job_id,
                attempt=self.number,
                task_arn=self.task_arn,
                now=self.clock.now(),
            )
        except LifestreamError as error:
            self.log.warning("job.not_started", code=error.code, reason=error.summary)
            return AttemptOutcome(code=_EXIT_CODES[type(error)], claimed=False, why=error.code)
        teller = AttemptTelemetry(
            job=job,
            task_size=self.task_size,
            clock=self.clock,
            metrics=self.metrics,
            tracing=self.tracing,
        )
        ended = self._run(job, teller)
        teller.ended(ended.why)
        return ended

    def _run(self, job: Job, teller: AttemptTelemetry) -> AttemptOutcome:
        reporter = Reporter(store=self.ports.jobs, job=job, clock=self.clock, log=self.log)
        tracker = StageTracker(
            reporter=reporter,
            interruption=self.interruption,
            clock=self.clock,
            log=self.log,
            tell=teller.stage,
        )
        media_seconds: list[float] = []
        self.log.info("job.started", source=job.source.object_id, size_bytes=job.source.size_bytes)
        try:
            with self._watchdog(reporter, tracker, teller):
                result_key = self._process(reporter.job, tracker, media_seconds.append)
            reporter.succeed(result_key)
        except LeaseLost as error:
            self.log.warning("job.lease_lost", reason=error.summary)
            return AttemptOutcome(code=ExitCode.LOST_CLAIM, why=error.code)
        except StopRequestedError as stop:
            self.log.info("job.interrupted", stage=reporter.job.stage, why=stop.why)
            return self._put_back(reporter.hand_back, ExitCode.RESUMABLE, stop.why)
        except Retryable as error:
            if self.max_runs is None or reporter.job.runs < self.max_runs:
                self.log.warning("job.retry_later", code=error.code, reason=error.summary)
                return self._put_back(reporter.release, ExitCode.RETRYABLE_FAILURE, error.code)
            failure = _failure(error)
        except Permanent as error:
            failure = _failure(error)
        except Exception as error:  # noqa: BLE001 - the job must end with a reason, whatever broke
            self.log.error("job.crashed", error=repr(error), traceback=traceback.format_exc())
            failure = self._internal(error)
        else:
            self.log.info("job.succeeded")
            self._count_success(reporter.job)
            teller.succeeded(media_seconds[-1])
            return AttemptOutcome(code=ExitCode.SUCCESS)
        self.log.error("job.failed", code=failure.code, summary=failure.summary)
        lost = self._end(lambda: self._fail(reporter, failure)) is ExitCode.LOST_CLAIM
        code = ExitCode.LOST_CLAIM if lost else ExitCode.PERMANENT_FAILURE
        return AttemptOutcome(code=code, why=failure.code)

    def _watchdog(
        self, reporter: Reporter, tracker: StageTracker, teller: AttemptTelemetry
    ) -> Watchdog:
        def abort(code: ExitCode) -> None:
            teller.ended(f"job.aborted_{code.name.lower()}")
            self.abort(code)

        return Watchdog(
            reporter=reporter,
            stalled=lambda: tracker.stalled,
            interruption=self.interruption,
            timeouts=self.timeouts,
            clock=self.clock,
            log=self.log,
            abort=abort,
        )

    def _process(
        self, job: Job, tracker: StageTracker, note_media_seconds: Callable[[float], object]
    ) -> str:
        began = self.clock.monotonic()

        def metrics(media_seconds: float) -> bytes:
            note_media_seconds(media_seconds)
            return json_bytes(
                metrics_document(
                    job_id=job.job_id,
                    attempt=self.number,
                    media_seconds=media_seconds,
                    wall_seconds=self.clock.monotonic() - began,
                    stage_seconds=tracker.seconds,
                    memory=MemoryUse(peak_mb=peak_rss_mb(), after_stage_mb=tracker.peaks),
                    task_size=self.task_size,
                )
            )

        with workspace(self.work_dir, log=self.log) as folder:
            result_key = Pipeline(
                source=job.source,
                options=job.options,
                tools=self.tools,
                objects=self.ports.objects,
                checkpoints=Checkpoints(
                    objects=self.ports.objects,
                    source=job.source,
                    settings=self.tools.settings_for(job.options),
                    clock=self.clock,
                    log=self.log,
                    rerun=job.reruns,
                    seconds_between_writes=self.tools.checkpoint_seconds,
                ),
                tracker=tracker,
                folder=folder,
                log=self.log,
                metrics=metrics,
            ).run()
        self.log.info(
            "job.published",
            result_key=result_key,
            seconds=round(self.clock.monotonic() - began, 2),
            stage_seconds={stage: round(took, 2) for stage, took in tracker.seconds.items()},
            peak_rss_mb=peak_rss_mb(),
        )
        return result_key

    def _put_back(self, write: Callable[[], None], code: ExitCode, why: str) -> AttemptOutcome:
        failed = self._end(write)
        if failed is ExitCode.LOST_CLAIM:
            return AttemptOutcome(code=failed, why=why)
        return AttemptOutcome(code=code, requeued=failed is None, why=why)

    def _end(self, write: Callable[[], None]) -> ExitCode | None:
        """Record an end; return None when it is recorded, else what became of it instead."""
        try:
            write()
        except LeaseLost as error:
            self.log.warning("job.lease_lost", reason=error.summary)
            return ExitCode.LOST_CLAIM
        except LifestreamError as error:
            # The record still says RUNNING; without a heartbeat it counts as dead.
            self.log.error("job.end_not_recorded", code=error.code, reason=error.summary)
            return ExitCode.RETRYABLE_FAILURE
        return None

    def _fail(self, reporter: Reporter, failure: Failure) -> None:
        reporter.fail(failure)
        self.metrics.put({Metric.JOBS_FAILED: 1}, code=failure.code)

    def _count_success(self, job: Job) -> None:
        took = job.updated_at - (job.started_at or job.updated_at)
        self.metrics.put({Metric.JOBS_SUCCEEDED: 1, Metric.JOB_SECONDS: took})

    def _internal(self, error: Exception) -> Failure:
        return Failure(
            code="internal",
            summary=f"Job {self.job_id} met an error nobody foresaw ({type(error).__name__}).",
            resolution=f"Look for action job.crashed with job_id {self.job_id} in the "
            "processor's log; run the job again once its cause is mended.",
        )


_EXIT_CODES: dict[type[LifestreamError], ExitCode] = {
    LeaseLost: ExitCode.LOST_CLAIM,
    Retryable: ExitCode.RETRYABLE_FAILURE,
    Permanent: ExitCode.PERMANENT_FAILURE,
}


def _failure(error: LifestreamError) -> Failure:
    return Failure(code=error.code, summary=error.summary, resolution=error.resolution)
