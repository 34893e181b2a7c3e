import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest

from runtime.core.jobs import (
    ENDED,
    ON_REQUEST,
    TRANSITIONS,
    Failure,
    IllegalTransitionError,
    Job,
    Source,
    State,
    beat,
    cancel,
    claim_new,
    fail,
    launched,
    report,
    requeue,
    retry,
    start,
    succeed,
    take_over,
)
from runtime.dispatcher.claim import ClaimDecision, decide_claim

NOW = 1_000.0
LEASE_SECONDS = 60
SOURCE = Source(bucket="any-bucket", key="uploads/any.mp4", etag="any-etag", size_bytes=1)
FAILURE = Failure(code="any.code", summary="Any.", resolution="Any.")


def a_job(state: State, **fields: object) -> Job:
    values: dict[str, object] = {"attempt": 1, "created_at": NOW, "updated_at": NOW} | fields
    return Job(source=SOURCE, state=state, **values)  # type: ignore[arg-type] # shorthand


MOVES: dict[str, tuple[State, Callable[[Job], Job]]] = {
    "take_over": (State.CLAIMED, lambda j: take_over(j, now=NOW, lease_seconds=LEASE_SECONDS)),
    "requeue": (State.PENDING, lambda j: requeue(j, now=NOW)),
    "launched": (State.LAUNCHED, lambda j: launched(j, now=NOW, task_arn="arn:any")),
    "start": (State.RUNNING, lambda j: start(j, now=NOW, task_arn="arn:any")),
    "beat": (State.RUNNING, lambda j: beat(j, now=NOW)),
    "report": (State.RUNNING, lambda j: report(j, now=NOW, stage="any", progress=0.5)),
    "succeed": (State.SUCCEEDED, lambda j: succeed(j, now=NOW, result_key="any")),
    "fail": (State.FAILED, lambda j: fail(j, now=NOW, failure=FAILURE)),
    "cancel": (State.CANCELLED, lambda j: cancel(j, now=NOW)),
}


@pytest.mark.parametrize(("state", "move"), list(itertools.product(State, MOVES)))
def test_should_move_exactly_where_the_table_allows(state: State, move: str) -> None:
    to, function = MOVES[move]
    if to in TRANSITIONS[state] and (state, to) not in ON_REQUEST:
        assert function(a_job(state)).state is to
    else:
        with pytest.raises(IllegalTransitionError, match=f"from {state} to {to}"):
            function(a_job(state))


def test_should_have_a_way_to_an_end_from_every_state() -> None:
    reaches_an_end = set(ENDED)
    for _ in State:
        reaches_an_end |= {s for s in State if TRANSITIONS[s] & reaches_an_end}
    assert reaches_an_end == set(State)


def test_should_leave_success_on_request_only() -> None:
    ways = {(State.SUCCEEDED, to) for to in TRANSITIONS[State.SUCCEEDED]}
    assert ways <= ON_REQUEST


def test_should_derive_one_identity_from_bucket_key_and_etag() -> None:
    assert SOURCE.job_id == "e338b92289c31b9f18b67973af30b967"
    others = [
        Source(bucket="other", key=SOURCE.key, etag=SOURCE.etag, size_bytes=1),
        Source(bucket=SOURCE.bucket, key="uploads/other.mp4", etag=SOURCE.etag, size_bytes=1),
        Source(bucket=SOURCE.bucket, key=SOURCE.key, etag="other", size_bytes=1),
    ]
    assert SOURCE.job_id not in {other.job_id for other in others}
    same = Source(bucket=SOURCE.bucket, key=SOURCE.key, etag=SOURCE.etag, size_bytes=2)
    assert same.job_id == SOURCE.job_id


