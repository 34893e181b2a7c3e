"""Worker loop: receive a message, acquire protection, run the job, settle the message.

The order is explained in docs/adr/0007.
"""

import gc
from collections.abc import Callable
from dataclasses import dataclass, field

from runtime.core.clock import WallClock
from runtime.core.contract import ExitCode, Metric
from runtime.core.errors import LifestreamError, Permanent
from runtime.core.jobs import State
from runtime.core.log import Log
from runtime.core.messages import (
    MalformedMessageError,
    QueuedAttempt,
    parse_queued,
    requeue_message,
)
from runtime.core.ports import JobStore, MessageSender, WorkMessage, WorkQueue
from runtime.core.spans import about
from runtime.core.telemetry import Telemetry
from runtime.processor.attempt import AttemptOutcome
from runtime.processor.supervision.error_owner import MACHINE_CODES
from runtime.processor.supervision.shutdown import Shutdown
from runtime.processor.worker.backoff import Backoff
from runtime.processor.worker.inbox import Inbox
from runtime.processor.worker.visibility import VisibilityExtender
from runtime.protection.errors import ProtectionError
from runtime.protection.manager import ProtectionManager
from runtime.protection.session import ProcessingSession

POISON_SECONDS = 5
"""How soon an unreadable message may be received again, on its way to the dead letters."""

LEFTOVER_SECONDS = 0.5
"""How long a stopping worker waits for a message of a poll under way."""


RunAttempt = Callable[
    [QueuedAttempt, ProcessingSession, Callable[[ExitCode], None]], AttemptOutcome
]
"""Runs an attempt under a protected session; the last argument ends the process."""


