"""Dramatiq: a middleware that protects while an actor runs. Needs dramatiq.

Run the workers with `--processes 1`: each process would hold a lease of its own, and the first that
is done would end the others' protection.
"""

from typing import Any

from dramatiq import Middleware
from dramatiq.errors import Retry
from dramatiq.middleware import MiddlewareError

from ..errors import ProtectionError
from ..guard import Guard
from ..process import default_guard
from ..session import ProcessingSession

RETRY_MILLISECONDS = 5_000


class NotProtectedError(Retry, MiddlewareError):
    """The message waits for protection; of other errors of a middleware, Dramatiq logs and goes on.

    It is handled as a retry, which does not count as one.
    """


class ProtectionMiddleware(Middleware):
    """Protects the task around each message; one without protection is retried later."""

    def __init__(self, guard: Guard | None = None) -> None:
        self._guard = guard
        self._sessions: dict[str, ProcessingSession] = {}

    def before_process_message(self, broker: Any, message: Any) -> None:  # noqa: ARG002 - the hook
        """Wait for protection."""
        guard = default_guard() if self._guard is None else self._guard
        try:
            session = guard.session(message.actor_name)
            self._sessions[message.message_id] = session
            session.set_critical(True)
        except ProtectionError as error:
            self._release(message)
            raise NotProtectedError(str(error), delay=RETRY_MILLISECONDS) from error

    def after_process_message(
        self,
        broker: Any,  # noqa: ARG002 - the hook
        message: Any,
        *,
        result: Any = None,  # noqa: ARG002 - the same
        exception: BaseException | None = None,
    ) -> None:
        """End this message's share."""
        self._release(message)
        if isinstance(exception, NotProtectedError):
            # Dramatiq's own middleware adds one after this, and gives up at its limit.
            message.options["retries"] = message.options.get("retries", 0) - 1

    def after_skip_message(self, broker: Any, message: Any) -> None:  # noqa: ARG002 - the hook
        """End this message's share, if it has one."""
        self._release(message)

    def after_worker_shutdown(self, broker: Any, worker: Any) -> None:  # noqa: ARG002 - the hook
        """End protection with the worker."""
        (default_guard() if self._guard is None else self._guard).close()

    def _release(self, message: Any) -> None:
        session = self._sessions.pop(message.message_id, None)
        if session is not None:
            session.cleanup()
