"""Delivers changes of jobs from one polling thread to all watchers of this instance."""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable

from runtime.api.live.changes import OVERLAP_SECONDS, SeenJobs, is_newer
from runtime.core.clock import Clock
from runtime.core.errors import LifestreamError
from runtime.core.jobs import Job
from runtime.core.log import Log
from runtime.core.service_ports import JobListing

POLL_SECONDS = 0.5
FAILED_POLL_SECONDS = 2.0
BUFFERED_JOBS = 500
"""The most different jobs that wait for one slow reader; older ones are dropped first."""

MAX_WATCHERS = 2000

Wanted = Callable[[Job], bool]


class TooManyWatchersError(Exception):
    """This instance has as many watchers as it takes."""


class Watcher:
    """One reader's changes: the latest state of each job, so a slow reader skips, never queues.

    Belongs to the event loop it was made in; only `offer` is called from the poller, through it.
    """

    def __init__(self, wanted: Wanted, loop: asyncio.AbstractEventLoop) -> None:
        self.wanted = wanted
        self.loop = loop
        self.closed = False
        self._waiting: OrderedDict[str, Job] = OrderedDict()
        self._changed = asyncio.Event()

    def offer(self, job: Job) -> None:
        """Keep a change until it is read, in place of an earlier one of the same job."""
        earlier = self._waiting.pop(job.job_id, None)
        if earlier is not None and not is_newer(job, earlier):
            job = earlier
        self._waiting[job.job_id] = job
        while len(self._waiting) > BUFFERED_JOBS:
            self._waiting.popitem(last=False)
        self._changed.set()

    def close(self) -> None:
        """End the reader's waiting."""
        self.closed = True
        self._changed.set()

    async def next(self, timeout_seconds: float) -> Job | None:
        """Return the next change; None after the timeout or when it is closed."""
        if not self._waiting and not self.closed:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), timeout_seconds)
            except TimeoutError:
                return None
        if not self._waiting:
            return None
        return self._waiting.popitem(last=False)[1]


class Hub:
    """Polls while anyone watches. `start` and `stop` belong to the process."""

    def __init__(self, listing: JobListing, *, clock: Clock, log: Log) -> None:
        self._listing = listing
        self._clock = clock
        self._log = log
        self._condition = threading.Condition()
        self._watchers: set[Watcher] = set()
        self._closed = False
        self._seen = SeenJobs()
        self._read_until: float | None = None
        self._thread = threading.Thread(target=self._run, name="live-progress", daemon=True)

    def start(self) -> None:
        """Start the polling thread."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether changes are delivered."""
        return self._thread.is_alive()

    @property
    def watchers(self) -> int:
        """The number of open watchers."""
        with self._condition:
            return len(self._watchers)

    def watch(self, wanted: Wanted) -> Watcher:
        """Return a new watcher; raise `TooManyWatchersError`. Call `leave` at its end."""
        watcher = Watcher(wanted, asyncio.get_running_loop())
        with self._condition:
            if len(self._watchers) >= MAX_WATCHERS:
                raise TooManyWatchersError
            if self._closed:
                watcher.closed = True
            self._watchers.add(watcher)
            self._condition.notify_all()
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """Forget a watcher; idempotent."""
        with self._condition:
            self._watchers.discard(watcher)

    def stop(self) -> None:
        """End every stream and the polling thread, without waiting for either."""
        with self._condition:
            self._closed = True
            watchers = list(self._watchers)
            self._condition.notify_all()
        for watcher in watchers:
            _call(watcher, watcher.close)

    def poll(self) -> None:
        """Read the changes since the last poll and offer them; raise `LifestreamError`."""
        now = self._clock.now()
        since = min(now, self._read_until or now) - OVERLAP_SECONDS
        news = self._seen.news(self._listing.changed_since(since), since=since)
        self._read_until = now
        with self._condition:
            watchers = list(self._watchers)
        for job in news:
            for watcher in watchers:
                if watcher.wanted(job):
                    _call(watcher, watcher.offer, job)

    def _run(self) -> None:
        while self._wait_for_watchers():
            pause = POLL_SECONDS
            try:
                self.poll()
            except LifestreamError as error:
                self._log.warning("live.poll_failed", code=error.code, error=error.summary)
                pause = FAILED_POLL_SECONDS
            except Exception as error:  # noqa: BLE001 - one bad record must not end all streams
                self._log.error("live.poll_failed", code="internal", error=repr(error))
                pause = FAILED_POLL_SECONDS
            with self._condition:
                if not self._closed:
                    self._condition.wait(pause if self._watchers else None)

    def _wait_for_watchers(self) -> bool:
        with self._condition:
            if not self._watchers:
                # The first poll after a pause reads back no further than the overlap.
                self._read_until = None
            while not self._watchers and not self._closed:
                self._condition.wait()
            return not self._closed


def _call(watcher: Watcher, what: Callable[..., None], *arguments: Job) -> None:
    try:
        watcher.loop.call_soon_threadsafe(what, *arguments)
    except RuntimeError:
        return  # Its loop has ended, and so has its reader.
