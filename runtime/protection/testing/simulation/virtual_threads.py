"""Real threads, one at a time, in virtual time: a run is the same each time for the same seed.

A thread runs until it sleeps or waits; the next event is then taken from the heap. Entering a
condition may hand over to another thread first, as an operating system may.
"""

import heapq
import threading
from collections.abc import Callable
from itertools import count
from typing import Self

from .world import VirtualTime


class EndedError(BaseException):
    """Ends a thread that still waits when a simulation is over."""


class VirtualThread:
    """A thread of a simulation; `start`, `is_alive` and `join` as of `threading.Thread`."""

    def __init__(self, threads: "VirtualThreads", run: Callable[[], None]) -> None:
        self._threads = threads
        self._run = run
        self._turn = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._body, daemon=True)
        self._begun = False
        self._over = False
        self._parking = 0
        self.depth = 0

    def start(self) -> None:
        """Let it run from now on."""
        self._begun = True
        self._thread.start()
        self._threads.at(0.0, self.resume)

    def is_alive(self) -> bool:
        """Whether it has begun and not ended."""
        return self._begun and not self._over

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end, at most `timeout` seconds of virtual time."""
        deadline = None if timeout is None else self._threads.time.at + timeout
        while self.is_alive() and (deadline is None or self._threads.time.at < deadline):
            self._threads.sleep(JOIN_SECONDS)

    def resume(self) -> None:
        """Run it until it parks; called by the loop only."""
        if self._over:
            return
        self._threads.running = self
        self._turn.release()
        self._threads.parked.acquire()
        self._threads.running = None

    def park(self) -> None:
        """Give the turn back until the next `resume`; called in the thread itself."""
        if self._threads.over:
            raise EndedError
        self._threads.parked.release()
        self._turn.acquire()
        if self._threads.over:
            raise EndedError

    def _body(self) -> None:
        self._turn.acquire()
        try:
            if not self._threads.over:
                self._run()
        except EndedError:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again by the loop
            self._threads.error = error
        finally:
            self._over = True
            self._threads.parked.release()


JOIN_SECONDS = 0.5


class VirtualCondition:
    """`threading.Condition` for the threads of one simulation."""

    def __init__(self, threads: "VirtualThreads") -> None:
        self._threads = threads
        self._waiters: list[list[VirtualThread | None]] = []

    def __enter__(self) -> Self:
        """Acquire; another thread may run first."""
        running = self._threads.running
        if running is not None:
            pause = self._threads.preempts() if running.depth == 0 else 0.0
            if pause > 0:
                self._threads.sleep(pause)
            running.depth += 1
        return self

    def __exit__(self, *_: object) -> None:
        """Release."""
        running = self._threads.running
        if running is not None:
            running.depth -= 1

    def wait(self, timeout: float | None = None) -> bool:
        """Release, wait for a notification or the timeout, acquire again."""
        running = self._threads.current()
        waiter: list[VirtualThread | None] = [running]
        self._waiters.append(waiter)
        if timeout is not None:
            self._threads.at(max(0.0, timeout), lambda: self._wake(waiter))
        depth, running.depth = running.depth, 0
        running.park()
        running.depth = depth
        notified = waiter not in self._waiters
        if not notified:
            self._waiters.remove(waiter)
        return notified

    def wait_for(self, predicate: Callable[[], bool], timeout: float | None = None) -> bool:
        """Wait until `predicate` holds or the timeout; return its last value."""
        deadline = None if timeout is None else self._threads.time.at + timeout
        while not predicate():
            left = None if deadline is None else deadline - self._threads.time.at
            if left is not None and left <= 0:
                break
            self.wait(left)
        return predicate()

    def notify_all(self) -> None:
        """Wake every thread that waits."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            self._threads.at(0.0, lambda waiter=waiter: self._wake(waiter))  # type: ignore[misc]

    def _wake(self, waiter: list[VirtualThread | None]) -> None:
        thread, waiter[0] = waiter[0], None
        if thread is not None:
            thread.resume()


class VirtualLock:
    """`threading.RLock` for the threads of one simulation; its holder may sleep."""

    def __init__(self, threads: "VirtualThreads") -> None:
        self._threads = threads
        self._holder: VirtualThread | None = None
        self._times = 0
        self._waiters: list[VirtualThread] = []

    def __enter__(self) -> Self:
        """Acquire; another thread may run first."""
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        """Release."""
        self.release()

    def acquire(self, blocking: bool = True) -> bool:  # noqa: FBT001, FBT002 - as the system's
        """Acquire; unless `blocking`, return False if another thread has it."""
        running = self._threads.current()
        if running.depth:
            raise RuntimeError("a thread of the simulation takes a lock while it holds a condition")
        if self._holder is not running:
            pause = self._threads.preempts()
            if pause > 0:
                self._threads.sleep(pause)
            while self._holder is not None:
                if not blocking:
                    return False
                self._waiters.append(running)
                running.park()
            self._holder = running
        self._times += 1
        return True

    def release(self) -> None:
        """Release; one thread that waits may take it next."""
        self._times -= 1
        if self._times:
            return
        self._holder = None
        if self._waiters:
            self._threads.at(0.0, self._waiters.pop(0).resume)


class VirtualThreads:
    """The threads and the events of one simulation.

    `preempts` draws how many seconds a thread stands still before it gets a lock, mostly 0.
    """

    def __init__(self, time: VirtualTime, *, preempts: Callable[[], float]) -> None:
        self.time = time
        self.preempts = preempts
        self.parked = threading.Semaphore(0)
        self.running: VirtualThread | None = None
        self.over = False
        self.error: BaseException | None = None
        self._threads: list[VirtualThread] = []
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def condition(self) -> VirtualCondition:
        """Return a new condition."""
        return VirtualCondition(self)

    def lock(self) -> VirtualLock:
        """Return a new lock."""
        return VirtualLock(self)

    def thread(self, run: Callable[[], None], name: str) -> VirtualThread:
        """Return a new thread, not started yet."""
        del name
        thread = VirtualThread(self, run)
        self._threads.append(thread)
        return thread

    def current(self) -> VirtualThread:
        """Return the thread that calls."""
        if self.running is None:
            raise RuntimeError("only a thread of the simulation may wait")
        return self.running

    def at(self, seconds: float, event: Callable[[], None]) -> None:
        """Have the loop run an event in so many seconds."""
        heapq.heappush(self._heap, (self.time.at + seconds, next(self._order), event))

    def sleep(self, seconds: float) -> None:
        """Let the calling thread sleep."""
        running = self.current()
        if running.depth:
            raise RuntimeError("a thread of the simulation sleeps while it holds a lock")
        self.at(seconds, running.resume)
        running.park()

    def run(self) -> None:
        """Play all events; raise what a thread raised. Threads that still wait are ended."""
        try:
            while self._heap and self.error is None:
                self.time.at, _, event = heapq.heappop(self._heap)
                event()
        finally:
            self.over = True
            for thread in self._threads:
                if thread.is_alive():
                    thread.resume()
        if self.error is not None:
            raise self.error
