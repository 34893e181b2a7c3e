"""Plays one schedule on the real `TaskProtection`: a server whose threads start and end jobs."""

from functools import partial
from random import Random
from typing import Any

from ...errors import forced
from ...facade import TaskProtection
from ...lease import FOREVER
from ...slots import Slot, SlotState
from .records import QuietLog, ScheduleResult, Worker
from .schedule import Job, Schedule
from .sessions import IDLE_SECONDS
from .task import SimulatedTask, Watch

COUNT_PAUSE_SHARE, COUNT_PAUSE_SECONDS = 0.3, 1.0
"""How often and for how long a count is out of date before it is returned."""

BROKEN_COUNT_SHARE = 0.1
CANCELLED_SHARE, CANCELLED_WITHIN_SECONDS = 0.1, 5.0
LIGHT_SHARE = 0.3
CLOSED_EARLY_SHARE = 0.1


class ServerSimulation:
    """The jobs of a schedule in a server that counts them; `watch` is called with each event.

    A job that looks at its lease does so by `manage`. From when `manage` has returned True, active
    jobs may not be unprotected, until the loss of the lease is reported or forced. `stuck` counts
    the jobs whose threads did not come to an end.
    """

    def __init__(self, schedule: Schedule, *, watch: Watch | None = None) -> None:
        self.task = SimulatedTask(schedule, watch=watch, log=_LossLog(self))
        self.stuck = len(schedule.jobs)
        self._random = Random(schedule.seed ^ 0x5E4E)
        self._broken_count = not schedule.calm and self._random.random() < BROKEN_COUNT_SHARE
        self._required = self._random.random() < 0.5  # noqa: PLR2004 - half
        self._active = 0
        self._asking = 0
        self._closed = False
        self._protection = TaskProtection(
            manager=self.task.manager,
            active_jobs=self._count,
            log=QuietLog(),
            threads=self.task.threads,
        )

    def run(self) -> ScheduleResult:
        """Play to the end and return what happened."""
        task, schedule, random = self.task, self.task.schedule, self._random
        task.manager.start()
        for number, job in enumerate(schedule.jobs):
            worker = Worker(number, job, _new_slot(number))
            self._thread(job.arrives, partial(self._work, worker))
            if not schedule.calm and random.random() < CANCELLED_SHARE:
                after = random.uniform(0, CANCELLED_WITHIN_SECONDS)
                self._thread(job.arrives + after, partial(self._end, worker))
        end = max(job.arrives + job.lasts for job in schedule.jobs)
        for call in random.choices((self._protection.disable, self._manage), k=2):
            self._thread(random.uniform(0, end), call)
        if schedule.force_at is not None:
            self._thread(schedule.force_at, self._force)
        if not schedule.calm and random.random() < CLOSED_EARLY_SHARE:
            self._thread(random.uniform(0, end), self._close)
        return task.finish()

    def lost(self) -> None:
        """Note that the loss of the lease is reported: the jobs are not protected any more."""
        for worker in self.task.workers:
            self.task.audit.ended(worker)

    # ------------------------------------------------------------ the server's threads

    def _work(self, worker: Worker) -> None:
        task, job = self.task, worker.job
        if self._closed:
            self.stuck -= 1
            return
        self._active += 1
        task.workers.append(worker)
        task.audit.job_arrived()
        if self._manage(light=self._random.random() < LIGHT_SHARE) or not self._required:
            task.outcome.started += 1
            task.note("starts", job=worker.number)
            self._run_job(worker, job)
        else:
            task.outcome.turned_away += 1
            task.note("turned away", job=worker.number)
        self._end(worker)
        self.stuck -= 1
        if not self.stuck:
            task.threads.sleep(IDLE_SECONDS)
            self._close()

    def _run_job(self, worker: Worker, job: Job) -> None:
        task = self.task
        ends = task.time.at + job.lasts
        while task.time.at < ends and worker in task.workers:
            left = ends - task.time.at
            pause = left if job.poll == FOREVER else task.random.uniform(0, job.poll)
            task.threads.sleep(min(pause, left))
            if job.poll != FOREVER and not self._manage() and self._required:
                task.outcome.lost += 1
                task.note("not protected", job=worker.number)
                task.threads.sleep(job.checkpoint)
                return
        task.outcome.finished += 1

    def _end(self, worker: Worker) -> None:
        """End a job, or do nothing if it has ended or not begun."""
        task = self.task
        if worker not in task.workers:
            return
        task.note("ends", job=worker.number)
        task.audit.ended(worker)
        task.workers.remove(worker)
        self._active -= 1
        self._look_whether_idle()
        self._manage()

    def _manage(self, *, light: bool = False) -> bool:
        task, wanted = self.task, self._active > 0
        self._asking += wanted
        if wanted and not self._closed:
            task.audit.job_arrived()
            for worker in task.workers:
                if worker.slot.state is SlotState.EVICTED:
                    worker.slot = _new_slot(worker.number)
        protected = self._protection.manage(light=light)
        self._asking -= wanted
        if protected and not self._closed:
            for worker in task.workers:
                if not worker.accountable:
                    task.audit.started(worker)
        self._look_whether_idle()
        return protected

    def _force(self) -> None:
        self.task.note("forced off")
        self._revoke()
        self._protection.force_disable("simulated")
        self.task.note("forced off, returned")
        self._revoke()
        self._look_whether_idle()

    def _close(self) -> None:
        """Close the manager, though jobs may be active and ask for protection meanwhile."""
        if not self._closed:
            self._closed = True
            self._revoke()
            self.task.close()

    def _revoke(self) -> None:
        for worker in self.task.workers:
            self.task.audit.ended(worker)
            worker.slot.revoke(forced("simulated"), evict=True)

    # ------------------------------------------------------------ helpers

    def _count(self) -> int:
        task, random, found = self.task, self._random, self._active
        if random.random() < COUNT_PAUSE_SHARE:
            task.threads.sleep(random.uniform(0, COUNT_PAUSE_SECONDS))
        if self._broken_count and random.random() < BROKEN_COUNT_SHARE:
            task.audit.excuse(task.time.at + task.schedule.policy.check_interval_seconds)
            raise OSError("simulated")
        return found

    def _look_whether_idle(self) -> None:
        if not self._asking:
            self.task.audit.job_left(self.task.workers, calling=self.task.calling)

    def _thread(self, at: float, run: Any) -> None:
        threads = self.task.threads
        threads.at(at, threads.thread(run, name="any").start)


class _LossLog(QuietLog):
    """A log that passes on when a lease is lost or refused."""

    def __init__(self, server: ServerSimulation) -> None:
        self._server = server

    def error(self, action: str, **_fields: Any) -> None:
        """Pass it on."""
        if action in {"protection.lost", "protection.refused"}:
            self._server.lost()


def _new_slot(number: int) -> Slot:
    return Slot(session_id=str(number))
