"""Threads that work on imports, with this task protected while any is active."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from runtime.api.imports.download import Download, StoppedError
from runtime.api.imports.records import Claimed, ImportLostError, Imports, ImportState
from runtime.api.repeating_threads import RepeatingThreads
from runtime.core.clock import Clock
from runtime.core.errors import LifestreamError, Permanent
from runtime.core.log import Log

WAIT_SECONDS = 10.0
"""How often an idle instance looks for imports that another one has left."""

MAX_TRIES = 8
"""Tries in a row without a new part, after which an import fails."""

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 2.0, 300.0
STOP_SECONDS = 10.0


class Protection(Protocol):
    """Task protection by the count of active imports: `runtime.protection.facade`."""

    def manage(self) -> bool:
        """Protect while an import is active; return whether protection is in force."""


class ImportWorkers:
    """`count` threads; each works on one import at a time. `required`: none without protection."""

    def __init__(
        self,
        imports: Imports,
        download: Callable[[Claimed, threading.Event], Download],
        *,
        worker: str,
        count: int,
        required: bool,
        clock: Clock,
        log: Log,
    ) -> None:
        self._imports = imports
        self._download = download
        self._worker = worker
        self._required = required
        self._clock = clock
        self._log = log
        self._lock = threading.Lock()
        self._active = 0
        self._wake = threading.Event()
        self.protection: Protection | None = None
        self._threads = RepeatingThreads(
            self._step_or_wait,
            name="imports",
            count=count,
            failed="imports.unavailable",
            pause=self._wait,
            log=log,
        )

    def start(self) -> None:
        """Start the threads."""
        self._threads.start()

    def stop(self) -> None:
        """Have each import left where it is for another instance, and wait for that."""
        self._threads.stopping.set()
        self._wake.set()
        self._threads.join(STOP_SECONDS)

    def wake(self) -> None:
        """Look for an import now."""
        self._wake.set()

    def active(self) -> int:
        """Return how many imports this instance works on."""
        with self._lock:
            return self._active

    def step(self) -> bool:
        """Work on one import until it ends or is left; False when there was none."""
        claimed = self._imports.claim_next(self._worker)
        if claimed is None:
            return False
        self._count(1)
        try:
            if self._manage() or not self._required:
                self._work(claimed)
            else:
                self._log.warning("imports.unprotected", import_id=claimed.value.import_id)
                self._leave(claimed, pause=LONGEST_PAUSE_SECONDS)
        finally:
            self._count(-1)
            self._manage()
        return True

    def _work(self, claimed: Claimed) -> None:
        log = self._log.bind(import_id=claimed.value.import_id)
        download = self._download(claimed, self._threads.stopping)
        try:
            download.run()
            log.info("imports.done", job_id=download.claimed.value.job_id)
        except ImportLostError:
            log.info("imports.lost")
            self._abandon_cancelled(download)
        except StoppedError:
            log.info("imports.left")
            self._leave(download.claimed, pause=0.0)
        except Permanent as error:
            self._fail(download, error, log)
        except LifestreamError as error:
            tries = download.claimed.value.tries
            log.warning("imports.failed_try", code=error.code, error=error.summary, tries=tries)
            if tries >= MAX_TRIES:
                self._fail(download, error, log)
            else:
                pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** (tries - 1))
                self._leave(download.claimed, pause=pause)

    def _fail(self, download: Download, error: LifestreamError, log: Log) -> None:
        log.warning("imports.failed", code=error.code, error=error.summary)
        failed = replace(
            download.claimed.value,
            state=ImportState.FAILED,
            error_code=error.code,
            error=error.summary,
            remedy=error.resolution,
            lease_until=0.0,
        )
        try:
            self._imports.save(download.claimed, failed)
        except ImportLostError:
            return
        download.abandon()

    def _abandon_cancelled(self, download: Download) -> None:
        value = download.claimed.value
        found = self._imports.find(value.owner, value.import_id)
        if found is not None and found.value.state is ImportState.CANCELLED:
            download.abandon()

    def _leave(self, claimed: Claimed, *, pause: float) -> None:
        left = replace(claimed.value, worker=None, lease_until=self._clock.now() + pause)
        try:
            self._imports.save(claimed, left)
        except ImportLostError:
            return

    def _manage(self) -> bool:
        return self.protection is None or self.protection.manage()

    def _count(self, change: int) -> None:
        with self._lock:
            self._active += change

    def _step_or_wait(self) -> None:
        self._wake.clear()
        if not self.step():
            self._wait()

    def _wait(self) -> None:
        self._wake.wait(WAIT_SECONDS)
