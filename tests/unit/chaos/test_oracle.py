"""The judges of a run's history: silent about ordinary lives, and each planted violation found."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from chaos.ledger import Breach
from chaos.oracle.counts import counted_successes, judge_counts
from chaos.oracle.histories import Finding, judge_history
from chaos.oracle.samples import ResultSampler, judge_results
from chaos.oracle.tasks import BY_SCHEDULER, TaskRecord, judge_tasks, killed_at_work, work_of
from runtime.core.jobs import (
    Failure,
    Job,
    Source,
    State,
    claim_new,
    fail,
    publish,
    reprocess,
    requeue,
    start,
    succeed,
    take_over,
)
from tests.fakes.objects import InMemoryObjectStore

SOURCE = Source(bucket="any", key="uploads/any.mp4", etag="any", size_bytes=1)
FAILURE = Failure(code="any", summary="any", resolution="any")
KEY = f"results/{SOURCE.job_id}/attempts/{{}}/summary.json"
ARN = "arn:any:task-{}"


def run_of(job: Job, *, task: str = "1", at: float = 10.0) -> list[Job]:
    """The versions of a claimed job's record while a task works on it, up to its success."""
    running = start(job, now=at, task_arn=ARN.format(task))
    published = publish(running, now=at + 5, result_key=KEY.format(job.attempt))
    return [running, published, succeed(published, now=at + 6, result_key=KEY.format(job.attempt))]


CLAIMED = claim_new(SOURCE, now=0.0, lease_seconds=60.0)
ONCE = [CLAIMED, *run_of(CLAIMED)]
DONE = ONCE[-1]
AGAIN = reprocess(DONE, now=100.0)
RECLAIMED = take_over(AGAIN, now=101.0, lease_seconds=60.0)
TWICE = [*ONCE, AGAIN, RECLAIMED, *run_of(RECLAIMED, task="2", at=110.0)]
RUNNING = ONCE[1]
FAILED = fail(RUNNING, now=20.0, failure=FAILURE)


def breaches(records: Sequence[Job]) -> list[Breach]:
    return [finding.breach for finding in judge_history(records)]


@pytest.mark.parametrize(
    "records",
    [
        ONCE,
        TWICE,
        [CLAIMED, RUNNING, requeue(RUNNING, now=12.0)],
        [CLAIMED, RUNNING, FAILED],
        [*ONCE, replace(DONE, updated_at=50.0)],
    ],
    ids=["once", "on request", "requeued", "failed", "corrected"],
)
def test_should_find_nothing_in_an_ordinary_history(records: list[Job]) -> None:
    assert breaches(records) == []


REVIVED = replace(DONE, state=State.PENDING, attempt=2)
OLDER = replace(TWICE[-2], result_key=KEY.format(1))


