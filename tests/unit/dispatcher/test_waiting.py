"""Waiting is not failing: jobs outlast a lack of capacity, and say what they wait for."""

import heapq
from itertools import count

import pytest

from runtime.core.contract import Compute
from runtime.core.jobs import (
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    Job,
    State,
    backoff_seconds,
    beat,
    start,
    succeed,
    wait,
)
from runtime.core.messages import requeue_message
from runtime.core.ports import LaunchDelayedError, RunningTask, TaskLauncher
from tests.unit.dispatcher.afterlife import Afterlife
from tests.unit.dispatcher.world import VISIBILITY_SECONDS, s3_event

SLOTS = 1
JOB_SECONDS = 40 * 60.0
SWEEP_SECONDS = 300.0
RECEIVES = 5
STEP_SECONDS = 10.0


class Account(Afterlife):
    """An account whose quota admits `SLOTS` tasks at a time, and its queue with redeliveries."""

    def __init__(self) -> None:
        self.ends: dict[str, float] = {}
        self.full = True
        super().__init__()
        self.dead: list[str] = []
        self.finished: list[str] = []
        self._mail: list[tuple[float, int, int, str]] = []
        self._numbers = count()

    def launchers(self) -> dict[Compute, TaskLauncher]:
        return {Compute.CPU: self}

    def launch(self, job: Job) -> RunningTask:
        if self.full and len(self.ends) >= SLOTS:
            raise LaunchDelayedError("launch.capacity", "You've reached the limit on vCPUs")
        self.ends[job.job_id] = self.clock.now() + JOB_SECONDS
        return self.launcher.launch(job)

    def find(self, job: Job) -> RunningTask | None:
        return self.launcher.find(job)

    def send(self, body: str, delay_seconds: float = 0.0) -> None:
        heapq.heappush(self._mail, (self.clock.now() + delay_seconds, next(self._numbers), 0, body))

    def collect(self) -> None:
        """Put what dispatcher and reaper have sent into the queue."""
        delays, self.queue.delays = self.queue.delays, []
        for body, delay in zip(self.queue.take(), delays, strict=True):
            self.send(body, delay)

    def step(self) -> None:
        now = self.clock.now()
        for job_id, ends in list(self.ends.items()):
            job = self.jobs.jobs[job_id]
            if job.state is not State.RUNNING:
                self.jobs.save(job, start(job, now=now, task_arn="arn:any"))
            elif now >= ends:
                self.jobs.save(job, succeed(job, now=now, result_key="any"))
                self.finished.append(job.source.key)
                del self.ends[job_id]
            else:
                self.jobs.save(job, beat(job, now=now))
        while self._mail and self._mail[0][0] <= now:
            _, _, receives, body = heapq.heappop(self._mail)
            if self.deliver(body):
                pass
            elif receives + 1 >= RECEIVES:
                self.dead.append(body)
            else:
                again = (now + VISIBILITY_SECONDS, next(self._numbers), receives + 1, body)
                heapq.heappush(self._mail, again)
            self.collect()
        self.clock.advance(STEP_SECONDS)


def test_should_finish_a_burst_that_outlasts_every_budget_for_failures() -> None:
    account = Account()
    sources = [account.upload(f"uploads/{n}.mp4", str(n).encode()) for n in range(6)]
    for source in sources:
        account.send(s3_event(source.key))
    steps = int(6 * (JOB_SECONDS + LONGEST_PAUSE_SECONDS) / STEP_SECONDS) + 1
    for step in range(steps):
        account.step()
        if step % (SWEEP_SECONDS / STEP_SECONDS) == 0:
            account.sweep()
            account.collect()
    assert [account.job(source).state for source in sources] == [State.SUCCEEDED] * 6
    assert account.dead == []
    assert {account.job(source).misses for source in sources} == {0}
    assert {account.job(source).runs for source in sources} == {1}


def test_should_say_what_a_job_waits_for_and_since_when() -> None:
    account = Account()
    account.ends["another job"] = account.clock.now() + JOB_SECONDS
    source = account.upload()
    began = account.clock.now()
    assert account.deliver(s3_event()), "the message is done: another one is on its way"
    job = account.job(source)
    assert (job.state, job.waiting_for, job.waiting_since) == (
        State.PENDING,
        "launch.capacity",
        began,
    )
    assert (job.misses, job.runs, job.waits) == (0, 0, 1)
    assert account.queue.bodies == [requeue_message(source.job_id)]
    assert job.not_before is not None
    assert account.queue.delays == [job.not_before - began]


def test_should_not_launch_before_the_pause_is_over() -> None:
    account = Account()
    account.ends["another job"] = account.clock.now() + JOB_SECONDS
    source = account.upload()
    account.deliver(s3_event())
    account.ends.clear()
    assert account.deliver(requeue_message(source.job_id))
    assert account.log.actions()[-1] == "dispatch.too_early"
    assert account.launcher.started == []
    account.clock.advance(FIRST_PAUSE_SECONDS)
    assert account.deliver(requeue_message(source.job_id))
    assert len(account.launcher.started) == 1


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("call", range(5))
def test_should_lose_no_job_however_the_dispatcher_dies_while_it_waits(
    call: int, *, after: bool
) -> None:
    account = Account()
    account.ends["another job"] = account.clock.now() + JOB_SECONDS
    source = account.upload()
    account.switch.arm(call, after=after)
    account.deliver(s3_event())
    account.switch.disarm()
    account.ends.clear()
    account.full = False
    account.clock.advance(VISIBILITY_SECONDS)
    account.deliver(s3_event())
    for _ in range(3):
        account.until_stuck()
        account.sweep()
        account.deliver_all()
    assert account.job(source).job_id in account.ends


def test_should_pause_longer_each_time_and_apart_from_others() -> None:
    account = Account()
    jobs = [
        account.jobs.jobs[account.upload(f"uploads/{n}.mp4", str(n).encode()).job_id]
        for n in range(8)
        if account.deliver(s3_event(account.upload(f"uploads/{n}.mp4", str(n).encode()).key))
    ]
    pauses = [backoff_seconds(times, jobs[0]) for times in range(1, 12)]
    assert pauses == sorted(pauses)
    assert FIRST_PAUSE_SECONDS / 2 <= pauses[0] <= FIRST_PAUSE_SECONDS
    assert LONGEST_PAUSE_SECONDS / 2 <= pauses[-1] <= LONGEST_PAUSE_SECONDS
    assert len({backoff_seconds(5, job) for job in jobs}) > len(jobs) / 2


def test_should_forget_waits_once_a_run_has_settled() -> None:
    account = Account()
    source = account.upload()
    account.deliver(s3_event())
    waiting = wait(account.job(source), now=account.clock.now(), waiting_for="launch.capacity")
    assert (waiting.waits, waiting.waiting_since) == (1, account.clock.now())
