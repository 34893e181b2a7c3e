"""Carries out the reaper's decisions: requeues jobs, fails them with a reason, stops tasks."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from runtime.core.clock import WallClock
from runtime.core.contract import Compute, Metric
from runtime.core.errors import LifestreamError, Permanent
from runtime.core.jobs import (
    Job,
    State,
    announced,
    fail,
    launched,
    queued_again,
    requeue,
    suspect,
)
from runtime.core.log import Log
from runtime.core.messages import queued_message, requeue_message
from runtime.core.ports import FilledQueue, JobStore, MessageSender, StaleWriteError, Tasks
from runtime.core.spans import Part, Span, about
from runtime.core.telemetry import Telemetry
from runtime.core.turns import pass_turn
from runtime.reaper.diagnosis import SPOT_INTERRUPTION, Concern, Diagnosis, StoppedTask, diagnose
from runtime.reaper.remedies import (
    Budget,
    Remedy,
    concern,
    is_suspected,
    remedy,
    waited_seconds,
)

SWEPT = (State.RUNNING, State.LAUNCHED, State.CLAIMED, State.PENDING)
"""States in which a job may be stuck, the most expensive first."""

_WITHOUT_A_TASK = frozenset(
    {
        Concern.UNANNOUNCED,
        Concern.UNFETCHED,
        Concern.MESSAGE_GONE,
        Concern.WAITED_TOO_LONG,
    }
)

RESERVE_SECONDS = 15.0
"""Time that must be left to handle one more job: the bound of its calls."""


class SweepFailedError(Exception):
    """Some jobs could not be handled; the next sweep tries again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaper:
    """Idempotent and safe to run in parallel: every write is conditional.

    A job is requeued before its message is sent. Dying in between leaves a job that a later sweep
    announces; in the other order the message could be deleted before the job is requeued.
    """

    jobs: JobStore
    tasks: Tasks
    queue: MessageSender
    work_queues: Mapping[Compute, FilledQueue] = field(default_factory=dict)
    clock: WallClock
    budget: Budget
    telemetry: Telemetry

    def task_stopped(self, task: StoppedTask) -> None:
        """Requeue or fail the job of a stopped task, unless it has ended or moved on.

        The oldest job that waits for capacity is next.
        """
        if task.stop_code == SPOT_INTERRUPTION:
            self.telemetry.metrics.put({Metric.SPOT_INTERRUPTIONS: 1})
        if task.job_id is None:
            self._worker_stopped(task)
            return
        self._task_of_its_own_stopped(task, task.job_id)
        pass_turn(self.jobs, self.queue, now=self.clock.now(), log=self.telemetry.log)

    def _task_of_its_own_stopped(self, task: StoppedTask, job_id: str) -> None:
        job = self.jobs.get(job_id)
        if job is None or job.ended or job.attempt != task.attempt:
            log = self.telemetry.log.bind(**about(job_id), attempt=task.attempt)
            log.debug("reaper.nothing_to_do", detail=task.detail)
            return
        self._conclude_stopped(job, task)

    def _worker_stopped(self, task: StoppedTask) -> None:
        """Requeue or fail the jobs of a stopped worker; an idle one had none.

        The index of running jobs may lag, so each is read again. A job that it does not list yet is
        found later by its silence.
        """
        for listed in self._running_on(task.task_arn):
            job = self.jobs.get(listed.job_id)
            if job is not None and job.state is State.RUNNING and job.task_arn == task.task_arn:
                self._conclude_stopped(job, task)

    def _conclude_stopped(self, job: Job, task: StoppedTask) -> None:
        log = self._log(job, detail=task.detail)
        self._conclude(job, diagnose(task), task.detail, log, missed=False)

    def sweep(self, remaining_seconds: Callable[[], float]) -> None:
        """Handle every stuck job, as far as time allows.

        A job that cannot be handled, or a record that cannot be read, does not stop the others;
        raise `SweepFailedError` at the end.
        """
        troubled: list[str] = []
        complete = True
        found = dict.fromkeys(SWEPT, 0)
        longest_wait = 0.0
        empty = self._empty_queues()
        for listed in self._listed(troubled):
            # As listed: a job that this sweep moves counts in its new state with the next sweep.
            found[listed.state] += 1
            longest_wait = max(longest_wait, waited_seconds(listed, now=self.clock.now()))
            if self._concern(listed, empty) is None:
                continue
            if remaining_seconds() < RESERVE_SECONDS:
                self.telemetry.log.warning("reaper.out_of_time")
                complete = False
                break
            log = self._log(listed)
            try:
                self._look_again(listed, empty, log)
            except Exception as error:  # noqa: BLE001 - one job's error must not stop the sweep
                log.error("reaper.troubled", error=str(error), type=type(error).__name__)
                troubled.append(listed.job_id)
        if troubled:
            raise SweepFailedError(f"{len(troubled)} jobs could not be handled: {troubled}")
        if complete:
            self.telemetry.metrics.put({Metric.SWEEPS_COMPLETED: 1})
            self.telemetry.metrics.put({Metric.LONGEST_WAIT_SECONDS: longest_wait})
            for state, count in found.items():
                self.telemetry.metrics.put({Metric.JOBS_IN_STATE: count}, of=state)

    def _listed(self, troubled: list[str]) -> Iterator[Job]:
        def unreadable(error: Permanent) -> None:
            self.telemetry.log.error("reaper.unreadable_record", error=str(error))
            troubled.append(error.code)

        for state in SWEPT:
            yield from self.jobs.in_state(state, on_unreadable=unreadable)

    def _empty_queues(self) -> frozenset[Compute]:
        """Return the kinds of compute whose work queue holds no message at all."""
        return frozenset(
            compute for compute, queue in self.work_queues.items() if self._is_empty(queue, compute)
        )

    def _is_empty(self, queue: FilledQueue, compute: Compute) -> bool:
        try:
            return queue.backlog().empty
        except LifestreamError as error:
            self.telemetry.log.warning("reaper.queue_unread", compute=compute, code=error.code)
            return False

    def _concern(self, job: Job, empty: frozenset[Compute]) -> Concern | None:
        return concern(job, now=self.clock.now(), budget=self.budget, empty_queues=empty)

    def _look_again(self, listed: Job, empty: frozenset[Compute], log: Log) -> None:
        """Handle a listed job if its record, read consistently, still says that it is stuck."""
        job = self.jobs.get(listed.job_id)
        problem = None if job is None else self._concern(job, empty)
        if job is None or problem is None:
            log.info("reaper.moved_on")
            return
        self._handle(job, problem, self._log(job, concern=problem.name))

    def _handle(self, job: Job, problem: Concern, log: Log) -> None:
        now = self.clock.now()
        detail = f"{job.state} for {self.clock.now() - job.updated_at:.0f} s"
        task_arn = None if problem in _WITHOUT_A_TASK else self.tasks.find(job)
        suspected = is_suspected(job, now=now, budget=self.budget)
        match remedy(problem, task_exists=task_arn is not None, suspected=suspected), task_arn:
            case Remedy.SUSPECT, _:
                if job.suspected_at is None:
                    self._save(job, suspect(job, now=now), log, "reaper.suspected")
            case Remedy.SEND_AGAIN, _:
                self._send_again(job, problem, detail, log)
            case Remedy.RECORD_LAUNCH, str():
                found = launched(job, now=self.clock.now(), task_arn=task_arn)
                self._save(job, found, log, "reaper.found_launched")
            case Remedy.STOP_AND_CONCLUDE, str():
                log.warning("reaper.stopping_task", task_arn=task_arn)
                if self.tasks.stop(task_arn, f"lifestream: {problem.value.code}"):
                    self._count(Metric.TASKS_STOPPED, problem.value)
                self._conclude(job, problem.value, detail, log)
            case _:
                self._conclude(job, problem.value, detail, log)

    def _send_again(self, job: Job, problem: Concern, detail: str, log: Log) -> None:
        """Send the work queue's message of a queued attempt again; a duplicate is harmless."""
        queue = self.work_queues.get(job.options.compute)
        again = queued_again(job, now=self.clock.now(), missed=problem is Concern.MESSAGE_GONE)
        if queue is None or self.budget.spent(again):
            self._conclude(job, problem.value, detail, log)
        elif self._save(job, again, log, "reaper.sent_again"):
            queue.send(queued_message(job.job_id, job.attempt))

    def _running_on(self, task_arn: str) -> list[Job]:
        return [job for job in self.jobs.in_state(State.RUNNING) if job.task_arn == task_arn]

    def _conclude(
        self, job: Job, diagnosis: Diagnosis, detail: str, log: Log, *, missed: bool = True
    ) -> None:
        """Requeue the job if another run can help and its budget allows; else fail it.

        `missed` counts a pending job's last message as lost; a stopped task's event proves nothing
        about messages.
        """
        now = self.clock.now()
        if job.state is State.PENDING:
            back = announced(job, now=now, missed=missed)
        else:
            back = requeue(job, now=now)
        if self.budget.spent(back) or not diagnosis.retryable:
            self._end(job, diagnosis, detail, log)
        elif self._save(job, back, log, "reaper.put_back"):
            self._trace(job, now, diagnosis.code, "put back")
            self._count(Metric.JOBS_PUT_BACK, diagnosis)
            self.queue.send(requeue_message(job.job_id), delay_seconds=back.announce_after - now)

    def _end(self, job: Job, diagnosis: Diagnosis, detail: str, log: Log) -> None:
        """Fail the job; one whose results are published succeeds instead."""
        now = self.clock.now()
        ended = fail(job, now=now, failure=diagnosis.failure(detail))
        failed = ended.state is State.FAILED
        action = "reaper.failed" if failed else "reaper.completed"
        if self._save(job, ended, log.bind(code=diagnosis.code), action):
            self._trace(job, now, diagnosis.code, "failed" if failed else "completed")
            if failed:
                self._count(Metric.JOBS_FAILED, diagnosis)
            else:
                about_job = self.telemetry.bind(**about(job.job_id), attempt=job.attempt)
                about_job.metrics.put({Metric.JOBS_SUCCEEDED: 1})

    def _log(self, job: Job, **fields: str) -> Log:
        return self.telemetry.log.bind(**about(job.job_id), attempt=job.attempt, **fields)

    def _count(self, metric: Metric, diagnosis: Diagnosis) -> None:
        self.telemetry.metrics.put({metric: 1}, code=diagnosis.code)

    def _trace(self, job: Job, now: float, code: str, decision: str) -> None:
        """Trace the decision; one attempt may have several."""
        self.telemetry.tracing.add(
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
            # Its processor or another reaper has handled it in the meantime.
            log.info("reaper.moved_on")
            return False
        log.warning(action, state=after.state, runs=after.runs, misses=after.misses)
        return True
