"""Gives ECS reasons to stop workers, again and again: fewer are wanted, or other ones."""

import random
import threading
from collections.abc import Callable

from local.pool import Pool

MOST_WORKERS = 4
SECONDS_BETWEEN = (1.0, 3.0)

STARTED_SECONDS = 20.0
"""Workers get at most so long to receive: on a busy machine most would end before they began."""

LOOK_SECONDS = 0.3


class ServiceChurn:
    """Wants another number of workers all the time, and two deployments on the way.

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
        self._pool = pool
        self._receiving = receiving
        self._has_capacity = has_capacity
        self._rng = random.Random(f"{seed}/churn")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.scalings = 0
        self.deployments = 0

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Want nothing more."""
        self._stop.set()
        self._thread.join()

    def deploy(self) -> None:
        """Replace every worker, as a new image would."""
        self._pool.update(forceNewDeployment=True)
        self.deployments += 1

    def _run(self) -> None:
        wanted = 0
        while not self._stop.wait(self._rng.uniform(*SECONDS_BETWEEN)):
            # Another number each time; at least one, so that the work gets done.
            some = self._rng.choice([n for n in range(1, MOST_WORKERS + 1) if n != wanted])
            wanted = some if self._has_capacity() else 0
            self._pool.update(desiredCount=wanted)
            self.scalings += 1
            self._await_started()

    def _await_started(self) -> None:
        for _ in range(int(STARTED_SECONDS / LOOK_SECONDS)):
            service = self._pool.describe()
            started = service["runningCount"] + service["pendingCount"]
            # The scheduler starts those that are wanted only at its next look.
            awaited = max(started, service["desiredCount"])
            if awaited <= self._receiving() or self._stop.wait(LOOK_SECONDS):
                return
