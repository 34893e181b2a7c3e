"""Judges the succession of states that one job's record has had."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from chaos.ledger import Breach, Violation
from runtime.core.contract import ResultFile
from runtime.core.jobs import ENDED, ON_REQUEST, TRANSITIONS, Job, State

ATTEMPTS_FOLDER = "/attempts/"


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken promise about a job that the caller knows."""

    breach: Breach
    what: str

    def about(self, number: int) -> Violation:
        """Return it as a broken promise about the job of a number."""
        return Violation(self.breach, number, self.what)


def judge_history(records: Sequence[Job]) -> Iterator[Finding]:
    """Yield what must never happen in the versions of one job's record, given in their order.

    Successes count once for each request: one upload, or one `retry` or `reprocess`.
    """
    if records and records[0].attempt > 1:
        yield Finding(Breach.RULE, f"begins with attempt {records[0].attempt}")
    for before, after in pairwise(records):
        yield from _step(before, after)
    yield from _successes(records)
    yield from _tasks_of_attempts(records)


def requests(records: Iterable[Job]) -> int:
    """Return how often persons had the job run again."""
    return max((job.reruns for job in records), default=0)


def _step(before: Job, after: Job) -> Iterator[Finding]:
    step = f"{before.state} -> {after.state} (attempt {before.attempt} -> {after.attempt})"
    if before.state in ENDED and after.state in ENDED:
        # Another title, or a revision of the results.
        if before.state is not after.state:
            yield Finding(Breach.RULE, f"{step}: an end became another end")
    elif after.state not in TRANSITIONS[before.state]:
        yield Finding(Breach.RULE, f"{step} is no transition")
    if after.attempt < before.attempt:
        yield Finding(Breach.RULE, f"{step}: an outdated attempt wrote")
    requested = after.reruns > before.reruns
    if (before.state, after.state) in ON_REQUEST and not requested:
        breach = Breach.TWICE if before.state is State.SUCCEEDED else Breach.RULE
        yield Finding(breach, f"{step}: an ended job was revived without a request")
    if requested and after.attempt <= before.attempt:
        yield Finding(Breach.RULE, f"{step}: a request did not fence out the older attempt")
    if before.state is State.FAILED and after.state is State.CLAIMED and before.ever_ran:
        yield Finding(Breach.RULE, f"{step}: a failure after a run was revived")
    if after.state is State.CLAIMED and after.attempt == before.attempt:
        yield Finding(Breach.RULE, f"{step}: two claims share an attempt")
    yield from _pointer(before, after, step)


def _pointer(before: Job, after: Job, step: str) -> Iterator[Finding]:
    if after.state is State.SUCCEEDED and after.result_key is None:
        yield Finding(Breach.LOST, f"{step}: a success without results")
    if before.result_key is None:
        return
    if after.result_key is None:
        yield Finding(Breach.LOST, f"{step}: published results were given up")
    elif publishing_attempt(after) < publishing_attempt(before):
        yield Finding(Breach.TWICE, f"{step}: older results took the place of newer ones")


def publishing_attempt(job: Job) -> int:
    """Return the number of the attempt whose results count, 0 without one."""
    _, found, rest = (job.result_key or "").partition(ATTEMPTS_FOLDER)
    return int(rest.removesuffix(ResultFile.SUMMARY_JSON).split("/")[0]) if found else 0


def _successes(records: Sequence[Job]) -> Iterator[Finding]:
    states = [None, *(job.state for job in records)]
    counted = Counter(
        job.reruns
        for before, job in zip(states, records, strict=False)
        if job.state is State.SUCCEEDED and before is not State.SUCCEEDED
    )
    for request, times in counted.items():
        if times > 1:
            yield Finding(Breach.TWICE, f"succeeded {times} times for request {request}")


def _tasks_of_attempts(records: Sequence[Job]) -> Iterator[Finding]:
    runs = dict.fromkeys((job.attempt, job.task_arn) for job in records if job.task_arn is not None)
    for attempt, tasks in Counter(attempt for attempt, _ in runs).items():
        if tasks > 1:
            yield Finding(Breach.RULE, f"attempt {attempt} was run by {tasks} tasks")
