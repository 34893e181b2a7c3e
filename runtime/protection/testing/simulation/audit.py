"""What must hold: no job without protection, no protection without a job, none beyond a cap."""

from collections.abc import Callable, Iterable

from ...policy import MINUTE, Policy
from ...slots import SlotState
from .records import Gap, ProtectionLimit, ScheduleResult, Worker
from .schedule import API_TIMEOUT_SECONDS
from .world import Ecs, VirtualTime

EPSILON = 1e-6


class Audit:
    """Compares what jobs and the keeper believe with ECS's truth, whenever either changes."""

    def __init__(
        self,
        *,
        policy: Policy,
        ecs: Ecs,
        time: VirtualTime,
        outcome: ScheduleResult,
        note: Callable[..., None],
    ) -> None:
        self._allowed = min(policy.check_interval_seconds, MINUTE) + API_TIMEOUT_SECONDS
        self._ecs = ecs
        self._time = time
        self._outcome = outcome
        self._note = note
        self._idle_since: float | None = 0.0
        self._excused_until = 0.0
        self._on_since = 0.0

    def started(self, worker: Worker) -> None:
        """Count missing protection from now until the job ends or has lost its lease."""
        worker.accountable = True
        worker.since = self._time.at
        if self._ecs.protected_until < self._time.at - EPSILON:
            self._gap(worker, self._time.at)

    def ended(self, worker: Worker) -> None:
        """Look back on a job that stops working, or had its time to."""
        if worker.accountable:
            self._account(worker)
            worker.accountable = False

    def protection_set(
        self, until: float, limit: ProtectionLimit, workers: Iterable[Worker]
    ) -> None:
        """Let ECS carry out a request to protect."""
        for worker in workers:
            if worker.accountable:
                self._account(worker)
        self.look_at_idle(min(self._time.at, self._ecs.protected_until))
        if self._ecs.protected_until < self._time.at:
            self._on_since = self._time.at
        self._ecs.protected_until = until
        if until > limit.until + (self._time.at - limit.decided_at):
            self._outcome.over_cap += 1
            self._note("OVER CAP")

    def protection_cleared(self) -> None:
        """Let ECS carry out a request to stop protecting."""
        self.look_at_idle(min(self._time.at, self._ecs.protected_until))
        self._ecs.protected_until = min(self._time.at, self._ecs.protected_until)

    def excuse(self, until: float) -> None:
        """Count idle protection only after `until`: a call failed, or the thread stood still."""
        self._excused_until = max(self._excused_until, until)

    def job_arrived(self) -> None:
        """Stop counting idle time: a job wants protection."""
        self.look_at_idle(min(self._time.at, self._ecs.protected_until))
        self._idle_since = None

    def job_left(self, workers: Iterable[Worker], *, calling: bool) -> None:
        """Start counting idle time if no job is left; `calling` while a call is under way."""
        if self._idle_since is None and all(
            worker.slot.state is SlotState.EVICTED for worker in workers
        ):
            self._idle_since = self._time.at
            self.excuse(self._time.at + (API_TIMEOUT_SECONDS if calling else 0.0))

    def look_at_idle(self, until: float) -> None:
        """Look whether protection outlasted its use by more than a check interval and a call."""
        if self._idle_since is None:
            return
        since = max(self._idle_since, self._excused_until, self._on_since)
        if until - since > self._allowed:
            self._outcome.held_idle.append((since, until))
            self._note("HELD WHILE IDLE", since=since)

    def _account(self, worker: Worker) -> None:
        if self._ecs.protected_until < self._time.at - EPSILON:
            self._gap(worker, max(worker.since, self._ecs.protected_until))
        worker.since = self._time.at

    def _gap(self, worker: Worker, start: float) -> None:
        self._outcome.gaps.append(Gap(worker.number, start, self._time.at))
        self._note("GAP", job=worker.number, start=start)
