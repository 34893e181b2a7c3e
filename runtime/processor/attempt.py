"""Runs one attempt of one job, and turns however it ends into a job state and an outcome."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from runtime.core.clock import Clock
from runtime.core.contract import ExitCode, Metric, Stage
from runtime.core.errors import LeaseLost, LifestreamError, Permanent, Retryable
from runtime.core.jobs import Failure, Job, State
from runtime.core.ports import JobStore, ObjectStore
from runtime.core.task_cost import UNKNOWN_TASK_SIZE, TaskSize
from runtime.core.telemetry import Telemetry
from runtime.processor.checkpoints.store import Checkpoints
from runtime.processor.host.resources import peak_rss_mb
from runtime.processor.host.workspace import workspace
from runtime.processor.pipeline.pipeline import Pipeline
from runtime.processor.pipeline.toolkit import JobContext, Toolkit
from runtime.processor.publication import Publication, media_seconds_of
from runtime.processor.supervision.error_owner import is_outage, machine_fault
from runtime.processor.supervision.interruption import Interruption, StopRequestedError
from runtime.processor.supervision.progress import StageTracker
from runtime.processor.supervision.reporter import Reporter, start_job
from runtime.processor.supervision.telemetry import AttemptTelemetry
from runtime.processor.supervision.watchdog import Watchdog, WatchdogTimeouts
from runtime.results.published import PublishedResults, open_results
from runtime.results.render.metrics import MemoryUse, metrics_document
from runtime.results.render.text import json_bytes
from runtime.results.superseded import Retention

T = TypeVar("T")

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 15.0
"""Between tries of a terminal write, which an outage may refuse for minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The stores of objects and jobs."""

    objects: ObjectStore
    jobs: JobStore


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptOutcome:
    """How an attempt ended; `code` is the exit code of a process that runs only this attempt.

    `claimed`: the attempt owned the job at some time. `requeued`: the job is PENDING and a message
    must announce it. `why` is the reason's dotted code, None for a success.
    """

    code: ExitCode
    claimed: bool = True
    requeued: bool = False
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt of one job.

    `max_runs` is how many runs of a job may end by a passing failure before the job fails; None
    where the reaper counts. `abort` must end the process.
    """

    job_id: str
    number: int
    task_arn: str | None
    ports: Ports
    toolkit: Toolkit
    interruption: Interruption
    work_dir: Path
    clock: Clock
    telemetry: Telemetry
    timeouts: WatchdogTimeouts
    abort: Callable[[ExitCode], None]
    max_runs: int | None = None
    task_size: TaskSize = UNKNOWN_TASK_SIZE

    def run(self) -> AttemptOutcome:
        """Run the attempt to an end, whatever happens, and record the end in the job's record."""
        try:
            job = start_job(
                store=self.ports.jobs,
                job_id=self.job_id,
                attempt=self.number,
                task_arn=self.task_arn,
                now=self.clock.now(),
            )
        except LifestreamError as error:
            self.telemetry.log.warning("job.not_started", code=error.code, reason=error.summary)
            return AttemptOutcome(code=_EXIT_CODES[type(error)], claimed=False, why=error.code)
        reported = AttemptTelemetry(
            job=job, task_size=self.task_size, clock=self.clock, telemetry=self.telemetry
        )
        outcome = self._run(job, reported)
        reported.ended(outcome.why)
        return outcome

    def _run(self, job: Job, reported: AttemptTelemetry) -> AttemptOutcome:
        log = self.telemetry.log
        reporter = Reporter(store=self.ports.jobs, job=job, clock=self.clock, log=log)
        tracker = StageTracker(
            reporter=reporter,
            interruption=self.interruption,
            clock=self.clock,
            log=log,
            on_end=reported.stage,
        )
        publication = Publication(
            objects=self.ports.objects,
            jobs=self.ports.jobs,
            job=lambda: reporter.job,
            report=lambda: reporter.report(Stage.PUBLISH, tracker.overall),
            work_dir=self.work_dir,
            log=log,
        )
        log.info("job.started", source=job.source.object_id, size_bytes=job.source.size_bytes)
        try:
            with self._watchdog(reporter, tracker, reported):
                published = self._publish(publication, reporter, tracker)
                media_seconds = self._persist(lambda: media_seconds_of(published))
                self._persist(lambda: publication.make_public(published))
            self._persist(lambda: reporter.succeed(published.result_key))
        except LeaseLost as error:
            log.warning("job.lease_lost", reason=error.summary)
            return AttemptOutcome(code=ExitCode.LOST_CLAIM, why=error.code)
        except StopRequestedError as stop:
            log.info("job.interrupted", stage=reporter.job.stage, why=stop.why)
            return self._requeue(
                ExitCode.RESUMABLE, stop.why, lambda: reporter.requeue(run_counts=False)
            )
        except Permanent as error:
            failure = Failure.of(error)
        except Exception as error:  # noqa: BLE001 - the job must end with a reason, whatever broke
            outcome = self._try_again(reporter, error)
            if outcome is not None:
                return outcome
            known = error if isinstance(error, LifestreamError) else machine_fault(error)
            failure = self._internal(error) if known is None else Failure.of(known)
        else:
            log.info("job.succeeded")
            self._count_success(reporter.job)
            reported.succeeded(media_seconds)
            return AttemptOutcome(code=ExitCode.SUCCESS)
        log.error("job.failed", code=failure.code, summary=failure.summary)
        lost = self._record(lambda: self._fail(reporter, failure)) is ExitCode.LOST_CLAIM
        code = ExitCode.LOST_CLAIM if lost else ExitCode.PERMANENT_FAILURE
        return AttemptOutcome(code=code, why=failure.code)

    def _try_again(self, reporter: Reporter, error: Exception) -> AttemptOutcome | None:
        """Requeue the job, or return None when its runs are spent; an outage spends none.

        An error is retryable unless the video is proven to be its cause, which `Permanent` says.
        """
        log = self.telemetry.log
        if isinstance(error, Retryable):
            code = error.code
            if is_outage(error):
                log.warning("job.waiting", code=code, reason=error.summary)
                return self._requeue(ExitCode.RETRYABLE_FAILURE, code, lambda: reporter.wait(code))
        else:
            log.error("job.crashed", error=repr(error), traceback=traceback.format_exc())
            fault = machine_fault(error)
            code = "internal" if fault is None else fault.code
        if self.max_runs is not None and reporter.job.out_of_runs(self.max_runs):
            return None
        log.warning("job.retry_later", code=code, reason=str(error))
        return self._requeue(
            ExitCode.RETRYABLE_FAILURE, code, lambda: reporter.requeue(run_counts=True)
        )

    def _persist(self, call: Callable[[], T]) -> T:
        """Retry one of a job's last calls until it succeeds, or this process or job must stop."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                return call()
            except Retryable as error:
                if self.interruption.stop_requested or self.interruption.overdue:
                    raise
                self.telemetry.log.warning("job.end_delayed", code=error.code, reason=error.summary)
                self.clock.sleep(pause)
                pause = min(LONGEST_PAUSE_SECONDS, pause * 2)

    def _watchdog(
        self, reporter: Reporter, tracker: StageTracker, reported: AttemptTelemetry
    ) -> Watchdog:
        def abort(code: ExitCode) -> None:
            reported.ended(f"job.aborted_{code.name.lower()}")
            self.abort(code)

        return Watchdog(
            reporter=reporter,
            stalled=lambda: tracker.stalled,
            interruption=self.interruption,
            timeouts=self.timeouts,
            clock=self.clock,
            log=self.telemetry.log,
            abort=abort,
        )

    def _publish(
        self, publication: Publication, reporter: Reporter, tracker: StageTracker
    ) -> PublishedResults:
        """Return the job's new results, made now unless an earlier attempt has published them."""
        found = self._persist(publication.of_this_request)
        if found is not None:
            self.telemetry.log.info("job.completing", result_key=found.result_key)
            return found
        kept = self._persist(publication.kept_files)
        corrected = self._persist(publication.corrected)
        result_key = self._process(reporter.job, tracker, kept, corrected)
        self._persist(lambda: reporter.publish(result_key))
        self.telemetry.log.info("job.published", result_key=result_key)
        return self._persist(lambda: open_results(reporter.job, self.ports.objects))

    def _process(
        self, job: Job, tracker: StageTracker, kept: Retention, corrected: str | None
    ) -> str:
        began, log = self.clock.monotonic(), self.telemetry.log
        toolkit = self.toolkit.for_job(job.options)
        # A later attempt may find the outputs of models kept.
        if self.number == 1:
            toolkit.preload()

        def metrics(media_seconds: float) -> bytes:
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

        with workspace(self.work_dir, log=log) as folder:
            context = JobContext(
                source=job.source,
                attempt=self.number,
                options=job.options,
                toolkit=toolkit,
                objects=self.ports.objects,
                checkpoints=Checkpoints(
                    objects=self.ports.objects,
                    source=job.source,
                    settings=toolkit.settings_for(job.options),
                    clock=self.clock,
                    log=log,
                    rerun=job.reruns,
                    seconds_between_writes=toolkit.checkpoint_seconds,
                    keeps_file=lambda file: kept.keeps_file(job.job_id, file),
                ),
                folder=folder,
                telemetry=self.telemetry,
            )
            result_key = Pipeline(
                job=context, tracker=tracker, metrics=metrics, corrected=corrected
            ).run()
        log.info(
            "job.processed",
            result_key=result_key,
            seconds=round(self.clock.monotonic() - began, 2),
            stage_seconds={stage: round(took, 2) for stage, took in tracker.seconds.items()},
            peak_rss_mb=peak_rss_mb(),
        )
        return result_key

    def _requeue(self, code: ExitCode, why: str, write: Callable[[], None]) -> AttemptOutcome:
        failed = self._record(write)
        if failed is ExitCode.LOST_CLAIM:
            return AttemptOutcome(code=failed, why=why)
        return AttemptOutcome(code=code, requeued=failed is None, why=why)

    def _record(self, write: Callable[[], None]) -> ExitCode | None:
        """Write an end; return None when it is recorded, else the exit code of the failed write."""
        try:
            self._persist(write)
        except LeaseLost as error:
            self.telemetry.log.warning("job.lease_lost", reason=error.summary)
            return ExitCode.LOST_CLAIM
        except LifestreamError as error:
            # The record still says RUNNING; without a heartbeat it counts as dead.
            self.telemetry.log.error("job.end_not_recorded", code=error.code, reason=error.summary)
            return ExitCode.RETRYABLE_FAILURE
        return None

    def _fail(self, reporter: Reporter, failure: Failure) -> None:
        reporter.fail(failure)
        if reporter.job.state is State.FAILED:
            self.telemetry.metrics.put({Metric.JOBS_FAILED: 1}, code=failure.code)

    def _count_success(self, job: Job) -> None:
        took = job.updated_at - (job.started_at or job.updated_at)
        self.telemetry.metrics.put({Metric.JOBS_SUCCEEDED: 1, Metric.JOB_SECONDS: took})

    def _internal(self, error: Exception) -> Failure:
        return Failure(
            code="internal",
            summary=f"Job {self.job_id} met an unforeseen error ({type(error).__name__}).",
            resolution=f"Look for action job.crashed with job_id {self.job_id} in the "
            "processor's log; run the job again once its cause is fixed.",
        )


_EXIT_CODES: dict[type[LifestreamError], ExitCode] = {
    LeaseLost: ExitCode.LOST_CLAIM,
    Retryable: ExitCode.RETRYABLE_FAILURE,
    Permanent: ExitCode.PERMANENT_FAILURE,
}
