"""Report of a pool run: what was counted, and whether every promise was kept."""

from dataclasses import dataclass

from chaos.command import Report
from chaos.ledger import Breach, Violation, broken_by_kind
from chaos.pool.log_audit import WorkerStops

CHECK_INTERVAL_SECONDS = 60.0
CALL_SECONDS = 5.0
"""The gap-free policy's check interval, and the longest call of its client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolReport(Report):
    """`idle_gone_seconds` is how long the last idle workers stayed once none was wanted.

    `stops` is what the workers logged, `killed` how often a scheduler's stop fell into a job by the
    records of tasks and jobs.
    """

    jobs: int
    stops: WorkerStops
    killed: int
    deployments: int
    violations: tuple[Violation, ...]
    idle_gone_seconds: float

    @property
    def kept(self) -> bool:
        """Whether no worker was stopped at work, and nothing lost, doubled or held back.

        False if no worker was stopped: such a run proves nothing.
        """
        return (
            bool(self.stops.all)
            and not self.stops.at_work
            and not self.killed
            and not self.violations
            and self.idle_gone_seconds <= CHECK_INTERVAL_SECONDS + CALL_SECONDS
        )

    def __str__(self) -> str:
        """Return the closing line."""
        broken = broken_by_kind(self.violations)
        others = "".join(
            f", {what} {broken[breach]}"
            for breach, what in ((Breach.STUCK, "stuck"), (Breach.RULE, "rules broken"))
            if broken[breach]
        )
        killed = max(self.stops.at_work, self.killed)
        return (
            f"jobs {self.jobs}, workers stopped {self.stops.all}, deployments {self.deployments}, "
            f"killed at work {killed} (cut short {self.stops.cut_short}), "
            f"killed while protected {self.stops.protected}, lost {broken[Breach.LOST]}, "
            f"published twice {broken[Breach.TWICE]}{others}, "
            f"idle tasks gone within {self.idle_gone_seconds:.1f} s"
        )
