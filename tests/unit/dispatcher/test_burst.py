"""A burst of uploads into an account that admits one task at a time."""

from collections.abc import Iterator

from runtime.core.errors import Retryable
from runtime.core.jobs import LONGEST_PAUSE_SECONDS, Job, State
from runtime.core.messages import requeue_message
from runtime.core.ports import RunningTask
from runtime.core.turns import OVERDUE_SECONDS, older_waits, pass_turn
from tests.unit.dispatcher.test_waiting import STEP_SECONDS, SWEEP_SECONDS, Account
from tests.unit.dispatcher.world import s3_event

UPLOADS = 200
JOB_SECONDS = 60.0
DISPATCH_SECONDS = 0.05
IN_ORDER = 10.0
"""Places; a random order is 67 places off on average."""


class ShortJobs(Account):
    """An account whose jobs take a minute each; ECS announces each task that stops."""

    def launch(self, job: Job) -> RunningTask:
        task = super().launch(job)
        self.ends[job.job_id] = self.clock.now() + JOB_SECONDS
        return task

    def deliver(self, body: str) -> bool:
        self.clock.advance(DISPATCH_SECONDS)
        return super().deliver(body)

    def step(self) -> None:
        known = len(self.finished)
        super().step()
        for key in self.finished[known:]:
            source = next(job.source for job in self.jobs.jobs.values() if job.source.key == key)
            self.reaper.task_stopped(self.die(source))
            self.collect()


def mean_displacement(finished: list[str]) -> float:
    """How many places a job finished before or after its place in the order of uploads."""
    places = [abs(place - int(key[8:11])) for place, key in enumerate(finished)]
    return sum(places) / len(places)


def test_should_finish_two_hundred_uploads_in_one_slot_which_is_hardly_ever_free() -> None:
    account = ShortJobs()
    sources = [account.upload(f"uploads/{n:03}.mp4", str(n).encode()) for n in range(UPLOADS)]
    for source in sources:
        account.send(s3_event(source.key))
    began = account.clock.now()
    for step in range(int(UPLOADS * (JOB_SECONDS + LONGEST_PAUSE_SECONDS) / STEP_SECONDS)):
        account.step()
        if step % (SWEEP_SECONDS / STEP_SECONDS) == 0:
            account.sweep()
            account.collect()
        if len(account.finished) == UPLOADS:
            break
    jobs = [account.job(source) for source in sources]
    assert {(job.state, job.runs, job.misses) for job in jobs} == {(State.SUCCEEDED, 1, 0)}
    assert account.dead == []
    assert account.clock.now() - began < 1.25 * UPLOADS * JOB_SECONDS
    assert mean_displacement(account.finished) < IN_ORDER


def test_should_use_all_capacity_at_once_when_it_is_back() -> None:
    """Each start passes the turn on, so that no job waits for its own timer."""
    account = ShortJobs()
    sources = [account.upload(f"uploads/{n:03}.mp4", str(n).encode()) for n in range(20)]
    for source in sources:
        account.send(s3_event(source.key))
    account.step()
    account.full = False
    for _ in range(len(sources) + 4):
        account.step()
    assert all(account.job(source).state is not State.PENDING for source in sources)


def test_should_not_wait_for_a_job_whose_message_is_lost() -> None:
    account = ShortJobs()
    account.ends["another job"] = account.clock.now() + JOB_SECONDS
    lost, later = (account.upload(f"uploads/{n}.mp4", n.encode()) for n in ("000", "001"))
    for source in (lost, later):
        account.deliver(s3_event(source.key))
    account.ends.clear()
    account.queue.take()
    account.clock.advance(LONGEST_PAUSE_SECONDS + OVERDUE_SECONDS)
    assert account.deliver(requeue_message(later.job_id))
    assert [job_id for job_id, *_ in account.launcher.started] == [later.job_id]


def test_should_start_a_job_although_the_order_cannot_be_read() -> None:
    account = ShortJobs()
    account.ends["another job"] = account.clock.now() + JOB_SECONDS
    older, later = (account.upload(f"uploads/{n}.mp4", n.encode()) for n in ("000", "001"))
    for source in (older, later):
        account.deliver(s3_event(source.key))
    assert older_waits(account.jobs, account.job(later), now=account.clock.now())
    assert not older_waits(account.jobs, account.job(older), now=account.clock.now())
    account.jobs.in_state = throttled  # type: ignore[assignment, method-assign]
    assert not older_waits(account.jobs, account.job(later), now=account.clock.now())
    pass_turn(account.jobs, account.queue, now=account.clock.now(), log=account.log)
    assert account.log.actions()[-1] == "job.turn_not_passed"


def throttled(_state: State, **_options: object) -> Iterator[Job]:
    raise Retryable("aws.ThrottlingException", "Slow down.", "It is tried again.")
