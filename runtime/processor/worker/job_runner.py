"""Runs one attempt for a worker, which also stops when its scale-in protection is lost."""

from collections.abc import Callable
from dataclasses import dataclass

from runtime.core.clock import Clock
from runtime.core.contract import ExitCode
from runtime.core.messages import QueuedAttempt
from runtime.core.spans import about
from runtime.core.task_cost import UNKNOWN_TASK_SIZE, TaskSize
from runtime.core.telemetry import Telemetry
from runtime.processor.attempt import Attempt, AttemptOutcome, Ports
from runtime.processor.composition import stop_when_due
from runtime.processor.host.library_log import forward_library_logs
from runtime.processor.pipeline.toolkit import Toolkit
from runtime.processor.settings import ProcessorSettings
from runtime.processor.supervision.interruption import Interruption
from runtime.processor.supervision.shutdown import Shutdown
from runtime.protection.errors import ProtectionLostError
from runtime.protection.session import ProcessingSession


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRunner:
    """What the jobs of a worker share: settings, connections, and the toolkit with its models."""

    settings: ProcessorSettings
    ports: Ports
    toolkit: Toolkit
    task_arn: str | None
    clock: Clock
    telemetry: Telemetry
    shutdown: Shutdown
    task_size: TaskSize = UNKNOWN_TASK_SIZE

    def run(
        self, queued: QueuedAttempt, session: ProcessingSession, abort: Callable[[ExitCode], None]
    ) -> AttemptOutcome:
        """Run an attempt to its end; `abort` must end the process."""
        telemetry = self.telemetry.bind(**about(queued.job_id), attempt=queued.attempt)
        forward_library_logs(telemetry.log)
        try:
            return Attempt(
                job_id=queued.job_id,
                number=queued.attempt,
                task_arn=self.task_arn,
                ports=self.ports,
                toolkit=self.toolkit,
                interruption=Interruption(
                    clock=self.clock,
                    timeout_seconds=self.settings.timeout_seconds,
                    find_stop_reason=lambda: (
                        lost_protection_code(session) or stop_when_due(self.shutdown)()
                    ),
                ),
                work_dir=self.settings.work_dir,
                clock=self.clock,
                telemetry=telemetry,
                timeouts=self.settings.watchdog_timeouts,
                abort=abort,
                max_runs=self.settings.max_runs,
                task_size=self.task_size,
            ).run()
        finally:
            forward_library_logs(self.telemetry.log)


def lost_protection_code(session: ProcessingSession) -> str | None:
    """Return why this task is no longer protected, None while it is.

    The job is still owned, and is requeued.
    """
    try:
        session.check()
    except ProtectionLostError as error:
        return error.code
    return None
