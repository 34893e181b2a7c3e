"""What every run of jobs has in common: its plan, laid on a deployed system, and its judgement."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chaos.command import Say
from chaos.fault_log import FaultLog
from chaos.ledger import Ledger, TaskLives, Violation
from chaos.operators import Operators
from chaos.oracle.verdict import Oracle, Verdict
from chaos.outages import Outages, outages_not_met, spread_over_outages
from chaos.plan import Plan
from chaos.proxy import Proxy, serving
from chaos.report import check_final_state
from chaos.system import Budgets, System, deployed, operator_environment
from chaos.uploads import Uploads, timed
from runtime.core.contract import Launch


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSize:
    """How much a run does; `limit_seconds` is for all jobs."""

    jobs: int
    seed: int
    in_flight: int
    limit_seconds: float
    outage_seconds: float = 0.0
    other_version: str | None = None


class Experiment:
    """A deployed system with faults between its processes and AWS, and what watches both."""

    def __init__(
        self,
        size: RunSize,
        plan: Plan,
        folder: Path,
        log: Say,
        proxy: Proxy,
        system: System,
        *,
        most_tasks: int | None,
        task_lives: TaskLives,
    ) -> None:
        self.size, self.folder, self.log = size, folder, log
        self.proxy, self.system = proxy, system
        self.fault_log = FaultLog(plan, folder / "faults.jsonl")
        self.ledger = Ledger(task_lives)
        self.outages = Outages(
            seconds=size.outage_seconds, began=time.monotonic(), now=time.monotonic
        )
        self.uploads = Uploads(
            system,
            proxy,
            plan=plan,
            fault_log=self.fault_log,
            ledger=self.ledger,
            folder=folder,
            in_flight=size.in_flight,
            most_tasks=most_tasks,
            outages=self.outages,
        )
        self.oracle = Oracle(system, self.uploads.videos, seed=size.seed)

    def operators(self, *, redrive: bool) -> Operators:
        """Return the operators, whose commands meet the faults too."""
        given = operator_environment(self.system, self.proxy, self.folder)
        return Operators(self.system, *given, redrive=redrive)

    def judge(self) -> tuple[Verdict, tuple[Violation, ...]]:
        """Keep the logs; return what the oracle says, and all broken promises."""
        logs = self.folder / "logs"
        self.system.keep_logs(logs)
        verdict = self.oracle.judge(logs, self.fault_log.disturbed, self.ledger.written)
        self.log(str(verdict))
        return verdict, (
            *self.ledger.violations,
            *outages_not_met(self.fault_log.kinds, self.size.outage_seconds),
            *verdict.violations,
            *check_final_state(self.system, self.uploads.videos),
        )


@contextmanager
def experiment(
    size: RunSize,
    plan: Plan,
    folder: Path,
    say: Say,
    *,
    budgets: Budgets = Budgets.PRODUCTION,
    launch: Launch = Launch.ON_DEMAND,
    most_tasks: int | None = None,
    task_lives: Callable[[System], TaskLives] = lambda _system: lambda _job, _attempt: False,
) -> Iterator[Experiment]:
    """Deploy a system for the context, all faults of the plan laid.

    `folder` is left with the plan, the faults that came about and the cloud's logs.
    """
    plan = spread_over_outages(plan, size.outage_seconds)
    (folder / "plan.txt").write_text("".join(line + "\n" for line in plan.lines()))
    log = timed(say)
    log(f"seed {size.seed}: {plan.size} faults are planned, see {folder}")
    with (
        serving() as proxy,
        deployed(
            proxy, folder, log, launch=launch, budgets=budgets, other_version=size.other_version
        ) as system,
    ):
        lives = task_lives(system)
        yield Experiment(
            size, plan, folder, log, proxy, system, most_tasks=most_tasks, task_lives=lives
        )


def distinct(*violations: Iterable[Violation]) -> tuple[Violation, ...]:
    """Return each broken promise once."""
    return tuple(dict.fromkeys(each for found in violations for each in found))
