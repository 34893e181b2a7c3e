"""One run from its plan to its report."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chaos.command import Say
from chaos.fault_log import FaultLog
from chaos.ledger import Breach, Ledger, Violation
from chaos.operators import Operators
from chaos.oracle.verdict import Oracle
from chaos.outages import Outages, outages_not_met, spread_over_outages
from chaos.plan import draw_plan
from chaos.pollers import polls_stopped_in_outages
from chaos.proxy import Proxy, serving
from chaos.report import RunReport, check_final_state
from chaos.system import Budgets, System, deployed, operator_environment
from chaos.uploads import Uploads, counted, timed
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
class RunSize:
    """How much a run does. `bound_seconds` is for one job, `limit_seconds` for all of them."""

    jobs: int
    seed: int
    in_flight: int
    bound_seconds: float
    limit_seconds: float
    budgets: Budgets = Budgets.PRODUCTION
    outage_seconds: float = 0.0
    other_version: str | None = None


def run(size: RunSize, folder: Path, say: Say) -> RunReport:
    """Run once; `folder` is left with the plan, the faults that came about and the cloud's logs."""
    plan = spread_over_outages(draw_plan(size.seed, size.jobs), size.outage_seconds)
    (folder / "plan.txt").write_text("".join(line + "\n" for line in plan.lines()))
    fault_log = FaultLog(plan, folder / "faults.jsonl")
    log = timed(say)
    log(f"seed {size.seed}: {plan.size} faults are planned, see {folder}")
    with (
        serving() as proxy,
        deployed(
            proxy, folder, log, budgets=size.budgets, other_version=size.other_version
        ) as system,
    ):
        ledger = Ledger(_task_lives(system))
        outages = Outages(seconds=size.outage_seconds, began=time.monotonic(), now=time.monotonic)
        uploads = Uploads(
            system,
            proxy,
            plan=plan,
            fault_log=fault_log,
            ledger=ledger,
            folder=folder,
            in_flight=size.in_flight,
            # Spread over outages, they have their times.
            most_tasks=None if size.outage_seconds else MOST_TASKS,
            outages=outages,
        )
        oracle = Oracle(system, uploads.videos, seed=size.seed)
        oracle.start()
        with (
            polls_stopped_in_outages(system, outages),
            _operating(system, proxy, folder, redrive=size.budgets is Budgets.REDRIVE) as operators,
        ):
            progress = _Progress(size, system, uploads)
            for line in progress.lines(fault_log, ledger):
                log(line)
            uploads.stop()
        oracle.stop()
        log(
            f"{operators.sweeps} sweeps, {operators.redrives} redrives, "
            f"{uploads.traffic.sent} extra messages, {uploads.people.acts} acts of people, "
            f"{ledger.manifests} manifests written; {counted(fault_log.kinds)}"
        )
        system.keep_logs(folder / "logs")
        verdict = oracle.judge(folder / "logs", fault_log.disturbed, ledger.written)
        log(str(verdict))
        found = (
            *ledger.violations,
            *progress.late,
            *outages_not_met(fault_log.kinds, size.outage_seconds),
            *verdict.violations,
            *check_final_state(system, uploads.videos),
        )
    return RunReport(jobs=size.jobs, faults=fault_log.count, violations=tuple(dict.fromkeys(found)))


@contextmanager
def _operating(system: System, proxy: Proxy, folder: Path, *, redrive: bool) -> Iterator[Operators]:
    operators = Operators(system, *operator_environment(system, proxy, folder), redrive=redrive)
    operators.start()
    try:
        yield operators
    finally:
        operators.stop()


class _Progress:
    """Uploads as jobs end, and polls until nothing is left or time is up."""

    def __init__(self, size: RunSize, system: System, uploads: Uploads) -> None:
        self._size = size
        self._system = system
        self._uploads = uploads
        self._deadline = time.monotonic() + size.limit_seconds
        self.late: list[Violation] = []

    def lines(self, fault_log: FaultLog, ledger: Ledger) -> Iterator[str]:
        """Work to the end, yielding a line of progress now and then, and each broken promise."""
        said = 0.0
        reported = 0
        quiet = 0
        while quiet < QUIET_LOOKS and time.monotonic() < self._deadline:
            self._look()
            quiet = quiet + 1 if self._settled() else 0
            broken = (*ledger.violations, *self.late)
            yield from map(str, broken[reported:])
            reported = len(broken)
            if time.monotonic() - said >= SAY_SECONDS:
                said = time.monotonic()
                yield self._progress(fault_log)
            time.sleep(LOOK_SECONDS)
        yield self._progress(fault_log)

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

    def _progress(self, fault_log: FaultLog) -> str:
        ended = self._uploads.ended
        return (
            f"{ended.total()} of {self._size.jobs} ended ({counted(ended) or 'none'}), "
            f"{len(self._uploads.open)} under way, {fault_log.count} faults; "
            f"left: {counted(self._left())}"
        )


def _task_lives(system: System) -> Callable[[str, int], bool]:
    ecs, cluster = system.cloud.client("ecs"), system.outputs[Output.CLUSTER]

    def lives(job_id: str, attempt: int) -> bool:
        arns = ecs.list_tasks(cluster=cluster, startedBy=f"{job_id}-{attempt}")["taskArns"]
        tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
        now = time.time()
        return any(now - task["createdAt"].timestamp() > OLD_ENOUGH_SECONDS for task in tasks)

    return lives
