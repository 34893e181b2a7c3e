"""One event loop, in a thread, for all test clients of a process.

A client without one starts a loop for every request, and threads for what blocks in it.
"""

from contextlib import ExitStack
from functools import cache

from anyio.from_thread import BlockingPortal, start_blocking_portal

_running = ExitStack()


@cache
def shared_loop() -> BlockingPortal:
    """Return the loop, which runs until `stop`."""
    return _running.enter_context(start_blocking_portal())


def stop() -> None:
    """Stop the loop and its threads, which a process would wait for at its end."""
    _running.close()
    shared_loop.cache_clear()
