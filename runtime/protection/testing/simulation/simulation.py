"""Plays one schedule: the real keeper, slots and policy; simulated thread, jobs, clocks and ECS."""

import heapq
from collections.abc import Callable
from functools import partial
from itertools import count
from random import Random
from typing import Any

from ... import errors
from ...errors import ProtectionLostError
from ...keeper import LeaseKeeper
from ...lease import FOREVER, Disable, Enable, Read, Wait
from ...lease_record import Call
from ...manager import ACQUIRE_TIMEOUT_SECONDS
from ...ports import Monotonic, Reports
from ...slots import Slot, SlotState, live_slots
from .audit import Audit
from .records import ProtectionLimit, QuietLog, ScheduleResult, Worker
from .schedule import Job, Schedule
from .world import Ecs, Flight, VirtualTime


class Simulation:
    """Plays a schedule event by event.

    `clock` is what the keeper uses as the monotonic clock, `jitter` its random numbers.
    `watch(kind, time, fields)` is called with each event.
    """

    def __init__(
        self,
        schedule: Schedule,
        *,
        clock: Callable[[VirtualTime], Monotonic] = lambda time: time,
        watch: Callable[[str, float, dict[str, Any]], None] | None = None,
        jitter: Callable[[], float] | None = None,
    ) -> None:
        self._schedule = schedule
        self._random = Random(schedule.seed ^ 0x5EED)
        self._time = VirtualTime(wall_offset=schedule.wall_offset)
        self._clock = clock(self._time)
        self._watch = watch
        self._ecs = Ecs(schedule, self._random)
        self._keeper = LeaseKeeper(
            policy=schedule.policy,
            monotonic=self._clock,
            wall=self._time,
            jitter=jitter or self._random.random,
            reports=Reports(log=QuietLog()),
        )
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._workers: list[Worker] = []
        self._busy = False
        self._wake_number = 0
        self.outcome = ScheduleResult(schedule.seed, schedule.calm)
        self._audit = Audit(
            policy=schedule.policy,
            ecs=self._ecs,
            time=self._time,
            outcome=self.outcome,
            note=self._note,
        )

    def run(self) -> ScheduleResult:
        """Play to the end and return what happened."""
        schedule = self._schedule
        for number, job in enumerate(schedule.jobs):
            self._at(job.arrives, partial(self._arrive, number, job))
        for at, offset in schedule.wall_jumps:
            self._at(at, partial(self._jump, offset))
        if schedule.force_at is not None:
            self._at(schedule.force_at, self._force)
        while self._heap:
            self._time.at, _, event = heapq.heappop(self._heap)
            event()
        self._audit.look_at_idle(self._ecs.protected_until)
        self.outcome.add_calls(self._keeper.snapshot().counters)
        return self.outcome

    # ------------------------------------------------------------ jobs

    def _arrive(self, number: int, job: Job) -> None:
        self._audit.job_arrived()
        now = self._clock.monotonic()
        worker = Worker(number, job, Slot(session_id=str(number), cap_at=now + job.cap))
        self._workers.append(worker)
        self._keeper.acquire(worker.slot)
        self._at(self._time.at + ACQUIRE_TIMEOUT_SECONDS, partial(self._stop_waiting, worker))
        self._note("wants", job=number)
        self._look_at_slots()
        self._kick()

    def _start(self, worker: Worker) -> None:
        self.outcome.started += 1
        self._note("starts", job=worker.number)
        self._audit.started(worker)
        if not worker.job.stuck:
            self._at(self._time.at + worker.job.lasts, partial(self._end, worker))
        self._poll_later(worker)

    def _poll_later(self, worker: Worker) -> None:
        # Looking at every step shows nothing before this time, so the steps up to it are left out.
        safe_for = self._keeper.safe_until(worker.slot) - self._clock.monotonic()
        self._poll_at(worker, self._time.at + max(0.0, safe_for))

    def _poll_at(self, worker: Worker, at: float) -> None:
        at += self._random.uniform(0, worker.job.poll)
        if at < worker.polls_at:
            worker.polls_at = at
            self._at(at, partial(self._poll, worker))

    def _poll(self, worker: Worker) -> None:
        if worker.lost or worker not in self._workers or self._time.at < worker.polls_at:
            return
        worker.polls_at = FOREVER
        try:
            self._keeper.check(worker.slot)
        except ProtectionLostError:
            self._lose_lease(worker)
            self._look_at_slots()
        else:
            self._poll_later(worker)

    def _lose_lease(self, worker: Worker) -> None:
        """Let the job leave: it checkpoints, still protected, then lets go."""
        if worker.lost:
            return
        worker.lost = True
        self.outcome.lost += 1
        self._note("lease lost", job=worker.number)
        at = self._time.at + worker.job.checkpoint
        self._at(at, partial(self._stop_counting if worker.job.stuck else self._end, worker))

    def _stop_counting(self, worker: Worker) -> None:
        """Stop counting a stuck job that works on: it lost its lease and had its time."""
        self._audit.ended(worker)

    def _end(self, worker: Worker) -> None:
        if worker not in self._workers:
            return
        self._audit.ended(worker)
        self._workers.remove(worker)
        self._keeper.release(worker.slot)
        if not worker.lost:
            self.outcome.finished += 1
        self._note("ends", job=worker.number)
        self._audit.job_left(self._workers, calling=self._busy)
        self._kick()

    def _stop_waiting(self, worker: Worker) -> None:
        if worker.slot.state is SlotState.WAITING and worker in self._workers:
            self._turn_away(worker)

    def _turn_away(self, worker: Worker) -> None:
        self._workers.remove(worker)
        self._keeper.release(worker.slot)
        self.outcome.turned_away += 1
        self._note("turned away", job=worker.number)
        self._audit.job_left(self._workers, calling=self._busy)
        self._kick()

    def _look_at_slots(self) -> None:
        for worker in list(self._workers):
            state = worker.slot.state
            if not worker.accountable and not worker.lost:
                if state is SlotState.HELD:
                    self._start(worker)
                elif state is not SlotState.WAITING:
                    self._turn_away(worker)

    def _notice_lost_slots(self) -> None:
        """Let jobs notice the event that the thread has set for lost slots."""
        for slot in self._keeper.newly_lost():
            for worker in self._workers:
                if worker.slot is slot and worker.accountable:
                    self._poll_at(worker, self._time.at)

    # ------------------------------------------------------------ the renewal thread

    def _kick(self) -> None:
        if not self._busy:
            self._step_at(self._time.at + self._stall())

    def _step_at(self, at: float) -> None:
        self._wake_number += 1
        self._at(at, partial(self._wake, self._wake_number))

    def _wake(self, number: int) -> None:
        if number == self._wake_number and not self._busy:
            self._step()

    def _step(self) -> None:
        step = self._keeper.begin()
        self._notice_lost_slots()
        self._look_at_slots()
        if isinstance(step, Wait):
            if step.until < FOREVER:
                wait = max(0.0, step.until - self._clock.monotonic())
                self._step_at(self._time.at + wait + self._stall())
            return
        self._busy = True
        live = live_slots(worker.slot for worker in self._workers)
        horizon = max((slot.cap_at for slot in live), default=FOREVER)
        # A minute is the shortest lease there is, and it counts from when the call lands.
        limit = ProtectionLimit(horizon + 60.0, self._time.at)
        self._at(self._time.at + self._stall(), partial(self._send, step, limit))

    def _send(self, call: Call, limit: ProtectionLimit) -> None:
        flight = self._ecs.send(call, self._time.at)
        if flight.lands_at is not None:
            self._at(flight.lands_at, partial(self._land, call.action, flight, limit))
        self._at(flight.returns_at + self._stall(), partial(self._return, call, flight))

    def _land(
        self, action: Enable | Disable | Read, flight: Flight, limit: ProtectionLimit
    ) -> None:
        if isinstance(action, Read):
            flight.answer = self._ecs.state(self._time.at)
            self._note("read", answer=type(flight.answer).__name__)
        elif isinstance(action, Enable) and flight.seconds is not None:
            self._note("on", seconds=flight.seconds, renewal=action.renewal)
            self._audit.protection_set(self._time.at + flight.seconds, limit, self._workers)
        else:
            self._note("off")
            self._audit.protection_cleared()

    def _return(self, call: Call, flight: Flight) -> None:
        self._keeper.finish(call, flight.answer)
        if not flight.clean:
            self._note("failed", answer=type(flight.answer).__name__)
        if not flight.clean or isinstance(call.action, Enable):
            self._audit.excuse(self._time.at)
        self._busy = False
        for worker in self._workers:
            if worker.accountable and not worker.lost:
                self._poll_later(worker)  # the lease may have become shorter
        self._notice_lost_slots()
        self._look_at_slots()
        self._step()

    def _stall(self) -> float:
        schedule = self._schedule
        if schedule.stalling and self._random.random() < schedule.stalling:
            stall = self._random.uniform(0, schedule.longest_stall)
            self._audit.excuse(self._time.at + stall)
            return stall
        return 0.0

    # ------------------------------------------------------------ faults from outside

    def _jump(self, offset: float) -> None:
        self._time.wall_offset = offset
        self._note("wall clock jumps", offset=offset)

    def _force(self) -> None:
        self._note("forced off")
        self._keeper.revoke_all(errors.forced("simulated"), evict=True)
        for worker in list(self._workers):
            self._audit.ended(worker)
            worker.lost = worker.lost or worker.job.stuck
        self._notice_lost_slots()
        self._look_at_slots()
        self._audit.job_left(self._workers, calling=self._busy)
        self._kick()

    # ------------------------------------------------------------ events

    def _at(self, at: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (max(at, self._time.at), next(self._order), event))

    def _note(self, kind: str, **fields: Any) -> None:
        if self._watch is not None:
            self._watch(kind, self._time.at, fields)
