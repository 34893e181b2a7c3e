"""Plays one schedule on the real worker loop: a work queue, a worker, a scheduler that stops it."""

import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from runtime.core.contract import ExitCode
from runtime.core.messages import QueuedAttempt, queued_message
from runtime.core.ports import JobStore, WorkMessage
from runtime.core.telemetry import Telemetry
from runtime.processor.attempt import AttemptOutcome
from runtime.processor.supervision.shutdown import Shutdown
from runtime.processor.worker.backoff import Backoff
from runtime.processor.worker.inbox import Inbox
from runtime.processor.worker.job_runner import lost_protection_code
from runtime.processor.worker.worker import Worker
from runtime.protection.manager import ProtectionManager
from runtime.protection.session import ProcessingSession
from runtime.protection.slots import Slot
from runtime.protection.testing.simulation.records import QuietLog, ScheduleResult
from runtime.protection.testing.simulation.records import Worker as Accountable
from runtime.protection.testing.simulation.schedule import Schedule
from runtime.protection.testing.simulation.task import SimulatedTask, Watch
from runtime.protection.testing.simulation.virtual_threads import VirtualThreads

POLL_SECONDS = 20
VISIBILITY_SECONDS = 300
TIMEOUT_SECONDS = 7200.0
STOP_TIMEOUT_SECONDS = 120.0
STOP_MARGIN_SECONDS = 45.0
STOP_TRIES_SECONDS = 10.0
LAST_STOP_SECONDS = 900.0
"""How long after the last job's own time the scheduler stops the worker, if it has not before."""


class VirtualQueue:
    """A work queue in virtual time, with SQS's visibility timeouts."""

    def __init__(self, threads: VirtualThreads) -> None:
        self._threads = threads
        self._visible_at: dict[str, float] = {}
        self._bodies: dict[str, str] = {}
        self._sent = 0
        self.changed = threads.condition()

    @property
    def bodies(self) -> list[str]:
        """The bodies of all messages, hidden ones too."""
        return list(self._bodies.values())

    def send(self, body: str, *, delay_seconds: float = 0.0) -> None:
        """Send a message."""
        self._sent += 1
        self._bodies[str(self._sent)] = body
        self._visible_at[str(self._sent)] = self._threads.time.at + delay_seconds
        self.changed.notify_all()

    def receive(self, wait_seconds: int) -> WorkMessage | None:
        """Receive and hide the next visible message."""
        deadline = self._threads.time.at + wait_seconds
        with self.changed:
            while True:
                now = self._threads.time.at
                for number, visible_at in self._visible_at.items():
                    if visible_at <= now:
                        self._visible_at[number] = now + VISIBILITY_SECONDS
                        return WorkMessage(
                            message_id=number, receipt=number, body=self._bodies[number], receives=1
                        )
                if now >= deadline or not self.changed.wait(deadline - now):
                    return None

    def hide(self, message: WorkMessage, seconds: int) -> None:
        """Set a message's visibility timeout."""
        if message.message_id in self._bodies:
            self._visible_at[message.message_id] = self._threads.time.at + seconds
            self.changed.notify_all()

    def delete(self, message: WorkMessage) -> None:
        """Delete a message."""
        self._bodies.pop(message.message_id, None)
        self._visible_at.pop(message.message_id, None)


class VirtualInbox:
    """`Inbox` without a thread of its own: an interruption ends the poll under way."""

    def __init__(self, queue: VirtualQueue) -> None:
        self._queue = queue
        self._interrupted = False

    def next(self) -> WorkMessage | None:
        """Return the message of one poll, None without one or when interrupted."""
        return None if self._interrupted else self._queue.receive(POLL_SECONDS)

    def interrupt(self) -> None:
        """Make `next` return now, or at its next call."""
        self._interrupted = True
        self._queue.changed.notify_all()

    def leftover(self, _seconds: float) -> WorkMessage | None:
        """Return None: no poll is left when `next` has returned."""
        return None

    def close(self) -> None:
        """Do nothing."""


@dataclass(slots=True)
class Announced:
    """The jobs that a worker announced as requeued."""

    bodies: list[str] = field(default_factory=list)

    def send(self, body: str, *, delay_seconds: float = 0.0) -> None:
        """Keep a message."""
        del delay_seconds
        self.bodies.append(body)


class NoJobs:
    """A job store without records: each announcement is due at once."""

    def get(self, _job_id: str) -> None:
        """Return None."""


