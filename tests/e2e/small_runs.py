"""Sizes and seeds of the chaos that `make test` runs.

The seeds are chosen for plans that lay every kind of fault on few jobs.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SmallRun:
    """Its plan is drawn from a seed and a number of jobs."""

    seed: int
    jobs: int


ON_DEMAND = {
    "production": SmallRun(seed=21_885, jobs=8),
    "redrive": SmallRun(seed=11_854, jobs=4),
}
"""By the budgets of retries."""

POOL = SmallRun(seed=31_151, jobs=4)
