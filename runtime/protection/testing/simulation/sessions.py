"""Plays one schedule on the real manager and its sessions: each job is a thread of its own."""

from collections.abc import Callable
from functools import partial

from ...errors import ProtectionError, ProtectionLostError, forced
from ...lease import FOREVER
from ...slots import Slot
from .records import ScheduleResult, Worker
from .schedule import Job, Schedule
from .task import SimulatedTask, Watch

IDLE_SECONDS = 600.0
"""How long the task stays up without a job before its manager is closed."""


class SessionSimulation:
    """Jobs of a schedule as sessions of one manager; `watch` is called with each event."""

    def __init__(self, schedule: Schedule, *, watch: Watch | None = None) -> None:
        self.task = SimulatedTask(schedule, watch=watch)
        self._left = len(schedule.jobs)
        self._finished: set[int] = set()

    def run(self) -> ScheduleResult:
        """Play to the end and return what happened."""
        task, schedule = self.task, self.task.schedule
        task.manager.start()
        for number, job in enumerate(schedule.jobs):
            thread = task.threads.thread(partial(self._work, number, job), name=f"job-{number}")
            task.threads.at(job.arrives, thread.start)
        if schedule.force_at is not None:
            task.threads.at(schedule.force_at, self._force)
        outcome = task.finish()
        outcome.unnoticed = sum(gap.job in self._finished for gap in outcome.gaps)
        return outcome

    def _work(self, number: int, job: Job) -> None:
        task = self.task
        margin = task.schedule.policy.cap_margin_seconds
        task.audit.job_arrived()
        slot = Slot(session_id=str(number), cap_at=task.time.at + job.cap)
        worker = Worker(number, job, slot)
        task.workers.append(worker)
        deadline = None if job.cap == FOREVER else job.cap - margin
        session = task.manager.session(str(number), deadline_seconds=deadline)
        try:
            session.set_critical(True)
        except ProtectionError:
            task.outcome.turned_away += 1
            task.note("turned away", job=number)
        else:
            task.outcome.started += 1
            task.note("starts", job=number)
            task.audit.started(worker)
            try:
                self._poll(job, session.check)
                task.outcome.finished += 1
                self._finished.add(number)
                task.note("ends", job=number)
            except ProtectionLostError:
                task.outcome.lost += 1
                worker.lost = True
                task.note("lease lost", job=number)
                task.threads.sleep(job.checkpoint)
            task.audit.ended(worker)
        session.cleanup()
        task.workers.remove(worker)
        task.audit.job_left(task.workers, calling=task.calling)
        self._left -= 1
        if not self._left:
            task.threads.sleep(IDLE_SECONDS)
            task.close()

    def _poll(self, job: Job, check: Callable[[], None]) -> None:
        task = self.task
        ends = task.time.at + job.lasts
        while task.time.at < ends:
            pause = task.random.uniform(0, job.poll)
            task.threads.sleep(min(pause, ends - task.time.at))
            check()

    def _force(self) -> None:
        task = self.task
        task.note("forced off")
        for worker in task.workers:
            task.audit.ended(worker)
            worker.slot.revoke(forced("simulated"), evict=True)
        task.manager.force_disable("simulated")
        task.audit.job_left(task.workers, calling=task.calling)
