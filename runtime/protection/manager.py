"""Runs the lease: one daemon thread makes the calls, sessions come and go from any thread."""

import threading
from collections.abc import Callable

from runtime.core.clock import MonotonicClock, WallClock
from runtime.core.errors import LeaseLost, Retryable
from runtime.core.log import Log
from runtime.core.metrics import Metrics, NoMetrics
from runtime.core.protection import Answer, Failed, ProtectionClient
from runtime.protection import slots as seating
from runtime.protection.keeper import LeaseKeeper
from runtime.protection.lease import FOREVER, Enable, Wait
from runtime.protection.lease_record import Call
from runtime.protection.policy import Policy
from runtime.protection.session import ProcessingSession
from runtime.protection.slots import Slot, SlotState
from runtime.protection.status import Status

ACQUIRE_TIMEOUT_SECONDS = 30.0
CLOSE_TIMEOUT_SECONDS = 10.0
NO_METRICS = NoMetrics()


class ProtectionManager:
    """Keeps this task protected while any session is critical, and not a moment longer.

    `abort` is called with a sentence if the renewal thread dies: it must stop the process, because
    a job that goes on would be unprotected sooner or later. `jitter` returns numbers from 0 to 1.
    """

    def __init__(
        self,
        *,
        client: ProtectionClient,
        policy: Policy,
        monotonic: MonotonicClock,
        wall: WallClock,
        log: Log,
        abort: Callable[[str], None],
        jitter: Callable[[], float],
        metrics: Metrics = NO_METRICS,
        ecs_deployment: bool = True,
        acquire_timeout_seconds: float = ACQUIRE_TIMEOUT_SECONDS,
    ) -> None:
        """Make nothing happen yet; `start` does."""
        self._client = client
        self._monotonic = monotonic
        self._log = log
        self._abort = abort
        self._ecs_deployment = ecs_deployment
        self.acquire_timeout_seconds = acquire_timeout_seconds
        self._keeper = LeaseKeeper(
            policy=policy, monotonic=monotonic, wall=wall, jitter=jitter, log=log, metrics=metrics
        )
        self._sessions: list[ProcessingSession] = []
        self._on_lost: list[Callable[[str, LeaseLost], None]] = []
        self._probes: list[Callable[[], None]] = []
        self._closing_at: float | None = None
        self._thread = threading.Thread(target=self._run, name="task-protection", daemon=True)

    # ------------------------------------------------------------ for the application

    def start(self) -> None:
        """Start the renewal thread; protection stays off until a session is critical."""
        policy = self._keeper.policy
        self._log.info(
            "protection.started",
            policy=policy.name,
            gap_safety_margin_seconds=policy.gap_safety_margin_seconds,
            ecs_deployment=self._ecs_deployment,
        )
        self._thread.start()

    def session(
        self,
        session_id: str,
        *,
        deadline_seconds: float | None = None,
        first_lease_seconds: float | None = None,
    ) -> ProcessingSession:
        """Return a new session, not critical yet.

        With a deadline (the job's own), protection of this session ends at the latest the policy's
        cap margin after it, counted from when it first becomes critical.
        """
        margin = self._keeper.policy.cap_margin_seconds
        session = ProcessingSession(
            session_id=session_id,
            acquire=self._acquire,
            give_up=self._keeper.give_up,
            check=self._keeper.check,
            forget=self._forget,
            now=self._monotonic.monotonic,
            allowed_seconds=FOREVER if deadline_seconds is None else deadline_seconds + margin,
            first_seconds=first_lease_seconds,
        )
        with self._keeper.condition:
            self._sessions.append(session)
        return session

    def on_lost(self, callback: Callable[[str, LeaseLost], None]) -> None:
        """Have `callback(session_id, error)` called, in the renewal thread, for each lost lease."""
        self._on_lost.append(callback)

    def at_each_check(self, probe: Callable[[], None]) -> None:
        """Have `probe` called by the renewal thread before each look at the lease."""
        self._probes.append(probe)

    def force_disable(self, reason: str) -> None:
        """Take protection off now, whatever is running: every job is told `LeaseLost`."""
        self._log.warning("protection.force_disabled", reason=reason)
        self._keeper.lose_all(seating.forced(reason), evict=True)

    def close(self) -> None:
        """End every session, take protection off and stop the thread; returns within seconds."""
        with self._keeper.condition:
            self._closing_at = self._monotonic.monotonic()
            sessions = list(self._sessions)
        self._keeper.lose_all(seating.forced("the process ends"), evict=True)
        for session in sessions:
            session.cleanup()
        if self._thread.is_alive():
            self._thread.join(CLOSE_TIMEOUT_SECONDS)
        else:
            step = self._keeper.begin()
            if isinstance(step, Call):
                self._keeper.finish(step, self._ask(step))
        self._log.info("protection.closed", active=self._keeper.snapshot().active)

    def wake(self) -> None:
        """Have the thread look at the lease now."""
        with self._keeper.condition:
            self._keeper.condition.notify_all()

    @property
    def changed(self) -> threading.Condition:
        """Notified whenever an answer came in or a session came, went or was lost."""
        return self._keeper.condition

    def status(self) -> Status:
        """Return the whole state for health and metrics."""
        with self._keeper.condition:
            open_ids = tuple(session.session_id for session in self._sessions)
        return Status(
            lease=self._keeper.snapshot(),
            ecs_deployment=self._ecs_deployment,
            monitoring=self._thread.is_alive(),
            open_session_ids=open_ids,
        )

    # ------------------------------------------------------------ for sessions

    def _acquire(self, seat: Slot) -> None:
        keeper = self._keeper
        if not self._thread.is_alive():
            raise Retryable(
                "protection.not_running",
                f"Session {seat.session_id} gets no protection: the renewal thread does not run.",
                "Its job stays in the queue; another task takes it.",
            )
        keeper.take(seat)
        with keeper.condition:
            keeper.condition.wait_for(
                lambda: seat.state is not SlotState.WAITING or keeper.hopeless() is not None,
                self.acquire_timeout_seconds,
            )
            waiting, hopeless = seat.state is SlotState.WAITING, keeper.hopeless()
        keeper.check(seat)
        if not waiting:
            return
        if hopeless is not None:
            raise hopeless
        raise Retryable(
            "protection.unavailable",
            f"Session {seat.session_id} got no protection within "
            f"{self.acquire_timeout_seconds:.0f} s: {keeper.snapshot().last_error}.",
            "Its job is not started and stays in the queue. "
            "Run `python -m runtime.protection check` in the task.",
        )

    def _forget(self, session: ProcessingSession) -> None:
        with self._keeper.condition:
            if session in self._sessions:
                self._sessions.remove(session)

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        try:
            while self._step():
                pass
        except BaseException as error:  # noqa: BLE001 - whatever killed it, the process must end
            self._log.error("protection.thread_died", error=repr(error))
            self._keeper.lose_all(seating.died())
            self._abort(f"the thread that renews task protection died: {error!r}")

    def _step(self) -> bool:
        """Do one thing: a call, or a wait. Return whether to go on."""
        for probe in self._probes:
            probe()
        step = self._keeper.begin()
        self._tell_lost()
        if isinstance(step, Call):
            self._keeper.finish(step, self._ask(step))
            self._tell_lost()
            return not self._gave_up_closing()
        return self._wait(step)

    def _wait(self, step: Wait) -> bool:
        with self._keeper.condition:
            # Asked again under the lock: a session may have come since, and its notice with it.
            if not isinstance(self._keeper.peek(), Wait):
                return True
            if self._closing_at is not None and step.until == FOREVER:
                return False
            seconds = step.until - self._monotonic.monotonic()
            self._keeper.condition.wait(None if seconds == FOREVER else max(0.0, seconds))
        return not self._gave_up_closing()

    def _gave_up_closing(self) -> bool:
        closing = self._closing_at
        return closing is not None and self._monotonic.monotonic() - closing > CLOSE_TIMEOUT_SECONDS

    def _ask(self, call: Call) -> Answer:
        try:
            if isinstance(call.action, Enable):
                return self._client.enable(call.action.minutes)
            return self._client.disable()
        except Exception as error:  # noqa: BLE001 - a client's fault must not end the renewals
            return Failed("client_raised", repr(error), uncertain=True)

    def _tell_lost(self) -> None:
        for seat in self._keeper.newly_lost():
            for callback in self._on_lost:
                if seat.error is None:
                    continue
                try:
                    callback(seat.session_id, seat.error)
                except Exception as error:  # noqa: BLE001 - a listener must not end the renewals
                    self._log.error("protection.listener_failed", error=repr(error))