@pytest.mark.parametrize(
    ("records", "breach", "words"),
    [
        (
            [*ONCE, REVIVED, *run_of(take_over(REVIVED, now=30.0, lease_seconds=60.0), at=40.0)],
            Breach.TWICE,
            "succeeded 2 times",
        ),
        ([*ONCE, REVIVED], Breach.TWICE, "without a request"),
        ([CLAIMED, RUNNING, FAILED, replace(FAILED, state=State.PENDING)], Breach.RULE, "revived"),
        (
            [CLAIMED, RUNNING, FAILED, replace(FAILED, state=State.CLAIMED, attempt=2)],
            Breach.RULE,
            "a failure after a run",
        ),
        (
            [CLAIMED, RUNNING, replace(RUNNING, task_arn=ARN.format(2))],
            Breach.RULE,
            "run by 2 tasks",
        ),
        (
            [CLAIMED, replace(CLAIMED, attempt=2), replace(RUNNING, attempt=1)],
            Breach.RULE,
            "outdated",
        ),
        ([CLAIMED, replace(CLAIMED, task_arn="other")], Breach.RULE, "share an attempt"),
        ([CLAIMED, RUNNING, replace(RUNNING, state=State.CLAIMED)], Breach.RULE, "no transition"),
        ([*ONCE, replace(AGAIN, attempt=DONE.attempt)], Breach.RULE, "did not fence"),
        ([*ONCE, replace(DONE, state=State.FAILED)], Breach.RULE, "another end"),
        ([CLAIMED, RUNNING, replace(DONE, result_key=None)], Breach.LOST, "without results"),
        ([*ONCE, replace(AGAIN, result_key=None)], Breach.LOST, "given up"),
        ([*TWICE[:-1], OLDER], Breach.TWICE, "older results"),
        ([replace(CLAIMED, attempt=2)], Breach.RULE, "begins with attempt 2"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_should_find_a_planted_violation(records: list[Job], breach: Breach, words: str) -> None:
    assert [f for f in judge_history(records) if f.breach is breach and words in f.what]


def test_should_find_a_second_task_of_an_attempt_at_the_scheduler() -> None:
    first = TaskRecord(arn="a", started_by=f"{SOURCE.job_id}-1")
    assert (
        list(judge_tasks(SOURCE.job_id, [first, TaskRecord(arn="b", started_by="other-1")])) == []
    )
    assert next(judge_tasks(SOURCE.job_id, [first, replace(first, arn="b")])).breach is Breach.RULE


@pytest.mark.parametrize(
    ("at", "code", "killed"),
    [
        (12.0, BY_SCHEDULER, 1),
        (12.0, "UserInitiated", 0),
        (9.9, BY_SCHEDULER, 0),
        (15.5, BY_SCHEDULER, 0),
        (16.1, BY_SCHEDULER, 0),
    ],
)
def test_should_see_a_kill_at_work_without_any_log_line(at: float, code: str, killed: int) -> None:
    """RUNNING from 10 to 16: the records of ECS and of the job suffice."""
    stopped = TaskRecord(arn=ARN.format(1), started_by="any", stopping_at=at, stop_code=code)
    assert len(list(killed_at_work([stopped], work_of(ONCE)))) == killed


def test_should_see_a_kill_whose_job_never_went_on() -> None:
    stopped = TaskRecord(
        arn=ARN.format(1), started_by="any", stopping_at=1e9, stop_code=BY_SCHEDULER
    )
    assert len(list(killed_at_work([stopped], work_of(ONCE[:2])))) == 1


def metric_line(attempt: int) -> str:
    return json.dumps({"job_id": SOURCE.job_id, "attempt": attempt, "JobsSucceeded": 1})


@pytest.mark.parametrize(
    ("attempts", "undisturbed", "breaches"),
    [
        ((1,), True, []),
        ((), False, []),
        ((), True, [Breach.LOST]),
        ((1, 1), False, [Breach.TWICE]),
        ((1, 2), True, [Breach.TWICE]),
    ],
)
def test_should_count_each_success_once(
    attempts: tuple[int, ...],
    undisturbed: bool,  # noqa: FBT001 - a parameter of the test
    breaches: list[Breach],
) -> None:
    lines = ["no json JobsSucceeded", *map(metric_line, attempts)]
    found = judge_counts(ONCE, counted_successes(lines), undisturbed=undisturbed)
    assert [finding.breach for finding in found] == breaches


def test_should_allow_counts_of_other_jobs() -> None:
    assert list(judge_counts(ONCE[:2], Counter({("other", 1): 1}), undisturbed=True)) == []


def objects_of(job: Job, *, content: bytes = b"any", listed: bytes = b"any") -> InMemoryObjectStore:
    objects = InMemoryObjectStore()
    folder = KEY.format(job.attempt).removesuffix("summary.json")
    digest = hashlib.sha256(listed).hexdigest()
    manifest = {"files": [{"name": "transcript.txt", "sha256": digest}]}
    objects.put("any", folder + "manifest.json", json.dumps(manifest).encode())
    objects.put("any", folder + "transcript.txt", content)
    objects.put("any", f"results/{job.job_id}/summary.json", b"{}")
    return objects


def sampled(objects: InMemoryObjectStore, *, published: bool = True) -> list[Finding]:
    return list(judge_results(lambda: DONE, objects, published=published))


def test_should_find_nothing_in_whole_results() -> None:
    assert sampled(objects_of(DONE)) == []


def test_should_find_a_file_that_is_not_what_its_manifest_says() -> None:
    assert [f.breach for f in sampled(objects_of(DONE, listed=b"other"))] == [Breach.TWICE]


def test_should_find_results_that_are_gone_for_a_moment() -> None:
    objects = objects_of(DONE)
    sampler = ResultSampler(
        job_ids=(DONE.job_id,), get=lambda _job_id: DONE, objects=objects, seed=1
    )
    sampler.sample(DONE.job_id)
    assert (sampler.samples, sampler.found) == (1, [])
    objects.objects = {at: each for at, each in objects.objects.items() if "manifest" not in at[1]}
    sampler.sample(DONE.job_id)
    assert [finding.breach for _, finding in sampler.found] == [Breach.LOST]


def test_should_find_a_success_whose_public_summary_is_missing() -> None:
    objects = objects_of(DONE)
    del objects.objects["any", f"results/{DONE.job_id}/summary.json"]
    assert [f.breach for f in sampled(objects)] == [Breach.LOST]
