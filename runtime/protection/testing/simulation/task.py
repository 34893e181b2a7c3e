"""A simulated task: the real manager in virtual time, an ECS behind it, and the audit of both."""

from collections.abc import Callable
from random import Random
from typing import Any

from ...answers import Answer, Failed
from ...lease import FOREVER, Disable, Enable, Read
from ...lease_record import Call
from ...manager import ProtectionManager
from ...ports import ActionLog, Reports
from .audit import Audit
from .records import ProtectionLimit, QuietLog, ScheduleResult, Worker
from .schedule import Schedule
from .virtual_threads import VirtualThreads
from .world import Ecs, Flight, VirtualTime

PREEMPTION = 0.05
PREEMPTED_SECONDS = 1.0
SHORTEST_LEASE_SECONDS = 60.0

Watch = Callable[[str, float, dict[str, Any]], None]


class SimulatedTask:
    """One task of a schedule. `manager` is the real one; `workers` are the jobs that want it.

    `log` gets the manager's lines.
    """

    def __init__(
        self, schedule: Schedule, *, watch: Watch | None = None, log: ActionLog | None = None
    ) -> None:
        self.schedule = schedule
        self.random = Random(schedule.seed ^ 0x7A5C)
        self.time = VirtualTime(wall_offset=schedule.wall_offset)
        self.threads = VirtualThreads(self.time, preempts=self._preempts)
        self.ecs = Ecs(schedule, self.random)
        self.outcome = ScheduleResult(schedule.seed, schedule.calm)
        self.workers: list[Worker] = []
        self.calling = False
        self._closed_at = FOREVER
        self._watch = watch
        self.audit = Audit(
            policy=schedule.policy,
            ecs=self.ecs,
            time=self.time,
            outcome=self.outcome,
            note=self.note,
        )
        self.manager = ProtectionManager(
            client=self,
            policy=schedule.policy,
            monotonic=self.time,
            wall=self.time,
            reports=Reports(log=QuietLog() if log is None else log),
            abort=self._abort,
            jitter=self.random.random,
            threads=self.threads,
        )
        for at, offset in schedule.wall_jumps:
            self.threads.at(at, lambda offset=offset: self._jump(offset))  # type: ignore[misc]

    def finish(self) -> ScheduleResult:
        """Play everything and return what happened."""
        self.threads.run()
        self.audit.look_at_idle(min(self.ecs.protected_until, self._closed_at))
        self.outcome.add_calls(self.manager.status().lease.counters)
        return self.outcome

    def close(self) -> None:
        """Close the manager; the task ends with it, and with the task all protection."""
        self.manager.close()
        self._closed_at = self.time.at

    def note(self, kind: str, **fields: Any) -> None:
        """Pass an event to the watcher."""
        if self._watch is not None:
            self._watch(kind, self.time.at, fields)

    # ------------------------------------------------------------ the client of ECS

    def enable(self, minutes: int) -> Answer:
        """Protect the task, as `ProtectionClient`."""
        return self._call(Enable(minutes=minutes, renewal=False))

    def disable(self) -> Answer:
        """End its protection."""
        return self._call(Disable())

    def read(self) -> Answer:
        """Read whether it is protected."""
        return self._call(Read())

    def _call(self, action: Enable | Disable | Read) -> Answer:
        self.calling = True
        horizon = max(
            (worker.slot.cap_at for worker in self.workers if worker.slot.live), default=FOREVER
        )
        limit = ProtectionLimit(horizon + SHORTEST_LEASE_SECONDS, self.time.at)
        self._stall()
        flight = self.ecs.send(Call(action, self.time.at), self.time.at)
        if flight.lands_at is not None:
            lands_in = flight.lands_at - self.time.at
            self.threads.at(lands_in, lambda: self._land(action, flight, limit))
        self.threads.sleep(flight.returns_at - self.time.at)
        self._stall()
        if isinstance(flight.answer, Failed):
            self.note("failed", code=flight.answer.code)
        if not flight.clean or isinstance(action, Enable):
            self.audit.excuse(self.time.at)
        self.calling = False
        return flight.answer

    def _land(
        self, action: Enable | Disable | Read, flight: Flight, limit: ProtectionLimit
    ) -> None:
        if self.time.at > self._closed_at:
            return
        if isinstance(action, Read):
            flight.answer = self.ecs.state(self.time.at)
        elif isinstance(action, Enable) and flight.seconds is not None:
            self.note("on", seconds=flight.seconds)
            self.audit.protection_set(self.time.at + flight.seconds, limit, self.workers)
        else:
            self.note("off")
            self.audit.protection_cleared()

    def _stall(self) -> None:
        schedule = self.schedule
        if schedule.stalling and self.random.random() < schedule.stalling:
            stall = self.random.uniform(0, schedule.longest_stall)
            self.audit.excuse(self.time.at + stall)
            self.threads.sleep(stall)

    def _preempts(self) -> float:
        if self.random.random() < PREEMPTION:
            return self.random.uniform(0, PREEMPTED_SECONDS)
        return 0.0

    def _jump(self, offset: float) -> None:
        self.time.wall_offset = offset
        self.note("wall clock jumps", offset=offset)

    def _abort(self, why: str) -> None:
        if not self.threads.over:
            raise RuntimeError(why)