@dataclass(kw_only=True, eq=False)
class Worker:
    """Works on one job at a time until a stop is requested, or its machine fails a job.

    `polling` and `starting` pause after failed polls and after jobs that could not be started; a
    stop must end a pause. `abort` requests an orderly stop of this process, `exit_process` ends it
    at once, from any thread.
    """

    inbox: Inbox
    work: WorkQueue
    announcements: MessageSender
    jobs: JobStore
    clock: WallClock
    protection: ProtectionManager
    shutdown: Shutdown
    run_attempt: RunAttempt
    visibility_seconds: int
    timeout_seconds: float
    telemetry: Telemetry
    polling: Backoff
    starting: Backoff
    abort: Callable[[str], None]
    exit_process: Callable[[ExitCode], None]
    collect_garbage: Callable[[], object] = gc.collect
    jobs_taken: int = field(default=0, init=False)
    current: tuple[WorkMessage, QueuedAttempt] | None = field(default=None, init=False)
    machine_failed: bool = field(default=False, init=False)

    def run(self) -> ExitCode:
        """Work until a stop is requested or the machine has failed; return the exit code."""
        self.shutdown.on_stop(self.inbox.interrupt)
        code = ExitCode.SUCCESS
        while not (self.machine_failed or self.shutdown.requested):
            message = self._receive()
            if message is not None:
                code_after = self._handle(message)
                # An earlier job's end says nothing about a worker that stops idle.
                code = code_after if self.shutdown.requested else ExitCode.SUCCESS
        self._return_leftover()
        self.inbox.close()
        healthy = self.protection.status().monitoring and not self.machine_failed
        return code if healthy else ExitCode.RETRYABLE_FAILURE

    def abandon(self, code: ExitCode) -> None:
        """Exit although a job is inside a computation that cannot be stopped; its end is recorded.

        The watchdog calls this in its thread; it returns only if `exit_process` does.
        """
        if self.current is not None:
            message, queued = self.current
            log = self._bound(message, queued)
            if code is ExitCode.RESUMABLE:
                self.telemetry.metrics.put(
                    {Metric.WORKER_JOBS_RELEASED: 1}, code="worker.abandoned"
                )
            if code is not ExitCode.RESUMABLE or self._announce(queued, log):
                self._delete(message, log)
        self.protection.close()
        self.exit_process(code)

    def _receive(self) -> WorkMessage | None:
        try:
            message = self.inbox.next()
        except LifestreamError as error:
            write = (
                self.telemetry.log.error
                if isinstance(error, Permanent)
                else self.telemetry.log.warning
            )
            write("worker.poll_failed", code=error.code, reason=error.summary)
            self.polling.failed()
            return None
        self.polling.succeeded()
        return message

    def _handle(self, message: WorkMessage) -> ExitCode:
        try:
            queued = parse_queued(message.body)
        except MalformedMessageError as error:
            self._bound(message).error("worker.poison_message", reason=error.summary)
            self._hide(message, POISON_SECONDS, self._bound(message))
            return ExitCode.SUCCESS
        log = self._bound(message, queued)
        self.current = (message, queued)
        try:
            with VisibilityExtender(
                self.work,
                message,
                visibility_seconds=self.visibility_seconds,
                log=log,
                abort=self.abort,
            ):
                outcome, announced = self._work_on(queued, log)
            return self._settle(message, queued, outcome, log, announced=announced)
        finally:
            self.current = None
            # A job's memory must be free before the next one.
            self.collect_garbage()

    def _work_on(self, queued: QueuedAttempt, log: Log) -> tuple[AttemptOutcome | None, bool]:
        """Return the outcome, None if the attempt was not started, and whether it is announced."""
        session = self.protection.session(
            f"{queued.job_id}-{queued.attempt}", deadline_seconds=self.timeout_seconds
        )
        try:
            session.set_critical(True)
        except ProtectionError as error:
            session.cleanup()
            log.warning("worker.not_protected", code=error.code, reason=error.summary)
            return None, False
        try:
            if self.shutdown.requested:
                return None, False
            self.jobs_taken += 1
            outcome = self.run_attempt(queued, session, self.abandon)
            if outcome.requeued:
                self.telemetry.metrics.put({Metric.WORKER_JOBS_RELEASED: 1}, code=outcome.why)
            if outcome.why in MACHINE_CODES:
                # It would fail the next jobs as fast as it receives them; ECS replaces it.
                self.machine_failed = True
                log.error("worker.machine_failed", code=outcome.why)
            return outcome, outcome.requeued and self._announce(queued, log)
        finally:
            session.cleanup()

    def _settle(
        self,
        message: WorkMessage,
        queued: QueuedAttempt,
        outcome: AttemptOutcome | None,
        log: Log,
        *,
        announced: bool,
    ) -> ExitCode:
        """Delete the message, or make it visible if its attempt was not started."""
        if outcome is None or (not outcome.claimed and outcome.code is not ExitCode.LOST_CLAIM):
            self._send_back(message, log)
            self.starting.failed()
            return ExitCode.SUCCESS
        self.starting.succeeded()
        if not outcome.claimed:
            done = self._announce_if_waiting(queued, log)
        else:
            done = announced or not outcome.requeued
        if done:
            self._delete(message, log)
        # Else the message comes again, and its next receiver announces the job.
        return outcome.code if outcome.requeued else ExitCode.SUCCESS

    def _announce_if_waiting(self, queued: QueuedAttempt, log: Log) -> bool:
        """Announce a job that was requeued by a worker that died before it announced it."""
        try:
            job = self.jobs.get(queued.job_id)
        except LifestreamError as error:
            log.warning("worker.record_unread", code=error.code, reason=error.summary)
            return False
        waits = job is not None and job.state is State.PENDING and job.attempt == queued.attempt
        return self._announce(queued, log) if waits else True

    def _announce(self, queued: QueuedAttempt, log: Log) -> bool:
        try:
            job = self.jobs.get(queued.job_id)
            delay = 0.0 if job is None else max(0.0, job.announce_after - self.clock.now())
            self.announcements.send(requeue_message(queued.job_id), delay_seconds=delay)
        except LifestreamError as error:
            log.error("worker.not_announced", code=error.code, reason=error.summary)
            return False
        log.info("worker.announced")
        return True

    def _delete(self, message: WorkMessage, log: Log) -> None:
        try:
            self.work.delete(message)
        except LifestreamError as error:
            # It comes again, and is recognised as outdated.
            log.warning("worker.not_deleted", code=error.code, reason=error.summary)

    def _hide(self, message: WorkMessage, seconds: int, log: Log) -> None:
        try:
            self.work.hide(message, seconds)
        except LifestreamError as error:
            # It comes again by itself when its visibility timeout has passed.
            log.warning("worker.not_given_back", code=error.code, reason=error.summary)

    def _send_back(self, message: WorkMessage, log: Log) -> None:
        """Return an attempt that was not started to the queue, without using up a receive.

        A new message takes the place of this one, and is sent before this one is deleted. If it
        cannot be sent, this one becomes visible again.
        """
        try:
            self.work.send(message.body)
        except LifestreamError as error:
            log.warning("worker.not_sent_back", code=error.code, reason=error.summary)
            self._hide(message, 0, log)
        else:
            self._delete(message, log)

    def _return_leftover(self) -> None:
        try:
            message = self.inbox.leftover(LEFTOVER_SECONDS)
        except LifestreamError:
            return
        if message is not None:
            self.telemetry.log.info("worker.given_back", message_id=message.message_id)
            self._hide(message, 0, self._bound(message))

    def _bound(self, message: WorkMessage, queued: QueuedAttempt | None = None) -> Log:
        fields = {} if queued is None else {**about(queued.job_id), "attempt": queued.attempt}
        return self.telemetry.log.bind(
            message_id=message.message_id, receives=message.receives, **fields
        )
