"""Carries the reaper's decisions out: puts jobs back, fails them with a reason, stops tasks."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from runtime.core.clock import WallClock
from runtime.core.contract import Metric
from runtime.core.jobs import Job, State, announced, fail, launched, release
from runtime.core.log import Log
from runtime.core.messages import requeue_message
from runtime.core.metrics import Metrics
from runtime.core.ports import JobStore, StaleWriteError
from runtime.core.spans import Part, Span, about
from runtime.core.tracer import NoTracing, Tracing
from runtime.reaper.diagnosis import SPOT_INTERRUPTION, Diagnosis, StoppedTask, diagnose
from runtime.reaper.remedies import Budget, Concern, Remedy, concern, remedy

SWEPT = (State.RUNNING, State.LAUNCHED, State.CLAIMED, State.PENDING)
"""States in which a job may be stuck, those that cost most first."""

_WITHOUT_A_TASK = frozenset({Concern.UNANNOUNCED, Concern.UNFETCHED})

RESERVE_SECONDS = 15.0
"""Time that must be left to look at one more job, at the slowest that its calls are bounded to."""


class JobsQueue(Protocol):
    """The queue that the dispatcher works on."""

    def send(self, body: str) -> None:
        """Add a message."""
        ...


class Tasks(Protocol):
    """The tasks that were started for jobs."""

    def find(self, job: Job) -> str | None:
        """Return the ARN of the task of this job and attempt, if one has not stopped."""
        ...

    def alive(self, task_arn: str) -> bool:
        """Tell whether a task, whoever started it, is not to stop."""
        ...

    def stop(self, task_arn: str, reason: str) -> bool:
        """Have a task stopped; False when there is no such task any more."""
        ...


class SweepFailedError(Exception):
    """Some jobs could not be looked after; the next sweep tries again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaper:
    """Safe to run any number of times and side by side: every write is conditional.

    A job is put back before its message is sent. Dying in between leaves a job that a later sweep
    announces; the other way round a message could be let go for a job not yet put back.
    """

    jobs: JobStore
    tasks: Tasks
    queue: JobsQueue
    clock: WallClock
    budget: Budget
    log: Log
    metrics: Metrics
    tracing: Tracing = field(default_factory=NoTracing)

    def task_stopped(self, task: StoppedTask) -> None:
        """Look after the job whose task has stopped, unless it has ended or moved on."""
        if task.stop_code == SPOT_INTERRUPTION:
            self.metrics.put({Metric.SPOT_INTERRUPTIONS: 1})
        if task.job_id is None:
            self._worker_stopped(task)
            return
        log = self.log.bind(**about(task.job_id), attempt=task.attempt, detail=task.detail)
        job = self.jobs.get(task.job_id)
        if job is None or job.ended or job.attempt != task.attempt:
            log.debug("reaper.nothing_to_do")
            return
        self._conclude(job, diagnose(task), task.detail, log)

    def _worker_stopped(self, task: StoppedTask) -> None:
        """Look after what a worker had; an idle one had nothing.

        The list of running jobs may be a moment old, so each is read again. A job that is missing
        there is found by its silence.
        """
        for listed in self._running_on(task.task_arn):
            job = self.jobs.get(listed.job_id)
            if job is not None and job.state is State.RUNNING and job.task_arn == task.task_arn:
                log = self.log.bind(**about(job.job_id), attempt=job.attempt, detail=task.detail)
                self._conclude(job, diagnose(task), task.detail, log)

    def sweep(self, remaining_seconds: Callable[[], float]) -> None:
        """Look after every job that got stuck, as far as time allows.

        One job's trouble does not keep the others waiting; raise `SweepFailedError` at the end.
        """
        troubled: list[str] = []
        complete = True
        found = dict.fromkeys(SWEPT, 0)
        for job in (job for state in SWEPT for job in self.jobs.in_state(state)):
            # As listed: what this sweep moves is in its new state with the next.
            found[job.state] += 1
            problem = concern(job, now=self.clock.now(), budget=self.budget)
            if problem is None:
                continue
            if remaining_seconds() < RESERVE_SECONDS:
                self.log.warning("reaper.out_of_time")
                complete = False
                break
            log = self.log.bind(**about(job.job_id), attempt=job.attempt, concern=problem.name)
            try:
                self._look_after(job, problem, log)
            except Exception as error:  # noqa: BLE001 - one job's trouble is not the others'
                log.error("reaper.troubled", error=str(error), type=type(error).__name__)
                troubled.append(job.job_id)
        if troubled:
            raise SweepFailedError(f"{len(troubled)} jobs could not be looked after: {troubled}")
        if complete:
            self.metrics.put({Metric.SWEEPS_COMPLETED: 1})
            for state, count in found.items():
                self.metrics.put({Metric.JOBS_IN_STATE: count}, of=state)

    def _look_after(self, job: Job, problem: Concern, log: Log) -> None:
        detail = f"{job.state} for {self.clock.now() - job.updated_at:.0f} s"
        task_arn = None if problem in _WITHOUT_A_TASK else self._task_of(job)
        match remedy(problem, task_there=task_arn is not None), task_arn:
            case Remedy.RECORD_LAUNCH, str():
                found = launched(job, now=self.clock.now(), task_arn=task_arn)
                self._save(job, found, log, "reaper.found_launched")
            case Remedy.STOP_AND_CONCLUDE, str():
                log.warning("reaper.stopping_task", task_arn=task_arn)
                if self.tasks.stop(task_arn, f"lifestream: {problem.diagnosis.code}"):
                    self.metrics.put({Metric.TASKS_STOPPED: 1}, code=problem.diagnosis.code)
                self._conclude(job, problem.diagnosis, detail, log)
            case _:
                self._conclude(job, problem.diagnosis, detail, log)

    def _task_of(self, job: Job) -> str | None:
        """Return the task that still has the job: one started for it, or a worker."""
        found = self.tasks.find(job)
        if found is not None or job.state is not State.RUNNING or job.task_arn is None:
            return found
        if any(_began(other) > _began(job) for other in self._running_on(job.task_arn)):
            # A worker has one job at a time: it has left this one, and works on another.
            return None
        return job.task_arn if self.tasks.alive(job.task_arn) else None

    def _running_on(self, task_arn: str) -> list[Job]:
        return [job for job in self.jobs.in_state(State.RUNNING) if job.task_arn == task_arn]

    def _conclude(self, job: Job, diagnosis: Diagnosis, detail: str, log: Log) -> None:
        """Have the job run again if that can help and its budget allows; else fail it."""
        now = self.clock.now()
        back = announced(job, now=now) if job.state is State.PENDING else release(job, now=now)
        if self.budget.spent(back) or not diagnosis.again:
            failed = fail(job, now=now, failure=diagnosis.failure(detail))
            if self._save(job, failed, log.bind(code=diagnosis.code), "reaper.failed"):
                self._trace(job, now, diagnosis.code, "failed")
                self.metrics.put({Metric.JOBS_FAILED: 1}, code=diagnosis.code)
        elif self._save(job, back, log, "reaper.put_back"):
            self._trace(job, now, diagnosis.code, "put back")
            self.metrics.put({Metric.JOBS_PUT_BACK: 1}, code=diagnosis.code)
            self.queue.send(requeue_message(job.job_id))

    def _trace(self, job: Job, now: float, code: str, decision: str) -> None:
        """Tell what was decided; an attempt may be put back, and announced again later."""
        self.tracing.add(
            Span(
                job_id=job.job_id,
                part=Part.REAP,
                attempt=job.attempt,
                began=now,
                ended=self.clock.now(),
                code=code,
                occasion=f"{now:.3f}",
                notes={"decision": decision},
            )
        )

    def _save(self, before: Job, after: Job, log: Log, action: str) -> bool:
        try:
            self.jobs.save(before, after)
        except StaleWriteError:
            # Somebody looked after it in the meantime: its processor, or another reaper.
            log.info("reaper.moved_on")
            return False
        log.warning(action, state=after.state, runs=after.runs, misses=after.misses)
        return True


def _began(job: Job) -> float:
    return job.started_at or job.updated_at