class WorkerSimulation:
    """The jobs of a schedule as messages of one queue, from which one worker works.

    `lost` are the jobs that are neither done nor in a message when it is over.
    """

    def __init__(self, schedule: Schedule, *, watch: Watch | None = None) -> None:
        self.task = task = SimulatedTask(schedule, watch=watch)
        self._queue = VirtualQueue(task.threads)
        self._announced = Announced()
        self._done: set[int] = set()
        self._arrived: set[int] = set()
        self._shutdown = Shutdown(
            clock=task.time,
            log=QuietLog(),
            stop_timeout_seconds=STOP_TIMEOUT_SECONDS,
            margin_seconds=STOP_MARGIN_SECONDS,
        )
        self._worker = Worker(
            inbox=cast("Inbox", VirtualInbox(self._queue)),
            work=self._queue,
            announcements=self._announced,
            jobs=cast("JobStore", NoJobs()),
            clock=task.time,
            protection=cast("ProtectionManager", _WatchedProtection(task)),
            shutdown=self._shutdown,
            run_attempt=self._attempt,
            visibility_seconds=VISIBILITY_SECONDS,
            timeout_seconds=TIMEOUT_SECONDS,
            telemetry=Telemetry(log=QuietLog()),
            polling=self._backoff(),
            starting=self._backoff(),
            abort=lambda _why: None,
            exit_process=lambda _code: None,
            collect_garbage=lambda: None,
        )

    def run(self) -> ScheduleResult:
        """Play to the end and return what happened."""
        task, jobs = self.task, self.task.schedule.jobs
        task.manager.start()
        task.threads.thread(self._work, name="worker").start()
        for number, job in enumerate(jobs):
            task.threads.at(job.arrives, lambda number=number: self._upload(number))  # type: ignore[misc]
        end = sum(job.arrives + job.lasts for job in jobs) + LAST_STOP_SECONDS
        task.threads.at(task.random.uniform(0, 2 * end), self._scale_in)
        task.threads.at(end, self._scale_in)
        return task.finish()

    @property
    def lost(self) -> set[int]:
        """The jobs that no message names any more, though they are not done."""
        bodies = [*self._queue.bodies, *self._announced.bodies]
        return {
            number
            for number in self._arrived - self._done
            if not any(_job_id(number) in body for body in bodies)
        }

    def _upload(self, number: int) -> None:
        self._arrived.add(number)
        self._queue.send(queued_message(_job_id(number), 1))

    def _work(self) -> None:
        self._worker.run()
        self.task.close()

    def _scale_in(self) -> None:
        """Stop the worker as soon as it is not protected, as the service's scheduler does."""
        task = self.task
        if self._shutdown.requested:
            return
        if task.ecs.protected_until > task.time.at:
            task.threads.at(STOP_TRIES_SECONDS, self._scale_in)
            return
        task.note("SIGTERM")
        self._shutdown.note(signal.SIGTERM)

    def _attempt(
        self,
        queued: QueuedAttempt,
        session: ProcessingSession,
        _abandon: Callable[[ExitCode], None],
    ) -> AttemptOutcome:
        task, number = self.task, int(queued.job_id, 16)
        job = task.schedule.jobs[number]
        slot = Slot(
            session_id=session.session_id,
            cap_at=task.time.at + TIMEOUT_SECONDS + task.schedule.policy.cap_margin_seconds,
        )
        worker = Accountable(number, job, slot)
        task.workers.append(worker)
        task.outcome.started += 1
        task.audit.started(worker)
        try:
            ends = task.time.at + job.lasts
            while task.time.at < ends:
                pause = task.random.uniform(0, job.poll)
                task.threads.sleep(min(pause, ends - task.time.at))
                stopped = self._shutdown.overdue
                why = lost_protection_code(session) or ("stop" if stopped else None)
                if why is not None:
                    task.outcome.lost += 1
                    task.threads.sleep(job.checkpoint)
                    return AttemptOutcome(code=ExitCode.RESUMABLE, requeued=True, why=why)
            self._done.add(number)
            task.outcome.finished += 1
            return AttemptOutcome(code=ExitCode.SUCCESS)
        finally:
            task.audit.ended(worker)
            task.workers.remove(worker)

    def _backoff(self) -> Backoff:
        return Backoff(pause=self.task.threads.sleep, jitter=self.task.random.random)


class _WatchedProtection:
    """The manager, whose sessions report to the audit when a job wants protection and when not."""

    def __init__(self, task: SimulatedTask) -> None:
        self._task = task
        self.status = task.manager.status
        self.close = task.manager.close

    def session(self, session_id: str, **limits: Any) -> ProcessingSession:
        task = self._task
        task.audit.job_arrived()
        session = task.manager.session(session_id, **limits)
        cleanup = session.cleanup

        def watched() -> None:
            cleanup()
            task.audit.job_left(task.workers, calling=task.calling)

        session.cleanup = watched  # type: ignore[method-assign]
        return session


def _job_id(number: int) -> str:
    return f"{number:032x}"
