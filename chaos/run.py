"""One run from its plan to its report."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chaos.command import Say
from chaos.experiment import Experiment, RunSize, distinct, experiment
from chaos.ledger import Breach, TaskLives, Violation
from chaos.plan import draw_plan
from chaos.pollers import Pollers
from chaos.report import RunReport
from chaos.system import Budgets, System
from chaos.uploads import counted
from runtime.core.contract import Output

MOST_TASKS = 4
"""No video is uploaded while so many tasks run."""

LOOK_SECONDS = 1.0
SAY_SECONDS = 5.0
QUIET_LOOKS = 3
"""So often in a row nothing must be left to do: a message between two queues is in neither."""

OLD_ENOUGH_SECONDS = 1.5
"""A younger task may have been started by a request that came late, after it was looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRunSize(RunSize):
    """`bound_seconds` is for one job."""

    bound_seconds: float
    budgets: Budgets = Budgets.PRODUCTION


def run(size: JobRunSize, folder: Path, say: Say) -> RunReport:
    """Run once; `folder` is left with the plan, the faults that came about and the cloud's logs."""
    with experiment(
        size,
        draw_plan(size.seed, size.jobs),
        folder,
        say,
        budgets=size.budgets,
        # Spread over outages, uploads have their times.
        most_tasks=None if size.outage_seconds else MOST_TASKS,
        task_lives=_task_lives,
    ) as under_test:
        system, uploads = under_test.system, under_test.uploads
        progress = _Progress(size, under_test)
        operators = under_test.operators(redrive=size.budgets is Budgets.REDRIVE)
        with (
            under_test.oracle.sampler,
            Pollers(system, under_test.outages),
            operators,
            uploads.acting(),
        ):
            for line in progress.lines():
                under_test.log(line)
        under_test.log(
            f"{operators.sweeps} sweeps, {operators.redrives} redrives, "
            f"{uploads.traffic.sent} extra messages, {uploads.people.acts} acts of people, "
            f"{under_test.ledger.manifests} manifests written; "
            f"{counted(under_test.fault_log.kinds)}"
        )
        _, violations = under_test.judge()
    return RunReport(
        jobs=size.jobs,
        faults=under_test.fault_log.count,
        violations=distinct(progress.late, violations),
    )


class _Progress:
    """Uploads as jobs end, and polls until nothing is left or time is up."""

    def __init__(self, size: JobRunSize, under_test: Experiment) -> None:
        self._size = size
        self._system, self._uploads = under_test.system, under_test.uploads
        self._fault_log, self._ledger = under_test.fault_log, under_test.ledger
        self._deadline = time.monotonic() + size.limit_seconds
        self.late: list[Violation] = []

    def lines(self) -> Iterator[str]:
        """Work to the end, yielding a line of progress now and then, and each broken promise."""
        said = 0.0
        reported = 0
        quiet = 0
        while quiet < QUIET_LOOKS and time.monotonic() < self._deadline:
            self._look()
            quiet = quiet + 1 if self._settled() else 0
            broken = (*self._ledger.violations, *self.late)
            yield from map(str, broken[reported:])
            reported = len(broken)
            if time.monotonic() - said >= SAY_SECONDS:
                said = time.monotonic()
                yield self._progress()
            time.sleep(LOOK_SECONDS)
        yield self._progress()

    def _settled(self) -> bool:
        # What is about a job that is given up may go round for ever.
        return self._uploads.finished and (bool(self.late) or not self._left().total())

    def _look(self) -> None:
        now = time.monotonic()
        for number, uploaded, job in self._uploads.step():
            if now - uploaded > self._size.bound_seconds:
                state = "no record" if job is None else f"{job.state} (attempt {job.attempt})"
                breach = Breach.LOST if job is None else Breach.STUCK
                what = f"has {state} {self._size.bound_seconds:.0f} s after its upload"
                self.late.append(Violation(breach, number, what))
                del self._uploads.open[number]

    def _left(self) -> "Counter[str]":
        return Counter(
            {
                "messages to send": self._uploads.traffic.outstanding,
                "messages": self._system.messages(Output.JOBS_QUEUE_URL),
                "dead letters": self._system.messages(Output.JOBS_DLQ_URL),
                "tasks": len(self._system.tasks()),
            }
        )

    def _progress(self) -> str:
        ended = self._uploads.ended
        return (
            f"{ended.total()} of {self._size.jobs} ended ({counted(ended) or 'none'}), "
            f"{len(self._uploads.open)} under way, {self._fault_log.count} faults; "
            f"left: {counted(self._left())}"
        )


def _task_lives(system: System) -> TaskLives:
    def lives(job_id: str, attempt: int) -> bool:
        now = time.time()
        tasks = system.tasks(startedBy=f"{job_id}-{attempt}")
        return any(now - task["createdAt"].timestamp() > OLD_ENOUGH_SECONDS for task in tasks)

    return lives
