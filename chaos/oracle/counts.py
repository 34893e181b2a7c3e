"""Judges how often each success was counted in the metrics that the processes logged."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from chaos.ledger import Breach
from chaos.oracle.histories import Finding
from runtime.core.contract import Metric
from runtime.core.jobs import Job, State

Success = tuple[str, int]
"""Job and attempt."""


def counted_successes(lines: Iterable[str]) -> "Counter[Success]":
    """Return how often the lines count each success."""
    counts: Counter[Success] = Counter()
    for line in lines:
        if Metric.JOBS_SUCCEEDED not in line:
            continue
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and Metric.JOBS_SUCCEEDED in entry and "job_id" in entry:
            counts[entry["job_id"], int(entry["attempt"])] += int(entry[Metric.JOBS_SUCCEEDED])
    return counts


def judge_counts(
    records: Sequence[Job], counts: "Counter[Success]", *, undisturbed: bool
) -> Iterator[Finding]:
    """Yield the successes of one job that were not counted exactly once.

    A process that dies between its write and its line counts nothing, so a missing count is a
    violation only where no process of the job was disturbed.
    """
    successes = {(job.job_id, job.attempt) for job in records if job.state is State.SUCCEEDED}
    for _, attempt in sorted(successes):
        times = counts[records[0].job_id, attempt]
        if times > 1 or (times == 0 and undisturbed):
            yield Finding(
                Breach.TWICE if times else Breach.LOST,
                f"the success of attempt {attempt} was counted {times} times",
            )
    for job_id, attempt in counts:
        if job_id == records[0].job_id and (job_id, attempt) not in successes:
            yield Finding(Breach.TWICE, f"attempt {attempt} counted a success that no record has")
