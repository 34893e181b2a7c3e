"""Writes the job's heartbeat, and ends the process when the work does not end in time.

The work checks at every step whether it may go on. This thread is for a library's long computation,
which has no steps.
"""

import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from runtime.core.clock import MonotonicClock
from runtime.core.contract import ExitCode, Stage
from runtime.core.errors import LeaseLost, LifestreamError
from runtime.core.jobs import Failure
from runtime.core.log import Log
from runtime.core.periodic_thread import PeriodicThread
from runtime.processor.supervision.interruption import Interruption
from runtime.processor.supervision.reporter import Reporter

CHECK_SECONDS = 1.0
START_SECONDS = 30.0
"""Far longer than a thread needs to begin on a busy machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchdogTimeouts:
    """The heartbeat's interval and how long the work may take to notice its end, in seconds.

    `after_stop_seconds` must leave time to write the job's record before the platform kills the
    process, `stop_timeout` after its SIGTERM. Work without progress for `stall_seconds` counts as
    hung: its heartbeat stops, and the reaper treats the job as dead.
    """

    heartbeat_seconds: float = 30.0
    stall_seconds: float = 900.0
    after_loss_seconds: float = 10.0
    after_stop_seconds: float = 15.0
    after_deadline_seconds: float = 60.0


class ThreadStarts:
    """Remembers since when threads of this process have been starting.

    A start never returns where the new thread had no memory to begin: CPython waits for ever for
    such a thread (python/cpython#140746).
    """

    def __init__(self, clock: MonotonicClock) -> None:
        self._clock = clock
        self._since: dict[threading.Thread, float] = {}

    def hang(self) -> bool:
        """Return whether a thread has been starting for too long; call it now and then."""
        now = self._clock.monotonic()
        starting = [thread for thread in threading.enumerate() if not thread.is_alive()]
        self._since = {thread: self._since.get(thread, now) for thread in starting}
        return any(now - since >= START_SECONDS for since in self._since.values())


class Watchdog(PeriodicThread):
    """Guards the work inside its context; `abort` must end the process and not return.

    `stalled` names a stage that hangs by its own measure, while parallel ones may go on. A watchdog
    that dies aborts too: without a heartbeat the job would count as dead and run twice.
    """

    def __init__(
        self,
        *,
        reporter: Reporter,
        stalled: Callable[[], Stage | None] = lambda: None,
        interruption: Interruption,
        timeouts: WatchdogTimeouts,
        clock: MonotonicClock,
        log: Log,
        abort: Callable[[ExitCode], None],
    ) -> None:
        super().__init__("watchdog", every_seconds=CHECK_SECONDS)
        self._reporter = reporter
        self._hanging = stalled
        self._interruption = interruption
        self._timeouts = timeouts
        self._clock = clock
        self._log = log
        self._abort = abort
        self._first_seen: dict[str, float] = {}
        self._stalled = False
        self._starts = ThreadStarts(clock)

    def once(self) -> bool:
        """Check once; always go on."""
        self.check()
        return True

    def died(self, error: Exception) -> None:
        """Abort: the job has no heartbeat any more."""
        self._log.error("watchdog.died", error=repr(error), traceback=traceback.format_exc())
        self._abort(ExitCode.RETRYABLE_FAILURE)

    def check(self) -> None:
        """Write a heartbeat if one is due, and abort if the work did not end in time."""
        self._beat()
        if self._for_longer("lost", self._reporter.lost, self._timeouts.after_loss_seconds):
            self._end(ExitCode.LOST_CLAIM, "the claim was lost")
        elif self._for_longer(
            "stop", self._interruption.stop_requested, self._timeouts.after_stop_seconds
        ):
            why = self._interruption.stop_reason or "a stop was requested"
            self._end(ExitCode.RESUMABLE, why, lambda: self._reporter.requeue(run_counts=False))
        elif self._for_longer(
            "overdue", self._interruption.overdue, self._timeouts.after_deadline_seconds
        ):
            self._end(ExitCode.PERMANENT_FAILURE, "the deadline passed", self._fail_overdue)
        elif self._starts.hang():
            self._end(ExitCode.RETRYABLE_FAILURE, "a thread did not start, perhaps without memory")

    def _beat(self) -> None:
        hanging = self._hanging()
        if hanging or self._reporter.silent_seconds >= self._timeouts.stall_seconds:
            if not self._stalled:
                self._log.error("watchdog.stalled", stage=hanging or self._reporter.job.stage)
            self._stalled = True
            return
        self._stalled = False
        try:
            self._reporter.beat(every_seconds=self._timeouts.heartbeat_seconds)
        except LeaseLost:
            self._log.warning("watchdog.lease_lost")
        except LifestreamError as error:
            self._log.warning("watchdog.beat_failed", code=error.code, reason=error.summary)

    def _for_longer(self, what: str, is_so: bool, seconds: float) -> bool:  # noqa: FBT001 - a fact, no switch
        if not is_so:
            return False
        now = self._clock.monotonic()
        return now - self._first_seen.setdefault(what, now) >= seconds

    def _end(self, code: ExitCode, why: str, write: Callable[[], None] = lambda: None) -> None:
        self._log.error("watchdog.abort", reason=why, exit_code=int(code))
        try:
            write()
        except LeaseLost:
            code = ExitCode.LOST_CLAIM
        except LifestreamError as error:
            self._log.error("job.end_not_recorded", code=error.code, reason=error.summary)
        self._abort(code)

    def _fail_overdue(self) -> None:
        self._reporter.fail(Failure.of(self._interruption.overdue_error()))
