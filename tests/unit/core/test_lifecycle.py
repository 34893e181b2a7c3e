"""Any interleaving of dispatchers, a reaper and processors, over the pure state machine."""

import itertools

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from runtime.core.jobs import (
    TRANSITIONS,
    Failure,
    IllegalTransitionError,
    Job,
    Source,
    State,
    claim_new,
    fail,
    report,
    requeue,
    start,
    succeed,
    take_over,
)
from runtime.core.ports import StaleWriteError
from runtime.dispatcher.claim import ClaimDecision, decide_claim
from tests.fakes.clock import FakeClock
from tests.fakes.jobs import InMemoryJobStore

LEASE_SECONDS = 60
SILENCE_SECONDS = 300
SOURCE = Source(bucket="any-bucket", key="uploads/any.mp4", etag="any-etag", size_bytes=1)
POISON = Failure(code="any.poison", summary="Any.", resolution="Any.")

Step = st.sampled_from(["start", "report", "succeed", "fail", "die", "requeue"])
SLOTS = (0, 1)


class Lifecycle(RuleBasedStateMachine):
    """One upload; everybody works from what they once read, and may be late or die.

    `launched` are the attempts a task was started for. Two slots hold the job as two processors
    last saw it: nothing keeps a processor whose claim was taken over from going on.
    """

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.store = InMemoryJobStore()
        self.launched: list[int] = []
        self.claimed: list[Job] = []
        self.processors: dict[int, Job] = {}
        self.published: list[int] = []

    @rule()
    def a_message_is_delivered(self) -> None:
        fresh = claim_new(SOURCE, now=self.clock.now(), lease_seconds=LEASE_SECONDS)
        there = self.store.create(fresh)
        if there is None:
            self.claimed.append(fresh)
        elif decide_claim(there, now=self.clock.now()) is ClaimDecision.TAKE_OVER:
            mine = take_over(there, now=self.clock.now(), lease_seconds=LEASE_SECONDS)
            if self._save(there, mine):
                self.claimed.append(mine)

    @precondition(lambda self: self.claimed)
    @rule(refused=st.booleans())
    def a_dispatcher_launches_what_it_claimed_however_long_ago(self, *, refused: bool) -> None:
        job = self.claimed.pop()
        if refused:
            self._save(job, requeue(job, now=self.clock.now()))
        else:
            self.launched.append(job.attempt)

    @precondition(lambda self: self.claimed)
    @rule()
    def a_dispatcher_dies_before_it_launches(self) -> None:
        self.claimed.pop()

    @rule(seconds=st.sampled_from([1, LEASE_SECONDS, SILENCE_SECONDS]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule()
    def a_reaper_puts_silent_jobs_back(self) -> None:
        job = self.store.get(SOURCE.job_id)
        if job is None or job.state not in {State.LAUNCHED, State.RUNNING}:
            return
        if self.clock.now() - job.updated_at >= SILENCE_SECONDS:
            self._save(job, requeue(job, now=self.clock.now()))

    @precondition(lambda self: self.launched)
    @rule(slot=st.sampled_from(SLOTS), which=st.integers(min_value=0))
    def a_task_boots(self, slot: int, which: int) -> None:
        attempt = self.launched[which % len(self.launched)]
        job = self.store.get(SOURCE.job_id)
        assert job is not None
        if job.attempt == attempt:
            self.processors[slot] = job

    @precondition(lambda self: self.processors)
    @rule(slot=st.sampled_from(SLOTS), step=Step)
    def a_processor_takes_a_step(self, slot: int, step: str) -> None:
        mine = self.processors.pop(slot, None)
        if mine is None or step == "die":
            return
        now = self.clock.now()
        try:
            after = {
                "start": lambda: start(mine, now=now, task_arn=None),
                "report": lambda: report(mine, now=now, stage="any", progress=0.5),
                "succeed": lambda: succeed(mine, now=now, result_key=f"any/{mine.attempt}"),
                "fail": lambda: fail(mine, now=now, failure=POISON),
                "requeue": lambda: requeue(mine, now=now),
            }[step]()
        except IllegalTransitionError:
            self.processors[slot] = mine
            return
        if not self._save(mine, after):
            return
        if after.state is State.SUCCEEDED:
            self.published.append(after.attempt)
        elif after.state is State.RUNNING:
            self.processors[slot] = after

    @invariant()
    def nothing_is_published_twice(self) -> None:
        assert len(self.published) <= 1
        job = self.store.get(SOURCE.job_id)
        if self.published:
            assert job is not None
            assert job.state is State.SUCCEEDED
            assert job.result_key == f"any/{self.published[0]}"

    @invariant()
    def every_step_is_in_the_table_and_no_attempt_comes_back(self) -> None:
        for before, after in itertools.pairwise(self.store.saved):
            assert after.state in TRANSITIONS[before.state]
            assert after.attempt >= before.attempt

    def teardown(self) -> None:
        """From wherever it is, a fair world brings the job to its end."""
        self.claimed.clear()
        self.processors.clear()
        for _ in range(4):
            self.clock.advance(SILENCE_SECONDS)
            self.a_reaper_puts_silent_jobs_back()
            self.a_message_is_delivered()
            while self.claimed:
                self.a_dispatcher_launches_what_it_claimed_however_long_ago(refused=False)
            if self.launched:
                self.a_task_boots(0, len(self.launched) - 1)
            for step in ("start", "succeed"):
                self.a_processor_takes_a_step(0, step)
        job = self.store.get(SOURCE.job_id)
        assert job is not None
        assert job.ended
        self.nothing_is_published_twice()

    def _save(self, before: Job, after: Job) -> bool:
        try:
            self.store.save(before, after)
        except StaleWriteError:
            return False
        return True


Lifecycle.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestLifecycle = Lifecycle.TestCase
