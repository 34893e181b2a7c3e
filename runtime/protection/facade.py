"""Protection by a server's count of active jobs: enable, disable, manage; never raises."""

from collections.abc import Callable

from .errors import ProtectionError
from .manager import ProtectionManager
from .policy import HOUR
from .ports import ActionLog, SystemThreads, Threads
from .session import ProcessingSession

SESSION_ID = "active-jobs"


class TaskProtection:
    """One protection for all jobs of a server that counts them itself.

    `active_jobs` returns how many jobs have not ended. Call `manage` when a job starts, ends or is
    cleaned up; in between, the manager's thread reads the count at each check of the policy.
    A lease that is lost meanwhile (`protection.lost` in the log) is requested again by the next
    `manage`. Hold no lock that `active_jobs` takes while calling a method.
    """

    def __init__(
        self,
        *,
        manager: ProtectionManager,
        active_jobs: Callable[[], int],
        log: ActionLog,
        threads: Threads | None = None,
    ) -> None:
        threads = SystemThreads() if threads is None else threads
        self._manager = manager
        self._active_jobs = active_jobs
        self._log = log
        # Held from the count to what follows of it: of two calls at once, each would request a
        # protection of its own, or one would release what the other has just counted on.
        self._changing = threads.lock()
        self._session: ProcessingSession | None = None
        manager.at_each_check(self._look)

    def enable(self, duration_seconds: float = HOUR) -> bool:
        """Protect for `duration_seconds`, and renew while jobs are active; idempotent.

        Return whether protection is in force or not applicable; if neither, the reason is logged.
        """
        with self._changing:
            if self._session is not None and self._session.protected:
                return True
            self._release()
            session = self._manager.session(SESSION_ID, first_lease_seconds=duration_seconds)
            try:
                session.set_critical(True)
            except ProtectionError as error:
                self._log.error("protection.enable_failed", error=str(error))
                session.cleanup()
                return False
            self._session = session
            return True

    def disable(self) -> bool:
        """Stop protecting, unless a job is active; return whether it was stopped."""
        with self._changing:
            active = self._count()
            if active:
                self._log.info("protection.kept", active_jobs=active)
                return False
            self._release()
            return True

    def manage(self, *, light: bool = False) -> bool:
        """Protect while a job is active; return whether protection is in force.

        `light` starts protection with 1 h instead of 2 h.
        """
        with self._changing:
            if self._count():
                return self.enable(HOUR if light else 2 * HOUR)
            self.disable()
            return False

    def force_disable(self, reason: str) -> None:
        """Stop protecting although jobs may be active."""
        self._manager.force_disable(reason)
        with self._changing:
            self._release()

    def _release(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.cleanup()

    def _count(self) -> int:
        try:
            return self._active_jobs()
        except Exception as error:  # noqa: BLE001 - the application's own function
            # Jobs that cannot be counted may be running, so protection stays.
            self._log.error("protection.count_failed", error=repr(error))
            return 1

    def _look(self) -> None:
        """Disable once no job is active; runs in the renewal thread, so it must not block."""
        if not self._changing.acquire(blocking=False):
            return
        try:
            if self._session is not None and self._count() == 0:
                self._log.info("protection.no_active_jobs")
                self.disable()
        finally:
            self._changing.release()
