import itertools

import pytest

from runtime.core.contract import Compute
from runtime.core.jobs import Job, Source, State
from runtime.reaper.diagnosis import Concern
from runtime.reaper.remedies import (
    DEADLINE_MARGIN_SECONDS,
    MAX_MISSES,
    MAX_WAIT_SECONDS,
    QUEUED_SECONDS,
    START_SECONDS,
    UNANNOUNCED_SECONDS,
    Budget,
    Remedy,
    concern,
    is_suspected,
    remedy,
)

NOW = 1_000_000.0
SILENCE_SECONDS = 600.0
BUDGET = Budget(max_runs=3, job_timeout_seconds=3600, silence_seconds=SILENCE_SECONDS)
SOURCE = Source(bucket="any-bucket", key="uploads/any.mp4", etag="any-etag", size_bytes=1)


def a_job(state: State, *, age: float, **fields: object) -> Job:
    values: dict[str, object] = {"attempt": 1, "created_at": 0.0, "updated_at": NOW - age, **fields}
    return Job(source=SOURCE, state=state, **values)  # type: ignore[arg-type] # shorthand


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (a_job(State.PENDING, age=UNANNOUNCED_SECONDS - 1), None),
        (a_job(State.PENDING, age=UNANNOUNCED_SECONDS), Concern.UNANNOUNCED),
        (a_job(State.CLAIMED, age=UNANNOUNCED_SECONDS, lease_until=NOW + 1), None),
        (a_job(State.CLAIMED, age=UNANNOUNCED_SECONDS - 1, lease_until=NOW - 1), None),
        (a_job(State.CLAIMED, age=UNANNOUNCED_SECONDS, lease_until=NOW), Concern.LEASE_OVER),
        (a_job(State.LAUNCHED, age=START_SECONDS - 1, task_arn="arn:any"), None),
        (a_job(State.LAUNCHED, age=START_SECONDS, task_arn="arn:any"), Concern.NOT_STARTED),
        (a_job(State.LAUNCHED, age=QUEUED_SECONDS - 1), None),
        (a_job(State.LAUNCHED, age=QUEUED_SECONDS), Concern.UNFETCHED),
        (a_job(State.RUNNING, age=SILENCE_SECONDS - 1, started_at=NOW - 3000), None),
        (a_job(State.RUNNING, age=SILENCE_SECONDS, started_at=NOW - 3000), Concern.SILENT),
        (
            a_job(State.RUNNING, age=1, started_at=NOW - 3600 - DEADLINE_MARGIN_SECONDS + 1),
            None,
        ),
        (
            a_job(State.RUNNING, age=1, started_at=NOW - 3600 - DEADLINE_MARGIN_SECONDS),
            Concern.OVERDUE,
        ),
        (a_job(State.SUCCEEDED, age=NOW), None),
        (a_job(State.FAILED, age=NOW), None),
        (a_job(State.CANCELLED, age=NOW), None),
    ],
)
def test_should_see_what_is_wrong_exactly_when_it_is_time(
    job: Job, expected: Concern | None
) -> None:
    assert concern(job, now=NOW, budget=BUDGET) is expected


@pytest.mark.parametrize(("problem", "there"), list(itertools.product(Concern, (False, True))))
def test_should_stop_a_task_unless_it_is_only_slow_to_begin(problem: Concern, there: bool) -> None:  # noqa: FBT001 - parametrized
    expected = Remedy.CONCLUDE
    if problem in {Concern.MESSAGE_GONE, Concern.UNFETCHED}:
        expected = Remedy.SEND_AGAIN
    elif there:
        slow = problem is Concern.LEASE_OVER
        expected = Remedy.RECORD_LAUNCH if slow else Remedy.STOP_AND_CONCLUDE
    assert remedy(problem, task_exists=there) is expected


@pytest.mark.parametrize("there", [False, True])
def test_should_suspect_a_silent_job_before_it_counts_as_hung(*, there: bool) -> None:
    assert remedy(Concern.SILENT, task_exists=there, suspected=False) is Remedy.SUSPECT


@pytest.mark.parametrize(("since", "suspected"), [(None, False), (59.0, False), (60.0, True)])
def test_should_suspect_for_two_heartbeats(since: float | None, *, suspected: bool) -> None:
    at = None if since is None else NOW - since
    job = a_job(State.RUNNING, age=SILENCE_SECONDS, suspected_at=at)
    assert is_suspected(job, now=NOW, budget=BUDGET) is suspected


@pytest.mark.parametrize(
    ("age", "empty", "expected"),
    [
        (UNANNOUNCED_SECONDS, True, Concern.MESSAGE_GONE),
        (UNANNOUNCED_SECONDS - 1, True, None),
        (UNANNOUNCED_SECONDS, False, None),
    ],
)
def test_should_miss_a_message_by_age_and_an_empty_queue(
    age: float,
    expected: Concern | None,
    *,
    empty: bool,
) -> None:
    queues = {Compute.CPU} if empty else set()
    job = a_job(State.LAUNCHED, age=age)
    assert concern(job, now=NOW, budget=BUDGET, empty_queues=queues) is expected


@pytest.mark.parametrize("state", [State.PENDING, State.LAUNCHED])
def test_should_bound_how_long_a_job_waits(state: State) -> None:
    job = a_job(state, age=1, waiting_since=NOW - MAX_WAIT_SECONDS)
    assert concern(job, now=NOW, budget=BUDGET) is Concern.WAITED_TOO_LONG


def test_should_not_miss_a_message_that_is_delayed_on_purpose() -> None:
    job = a_job(State.PENDING, age=UNANNOUNCED_SECONDS, not_before=NOW - 1)
    assert concern(job, now=NOW, budget=BUDGET) is None


@pytest.mark.parametrize(
    ("runs", "misses", "spent"),
    [(0, 0, False), (2, 0, False), (3, 0, True), (0, MAX_MISSES - 1, False), (0, MAX_MISSES, True)],
)
def test_should_cap_runs_and_misses(runs: int, misses: int, spent: bool) -> None:  # noqa: FBT001 - parametrized
    assert BUDGET.spent(a_job(State.PENDING, age=0, runs=runs, misses=misses)) is spent
