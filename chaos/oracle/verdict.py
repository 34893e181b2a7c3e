"""Puts the judgements of a run together: histories, tasks, samples of results, counts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chaos.ledger import NO_JOB, Violation
from chaos.oracle.counts import counted_successes, judge_counts
from chaos.oracle.histories import judge_history
from chaos.oracle.samples import ResultSampler
from chaos.oracle.stream import histories, record_changes
from chaos.oracle.tasks import TaskRecord, Work, judge_tasks, killed_at_work, task_record, work_of
from chaos.system import System
from chaos.traffic import Video
from runtime.core.jobs import Job, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the oracle found: violations, and the work that a service's scheduler cut into."""

    violations: tuple[Violation, ...]
    killed: tuple[Work, ...]
    changes: int
    samples: int
    successes: int
    tasks: int

    def __str__(self) -> str:
        """Say what was judged."""
        return (
            f"judged {self.changes} versions of records, {self.successes} successes, "
            f"{self.tasks} tasks, {self.samples} readings of results"
            + "".join(f"; killed at work: {each}" for each in self.killed)
        )


class Oracle:
    """Watches a run, its results within the context of `sampler`; `judge` once it is over."""

    def __init__(self, system: System, videos: Iterable[Video], *, seed: int) -> None:
        self._system = system
        self._numbers = {video.source.job_id: video.number for video in videos}
        self._stream = record_changes(system)
        self.sampler = ResultSampler(
            job_ids=tuple(self._numbers), get=system.jobs().get, objects=system.objects(), seed=seed
        )

    def judge(self, logs: Path, disturbed: frozenset[int], written: Mapping[str, float]) -> Verdict:
        """Return what the run broke.

        `disturbed` are the jobs whose processes were killed, `written` is when which write took
        effect.
        """
        records = histories(self._system, self._stream, written)
        tasks = tuple(_tasks(self._system))
        counts = counted_successes(_lines(logs))
        found = [*self.sampler.found]
        for job_id, versions in records.items():
            undisturbed = self._number(job_id) not in disturbed
            judged = (
                *judge_history(versions),
                *judge_tasks(job_id, tasks),
                *judge_counts(versions, counts, undisturbed=undisturbed),
            )
            found += [(job_id, finding) for finding in judged]
        work = [each for versions in records.values() for each in work_of(versions)]
        return Verdict(
            violations=tuple(
                finding.about(self._number(job_id)) for job_id, finding in dict.fromkeys(found)
            ),
            killed=tuple(killed_at_work(tasks, work)),
            changes=sum(map(len, records.values())),
            samples=self.sampler.samples,
            successes=_successes(records),
            tasks=len(tasks),
        )

    def _number(self, job_id: str) -> int:
        return self._numbers.get(job_id, NO_JOB)


def _successes(records: Mapping[str, Sequence[Job]]) -> int:
    versions = [job for found in records.values() for job in found]
    return len({(job.job_id, job.attempt) for job in versions if job.state is State.SUCCEEDED})


def _tasks(system: System) -> Iterator[TaskRecord]:
    for status in ("RUNNING", "STOPPED"):
        yield from map(task_record, system.tasks(desiredStatus=status))


def _lines(logs: Path) -> Iterator[str]:
    for file in sorted(logs.glob("*.jsonl")):
        with file.open() as lines:
            yield from lines
