"""Runs the lease: one daemon thread calls ECS; sessions are made from any thread."""

from collections.abc import Callable

from . import errors
from .answers import Answer, Failed, ProtectionClient
from .errors import ProtectionLostError, ProtectionUnavailableError
from .keeper import LeaseKeeper
from .lease import FOREVER, Enable, Read, Wait
from .lease_record import Call
from .policy import Policy
from .ports import Condition, Monotonic, Reports, SystemThreads, Threads, Wall
from .session import ProcessingSession
from .slots import Slot, SlotState
from .status import Status

ACQUIRE_TIMEOUT_SECONDS = 90.0
"""Longer than a lost call takes to settle, so that a job waits instead of going back."""
CLOSE_TIMEOUT_SECONDS = 10.0


class ProtectionManager:
    """Keeps this task protected exactly while a session is critical.

    `abort` is called with the reason if the renewal thread dies; it must stop the process, because
    a running job would lose its protection. `jitter` returns numbers from 0 to 1. With
    `required`, no session starts where ECS says that this task cannot be protected, and the process
    is unhealthy.
    """

    def __init__(
        self,
        *,
        client: ProtectionClient,
        policy: Policy,
        monotonic: Monotonic,
        wall: Wall,
        reports: Reports,
        abort: Callable[[str], None],
        jitter: Callable[[], float],
        ecs_deployment: bool = True,
        required: bool = False,
        acquire_timeout_seconds: float = ACQUIRE_TIMEOUT_SECONDS,
        threads: Threads | None = None,
    ) -> None:
        threads = SystemThreads() if threads is None else threads
        self._client = client
        self._monotonic = monotonic
        self._log = reports.log
        self._abort = abort
        self._ecs_deployment = ecs_deployment
        self.acquire_timeout_seconds = acquire_timeout_seconds
        self._keeper = LeaseKeeper(
            policy=policy,
            monotonic=monotonic,
            wall=wall,
            jitter=jitter,
            reports=reports,
            required=required,
            condition=threads.condition(),
        )
        self._sessions: list[ProcessingSession] = []
        self._on_lost: list[Callable[[str, ProtectionLostError], None]] = []
        self._probes: list[Callable[[], None]] = []
        self._closing_at: float | None = None
        self._thread = threads.thread(self._run, name="task-protection")

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
            release=self._keeper.release,
            check=self._keeper.check,
            forget=self._forget,
            now=self._monotonic.monotonic,
            allowed_seconds=FOREVER if deadline_seconds is None else deadline_seconds + margin,
            first_seconds=first_lease_seconds,
        )
        with self._keeper.condition:
            self._sessions.append(session)
        return session

    def on_lost(self, callback: Callable[[str, ProtectionLostError], None]) -> None:
        """Call `callback(session_id, error)` in the renewal thread for each lost session."""
        self._on_lost.append(callback)

    def at_each_check(self, probe: Callable[[], None]) -> None:
        """Call `probe` in the renewal thread before each check of the lease."""
        self._probes.append(probe)

    def force_disable(self, reason: str) -> None:
        """End protection now; every session is revoked with `ProtectionLostError`."""
        self._log.warning("protection.force_disabled", reason=reason)
        self._keeper.revoke_all(errors.forced(reason), evict=True)

    def close(self) -> None:
        """End every session, disable protection and stop the thread, within seconds."""
        with self._keeper.condition:
            self._closing_at = self._monotonic.monotonic()
            sessions = list(self._sessions)
        self._keeper.revoke_all(errors.forced("the process ends"), evict=True)
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
        """Have the thread check the lease now."""
        with self._keeper.condition:
            self._keeper.condition.notify_all()

    @property
    def changed(self) -> Condition:
        """Notified of every answer and of every session that starts, ends or is lost."""
        return self._keeper.condition

    def status(self) -> Status:
        """Return the state for health checks and metrics."""
        with self._keeper.condition:
            open_ids = tuple(session.session_id for session in self._sessions)
        return Status(
            lease=self._keeper.snapshot(),
            ecs_deployment=self._ecs_deployment,
            monitoring=self._thread.is_alive(),
            open_session_ids=open_ids,
        )

    # ------------------------------------------------------------ for sessions

    def _acquire(self, slot: Slot) -> None:
        keeper = self._keeper
        if not self._thread.is_alive():
            raise ProtectionUnavailableError(
                "protection.not_running",
                f"Session {slot.session_id} gets no protection: the renewal thread does not run.",
                "Its job stays in the queue; another task takes it.",
            )
        keeper.acquire(slot)
        with keeper.condition:
            keeper.condition.wait_for(
                lambda: slot.state is not SlotState.WAITING or keeper.permanent_error() is not None,
                self.acquire_timeout_seconds,
            )
            waiting, permanent_error = slot.state is SlotState.WAITING, keeper.permanent_error()
        keeper.check(slot)
        if not waiting:
            return
        if permanent_error is not None:
            raise permanent_error
        raise ProtectionUnavailableError(
            "protection.unavailable",
            f"Session {slot.session_id} got no protection within "
            f"{self.acquire_timeout_seconds:.0f} s: {keeper.snapshot().last_error}.",
            "Its job is not started and stays in the queue. "
            f"Run `python -m {__package__} check` in the task.",
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
        except BaseException as error:  # noqa: BLE001 - without renewals the process must end
            self._log.error("protection.thread_died", error=repr(error))
            self._keeper.revoke_all(errors.died())
            self._abort(f"the thread that renews task protection died: {error!r}")

    def _step(self) -> bool:
        """Make one call, or wait; return whether to continue."""
        for probe in self._probes:
            probe()
        step = self._keeper.begin()
        self._notify_lost()
        if isinstance(step, Call):
            self._keeper.finish(step, self._ask(step))
            self._notify_lost()
            return not self._gave_up_closing()
        return self._wait(step)

    def _wait(self, step: Wait) -> bool:
        with self._keeper.condition:
            # Decided again under the lock: a session may have started since `begin`.
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
            if isinstance(call.action, Read):
                return self._client.read()
            return self._client.disable()
        except Exception as error:  # noqa: BLE001 - a client's fault must not end the renewals
            return Failed("client_raised", repr(error), uncertain=True)

    def _notify_lost(self) -> None:
        for slot in self._keeper.newly_lost():
            for callback in self._on_lost:
                if slot.error is None:
                    continue
                try:
                    callback(slot.session_id, slot.error)
                except Exception as error:  # noqa: BLE001 - a listener must not end the renewals
                    self._log.error("protection.listener_failed", error=repr(error))