@pytest.mark.parametrize(
    ("job", "decision"),
    [
        (None, ClaimDecision.CREATE),
        (a_job(State.PENDING), ClaimDecision.TAKE_OVER),
        (a_job(State.CLAIMED, lease_until=NOW + 0.001), ClaimDecision.BUSY),
        (a_job(State.CLAIMED, lease_until=NOW), ClaimDecision.TAKE_OVER),
        (a_job(State.CLAIMED), ClaimDecision.TAKE_OVER),
        (a_job(State.LAUNCHED), ClaimDecision.ACKNOWLEDGE),
        (a_job(State.RUNNING), ClaimDecision.ACKNOWLEDGE),
        (a_job(State.SUCCEEDED), ClaimDecision.ACKNOWLEDGE),
        (a_job(State.CANCELLED), ClaimDecision.ACKNOWLEDGE),
        (a_job(State.FAILED, runs=1), ClaimDecision.ACKNOWLEDGE),
        (a_job(State.FAILED, runs=0), ClaimDecision.ACKNOWLEDGE),
        (a_job(State.PENDING, not_before=NOW + 60), ClaimDecision.TOO_EARLY),
        (a_job(State.PENDING, not_before=NOW), ClaimDecision.TAKE_OVER),
    ],
)
def test_should_decide_what_a_message_means(job: Job | None, decision: ClaimDecision) -> None:
    assert decide_claim(job, now=NOW) is decision


def test_should_lease_a_first_claim() -> None:
    job = claim_new(SOURCE, now=NOW, lease_seconds=LEASE_SECONDS)
    assert (job.state, job.attempt, job.lease_until) == (State.CLAIMED, 1, NOW + LEASE_SECONDS)
    assert not job.ever_ran


def test_should_forget_the_last_attempt_in_a_takeover() -> None:
    failed = a_job(
        State.FAILED, task_arn="arn:old", stage="any", progress=0.5, failure=FAILURE, runs=2
    )
    job = take_over(failed, now=NOW, lease_seconds=LEASE_SECONDS)
    assert job == a_job(State.CLAIMED, attempt=2, lease_until=NOW + LEASE_SECONDS, runs=2)


def test_should_count_the_runs_that_reached_a_processor() -> None:
    job = claim_new(SOURCE, now=NOW, lease_seconds=LEASE_SECONDS)
    first = start(job, now=NOW, task_arn=None)
    second = start(
        take_over(requeue(first, now=NOW), now=NOW, lease_seconds=1), now=NOW, task_arn=None
    )
    assert (first.runs, second.runs, second.attempt) == (1, 2, 2)


def test_should_count_the_attempts_in_a_row_that_reached_no_processor() -> None:
    job = claim_new(SOURCE, now=NOW, lease_seconds=LEASE_SECONDS)
    lost = take_over(job, now=NOW, lease_seconds=LEASE_SECONDS)
    refused = requeue(lost, now=NOW)
    again = take_over(refused, now=NOW, lease_seconds=LEASE_SECONDS)
    never_started = requeue(launched(again, now=NOW, task_arn="arn:any"), now=NOW)
    assert [j.misses for j in (job, lost, refused, again, never_started)] == [0, 1, 2, 2, 3]


def test_should_count_misses_afresh_once_a_processor_reported_or_a_person_asked() -> None:
    missed = a_job(State.LAUNCHED, misses=3)
    assert start(missed, now=NOW, task_arn=None).misses == 0
    assert requeue(start(missed, now=NOW, task_arn=None), now=NOW).misses == 0
    failed = a_job(State.FAILED, misses=3)
    assert retry(failed, now=NOW).misses == 0
    assert take_over(failed, now=NOW, lease_seconds=LEASE_SECONDS).misses == 0


@pytest.mark.parametrize(("given", "kept"), [(-0.1, 0.0), (0.25, 0.25), (1.1, 1.0)])
def test_should_keep_progress_between_nothing_and_all(given: float, kept: float) -> None:
    job = report(a_job(State.RUNNING), now=NOW, stage="any", progress=given)
    assert job.progress == kept


def test_should_not_count_a_run_whose_machine_went_away() -> None:
    running = start(claim_new(SOURCE, now=0.0, lease_seconds=60.0), now=1.0, task_arn=None)
    back = requeue(running, now=2.0, run_counts=False)
    assert (back.state, back.runs, back.attempt) == (State.PENDING, 0, 1)
    assert requeue(running, now=2.0).runs == 1


def test_should_only_change_the_time_in_a_beat() -> None:
    running = start(claim_new(SOURCE, now=0.0, lease_seconds=60.0), now=1.0, task_arn=None)
    known = report(running, now=2.0, stage="scenes", progress=0.5)
    assert beat(known, now=3.0) == replace(known, updated_at=3.0)


def test_should_not_discount_the_run_of_a_job_that_does_not_run() -> None:
    with pytest.raises(IllegalTransitionError, match="no run to discount"):
        requeue(a_job(State.CLAIMED), now=NOW, run_counts=False)
