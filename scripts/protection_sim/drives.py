"""What is driven beside the keeper: manager, sessions, worker loop and a server that counts."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runtime.protection.testing.simulation.records import ScheduleResult
from runtime.protection.testing.simulation.schedule import (
    Schedule,
    draw_crowded,
    draw_short,
    strained,
)
from runtime.protection.testing.simulation.search import Total
from runtime.protection.testing.simulation.server import ServerSimulation
from runtime.protection.testing.simulation.sessions import SessionSimulation
from runtime.protection.testing.simulation.task import Watch
from scripts.protection_sim.worker_loop import WorkerSimulation

SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """One way to play schedules, in which every so manyth is played.

    With `gaps` allowed, jobs look at their lease too rarely to be without a gap; then none of them
    may end unaware of one.
    """

    name: str
    draw: Callable[[int], Schedule]
    run: Callable[[Schedule, Watch | None], tuple[ScheduleResult, int]]
    every: int
    gaps: bool = False

    def play(self, seeds: Sequence[int]) -> bool:
        """Play the schedules, print the sums, and return whether every promise was kept."""
        began = time.monotonic()
        sums, unnoticed, jobs_lost, bad = Total(), 0, 0, []
        for seed in seeds:
            outcome, lost = self.run(self.draw(seed), None)
            sums.add(outcome)
            unnoticed += outcome.unnoticed
            jobs_lost += lost
            broken = outcome.unnoticed or outcome.held_idle or outcome.over_cap or lost
            broken = broken or (outcome.calm and outcome.lost)
            if broken or (outcome.gaps and not self.gaps):
                bad.append(seed)
        print(
            f"{self.name}: schedules {len(seeds)}, gaps {sums.gaps} (unnoticed {unnoticed}), "
            f"held while idle {sums.held_idle}, beyond a cap {sums.over_cap}, "
            f"jobs lost {jobs_lost}; turned away {sums.turned_away}, "
            f"lost their lease {sums.lost}; {time.monotonic() - began:.0f} s"
        )
        for seed in bad[:SHOWN]:
            print(f"  replay it: --only {self.name!r} --replay {seed}")
        return not bad


def _sessions(schedule: Schedule, watch: Watch | None) -> tuple[ScheduleResult, int]:
    return SessionSimulation(schedule, watch=watch).run(), 0


def _worker(schedule: Schedule, watch: Watch | None) -> tuple[ScheduleResult, int]:
    simulation = WorkerSimulation(schedule, watch=watch)
    return simulation.run(), len(simulation.lost)


def _server(schedule: Schedule, watch: Watch | None) -> tuple[ScheduleResult, int]:
    simulation = ServerSimulation(schedule, watch=watch)
    return simulation.run(), simulation.stuck


DRIVES = (
    Drive(name="manager and sessions", draw=draw_short, run=_sessions, every=10),
    Drive(
        name="with stalls beyond every margin",
        draw=lambda seed: strained(draw_short(seed), polls=False),
        run=_sessions,
        every=10,
    ),
    Drive(
        name="with rare polls as well",
        draw=lambda seed: strained(draw_short(seed), polls=True),
        run=_sessions,
        every=10,
        gaps=True,
    ),
    Drive(name="worker loop", draw=draw_short, run=_worker, every=10),
    Drive(name="server that counts its jobs", draw=draw_crowded, run=_server, every=10),
)
