"""Celery: the worker's parent process protects while its pool works. Needs celery."""

import functools
from collections.abc import Callable
from typing import Any

from celery import Celery, Task, bootsteps
from celery.worker.request import Request

from ..errors import ProtectionError
from ..guard import Guard
from ..process import default_guard
from ..session import ProcessingSession

Method = Callable[..., Any]


def protect(app: Celery, guard: Guard | None = None) -> None:
    """Protect the task while any of the app's jobs runs; call it before tasks are defined.

    With a pool of processes too: the parent holds the sessions, since a child's lease would end the
    others'. A job that gets no protection goes back to the broker.
    """

    def chosen() -> Guard:
        return default_guard() if guard is None else guard

    class ProtectedRequest(Request):  # type: ignore[misc]  # celery has no types
        _session: ProcessingSession | None = None

        def __init_subclass__(cls, **options: Any) -> None:
            """Wrap the methods of the class that celery derives for each of its tasks."""
            super().__init_subclass__(**options)
            cls.execute_using_pool = _starting(cls.execute_using_pool)
            for name in ("on_success", "on_failure", "on_retry"):
                setattr(cls, name, _ending(getattr(cls, name)))

        def begin(self) -> bool:
            """Wait for protection; return whether the job may start."""
            try:
                self._session = chosen().session(self.id)
                self._session.set_critical(True)
            except ProtectionError:
                self.end()
                self.reject(requeue=True)
                return False
            return True

        def end(self) -> None:
            """End this job's share; idempotent."""
            session, self._session = self._session, None
            if session is not None:
                session.cleanup()

    class ProtectedTask(Task):  # type: ignore[misc]  # the same
        Request = ProtectedRequest

    class CloseGuard(bootsteps.Step):  # type: ignore[misc]  # the same
        """Ends protection when the worker has stopped."""

        def stop(self, _worker: Any) -> None:
            chosen().close()

        terminate = stop

    app.Task = ProtectedTask
    app.steps["worker"].add(CloseGuard)


def _starting(execute: Method) -> Method:
    @functools.wraps(execute)
    def run(request: Any, pool: Any, **options: Any) -> Any:
        if not request.begin():
            return None
        try:
            return execute(request, pool, **options)
        except BaseException:
            request.end()
            raise

    return run


def _ending(method: Method) -> Method:
    @functools.wraps(method)
    def run(request: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return method(request, *arguments, **options)
        finally:
            request.end()

    return run
