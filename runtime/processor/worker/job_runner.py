"""Runs one attempt for a worker: as on demand, but it also leaves when protection is lost."""

from collections.abc import Callable
from dataclasses import dataclass, field

from runtime.core.clock import Clock
from runtime.core.contract import ExitCode
from runtime.core.errors import LeaseLost
from runtime.core.log import Log
from runtime.core.messages import QueuedAttempt
from runtime.core.metrics import Metrics
from runtime.core.spans import about
from runtime.core.task_cost import UNKNOWN_TASK_SIZE, TaskSize
from runtime.core.tracer import NoTracing, Tracing
from runtime.processor.attempt import Attempt, AttemptOutcome, Ports
from runtime.processor.composition import stop_when_due
from runtime.processor.host.library_log import forward_library_logs
from runtime.processor.pipeline.toolkit import Toolkit
from runtime.processor.settings import ProcessorSettings
from runtime.processor.supervision.interruption import Interruption
from runtime.processor.supervision.shutdown import Shutdown
from runtime.protection.session import ProcessingSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """What stays the same from job to job: settings, connections, tools with their models."""

    settings: ProcessorSettings
    ports: Ports
    tools: Toolkit
    task_arn: str | None
    clock: Clock
    log: Log
    metrics: Metrics
    shutdown: Shutdown
    task_size: TaskSize = UNKNOWN_TASK_SIZE
    tracing: Tracing = field(default_factory=NoTracing)

    def run(
        self, asked: QueuedAttempt, session: ProcessingSession, abort: Callable[[ExitCode], None]
    ) -> AttemptOutcome:
        """Claim and run an attempt to its end; `abort` must end the process."""
        log = self.log.bind(**about(asked.job_id), attempt=asked.attempt)
        forward_library_logs(log)
        try:
            return Attempt(
                job_id=asked.job_id,
                number=asked.attempt,
                task_arn=self.task_arn,
                ports=self.ports,
                tools=self.tools,
                interruption=Interruption(
                    clock=self.clock,
                    timeout_seconds=self.settings.timeout_seconds,
                    find_stop_reason=lambda: lease_lost(session) or stop_when_due(self.shutdown)(),
                ),
                work_dir=self.settings.work_dir,
                clock=self.clock,
                log=log,
                metrics=self.metrics,
                timeouts=self.settings.watchdog_timeouts,
                abort=abort,
                max_runs=self.settings.max_runs,
                task_size=self.task_size,
                tracing=self.tracing,
            ).run()
        finally:
            forward_library_logs(self.log)


def lease_lost(session: ProcessingSession) -> str | None:
    """Return why this task may no longer be protected, None while it is.

    Not the `LeaseLost` of a job that somebody else owns: this one is still ours, to be put back.
    """
    try:
        session.check()
    except LeaseLost as error:
        return error.code
    return None
