"""Gives ECS reasons to stop workers, again and again: fewer are wanted, or other ones."""

import random
from collections.abc import Callable

from local.pool import Pool
from runtime.core.periodic_thread import PeriodicThread

MOST_WORKERS = 4
SECONDS_BETWEEN = (1.0, 3.0)

STARTED_SECONDS = 20.0
"""Workers get at most so long to receive: on a busy machine most would end before they began."""

LOOK_SECONDS = 0.3


class ServiceChurn(PeriodicThread):
    """Within its context, wants another number of workers all the time; deploys when asked.

    Without capacity no worker is wanted, which is what a service without machines looks like.
    `receiving` returns how many living workers have asked for work.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        seed: int,
        receiving: Callable[[], int],
        has_capacity: Callable[[], bool] = lambda: True,
    ) -> None:
        super().__init__("service churn", every_seconds=0.0)
        self._pool = pool
        self._receiving = receiving
        self._has_capacity = has_capacity
        self._rng = random.Random(f"{seed}/churn")
        self._every_seconds = self._rng.uniform(*SECONDS_BETWEEN)
        self._wanted = 0
        self.scalings = 0
        self.deployments = 0

    def deploy(self) -> None:
        """Replace every worker, as a new image would."""
        self._pool.update(forceNewDeployment=True)
        self.deployments += 1

    def once(self) -> bool:
        """Want another number of workers, and await those."""
        # Another number each time; at least one, so that the work gets done.
        some = self._rng.choice([n for n in range(1, MOST_WORKERS + 1) if n != self._wanted])
        self._wanted = some if self._has_capacity() else 0
        self._pool.update(desiredCount=self._wanted)
        self.scalings += 1
        self._await_started()
        self._every_seconds = self._rng.uniform(*SECONDS_BETWEEN)
        return True

    def _await_started(self) -> None:
        for _ in range(int(STARTED_SECONDS / LOOK_SECONDS)):
            service = self._pool.describe()
            started = service["runningCount"] + service["pendingCount"]
            # The scheduler starts those that are wanted only at its next look.
            awaited = max(started, service["desiredCount"])
            if awaited <= self._receiving() or self._over.wait(LOOK_SECONDS):
                return
