"""The worker's loop: receive, protect, claim, work, let go. See docs/adr/0007."""

import gc
from collections.abc import Callable
from dataclasses import dataclass, field

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
from runtime.core.metrics import Metrics
from runtime.core.ports import JobStore, MessageSender, WorkMessage, WorkQueue
from runtime.core.spans import about
from runtime.processor.attempt import AttemptOutcome
from runtime.processor.supervision.shutdown import Shutdown, StopAction
from runtime.processor.worker.backoff import Backoff
from runtime.processor.worker.inbox import Inbox
from runtime.processor.worker.visibility import VisibilityExtender
from runtime.protection.manager import ProtectionManager
from runtime.protection.session import ProcessingSession

POISON_SECONDS = 5
"""How soon a message that cannot be read may be received again, on its way to the dead letters."""

LEFTOVER_SECONDS = 0.5
"""How long a worker that leaves waits for a message that may just be coming in."""


RunAttempt = Callable[
    [QueuedAttempt, ProcessingSession, Callable[[ExitCode], None]], AttemptOutcome
]
"""Claims and runs an attempt whose session is protected; the last argument ends the process."""


@dataclass(kw_only=True, eq=False)
class Worker:
    """Works on one job at a time until it is told to stop.

    `polling` and `starting` pause after polls that failed and jobs that could not be started; a
    pause must end when a stop comes. `abort` ends this process in the ordinary way, `leave` at
    once, from any thread.
    """

    inbox: Inbox
    work: WorkQueue
    announcements: MessageSender
    jobs: JobStore
    protection: ProtectionManager
    shutdown: Shutdown
    run_attempt: RunAttempt
    visibility_seconds: int
    timeout_seconds: float
    log: Log
    metrics: Metrics
    polling: Backoff
    starting: Backoff
    abort: Callable[[str], None]
    leave: Callable[[ExitCode], None]
    tidy: Callable[[], object] = gc.collect
    jobs_taken: int = field(default=0, init=False)
    current: tuple[WorkMessage, QueuedAttempt] | None = field(default=None, init=False)

    def run(self) -> ExitCode:
        """Work until told to stop; return what to exit with."""
        self.shutdown.on_stop(self.inbox.interrupt)
        code = ExitCode.SUCCESS
        while self.shutdown.order(busy=False).order is StopAction.CONTINUE:
            message = self._receive()
            if message is not None:
                ended = self._handle(message)
                # How a job ended before says nothing about a worker that leaves idle.
                code = ended if self.shutdown.requested else ExitCode.SUCCESS
        self._give_back_leftover()
        self.inbox.close()
        return code if self.protection.status().monitoring else ExitCode.RETRYABLE_FAILURE

    def abandon(self, code: ExitCode) -> None:
        """Leave although a job is inside a computation that cannot be stopped; its end is recorded.

        Called by the watchdog, in its thread; returns only if `leave` does.
        """
        if self.current is not None:
            message, asked = self.current
            log = self._bound(message, asked)
            if code is ExitCode.RESUMABLE:
                self.metrics.put({Metric.WORKER_JOBS_RELEASED: 1}, code="worker.abandoned")
            if code is not ExitCode.RESUMABLE or self._announce(asked, log):
                self._delete(message, log)
        self.protection.close()
        self.leave(code)

    def _receive(self) -> WorkMessage | None:
        try:
            message = self.inbox.next()
        except LifestreamError as error:
            write = self.log.error if isinstance(error, Permanent) else self.log.warning
            write("worker.poll_failed", code=error.code, reason=error.summary)
            self.polling.failed()
            return None
        self.polling.worked()
        return message

    def _handle(self, message: WorkMessage) -> ExitCode:
        try:
            asked = parse_queued(message.body)
        except MalformedMessageError as error:
            self._bound(message).error("worker.poison_message", reason=error.summary)
            self._hide(message, POISON_SECONDS, self._bound(message))
            return ExitCode.SUCCESS
        log = self._bound(message, asked)
        self.current = (message, asked)
        try:
            with VisibilityExtender(
                self.work,
                message,
                visibility_seconds=self.visibility_seconds,
                log=log,
                abort=self.abort,
            ):
                ended, announced = self._work_on(asked, log)
            return self._let_go(message, asked, ended, log, announced=announced)
        finally:
            self.current = None
            # What a job leaves behind must not be carried through the next one.
            self.tidy()

    def _work_on(self, asked: QueuedAttempt, log: Log) -> tuple[AttemptOutcome | None, bool]:
        """Return how the attempt ended, None if it was not tried, and whether that is announced."""
        session = self.protection.session(
            f"{asked.job_id}-{asked.attempt}", deadline_seconds=self.timeout_seconds
        )
        try:
            session.set_critical(True)
        except LifestreamError as error:
            session.cleanup()
            log.warning("worker.not_protected", code=error.code, reason=error.summary)
            return None, False
        try:
            if self.shutdown.requested:
                return None, False
            self.jobs_taken += 1
            ended = self.run_attempt(asked, session, self.abandon)
            if ended.requeued:
                self.metrics.put({Metric.WORKER_JOBS_RELEASED: 1}, code=ended.why)
            return ended, ended.requeued and self._announce(asked, log)
        finally:
            session.cleanup()

    def _let_go(
        self,
        message: WorkMessage,
        asked: QueuedAttempt,
        ended: AttemptOutcome | None,
        log: Log,
        *,
        announced: bool,
    ) -> ExitCode:
        """Delete the message, or give it back if its attempt has not been started."""
        if ended is None or (not ended.claimed and ended.code is not ExitCode.LOST_CLAIM):
            self._hide(message, 0, log)
            self.starting.failed()
            return ExitCode.SUCCESS
        self.starting.worked()
        if not ended.claimed:
            done = self._announce_if_waiting(asked, log)
        else:
            done = announced or not ended.requeued
        if done:
            self._delete(message, log)
        # Else the message comes again, and who receives it then announces the job.
        return ended.code if ended.requeued else ExitCode.SUCCESS

    def _announce_if_waiting(self, asked: QueuedAttempt, log: Log) -> bool:
        """Announce a job that was put back by a worker that did not live to say so."""
        try:
            job = self.jobs.get(asked.job_id)
        except LifestreamError as error:
            log.warning("worker.record_unread", code=error.code, reason=error.summary)
            return False
        waits = job is not None and job.state is State.PENDING and job.attempt == asked.attempt
        return self._announce(asked, log) if waits else True

    def _announce(self, asked: QueuedAttempt, log: Log) -> bool:
        try:
            self.announcements.send(requeue_message(asked.job_id))
        except LifestreamError as error:
            log.error("worker.not_announced", code=error.code, reason=error.summary)
            return False
        log.info("worker.announced")
        return True

    def _delete(self, message: WorkMessage, log: Log) -> None:
        try:
            self.work.delete(message)
        except LifestreamError as error:
            # It comes again, and is found to be outdated.
            log.warning("worker.not_deleted", code=error.code, reason=error.summary)

    def _hide(self, message: WorkMessage, seconds: int, log: Log) -> None:
        try:
            self.work.hide(message, seconds)
        except LifestreamError as error:
            # It comes again by itself when its visibility timeout has passed.
            log.warning("worker.not_given_back", code=error.code, reason=error.summary)

    def _give_back_leftover(self) -> None:
        try:
            message = self.inbox.leftover(LEFTOVER_SECONDS)
        except LifestreamError:
            return
        if message is not None:
            self.log.info("worker.given_back", message_id=message.message_id)
            self._hide(message, 0, self._bound(message))

    def _bound(self, message: WorkMessage, asked: QueuedAttempt | None = None) -> Log:
        fields = {} if asked is None else {**about(asked.job_id), "attempt": asked.attempt}
        return self.log.bind(message_id=message.message_id, receives=message.receives, **fields)
