"""Celery: the worker's parent process protects while its pool works. Needs celery."""

from typing import Any

from celery import Celery, Task, bootsteps
from celery.worker.request import Request

from ..errors import ProtectionError
from ..guard import Guard
from ..process import default_guard
from ..session import ProcessingSession


def protect(app: Celery, guard: Guard | None = None) -> None:
    """Protect the task while any of the app's jobs runs; call it before tasks are defined.

    With a pool of processes too: the parent holds the session, since a child's lease would end the
    others'. A job that gets no protection goes back to the broker.
    """

    class ProtectedRequest(Request):  # type: ignore[misc]  # celery has no types
        _session: ProcessingSession | None = None

        def execute_using_pool(self, pool: Any, **options: Any) -> Any:
            held = default_guard() if guard is None else guard
            try:
                self._session = held.session(self.id)
                self._session.set_critical(True)
            except ProtectionError:
                self._release()
                self.reject(requeue=True)
                return None
            try:
                return super().execute_using_pool(pool, **options)
            except BaseException:
                self._release()
                raise

        def on_success(self, *arguments: Any, **options: Any) -> Any:
            try:
                return super().on_success(*arguments, **options)
            finally:
                self._release()

        def on_failure(self, *arguments: Any, **options: Any) -> Any:
            try:
                return super().on_failure(*arguments, **options)
            finally:
                self._release()

        def on_retry(self, *arguments: Any, **options: Any) -> Any:
            try:
                return super().on_retry(*arguments, **options)
            finally:
                self._release()

        def _release(self) -> None:
            session, self._session = self._session, None
            if session is not None:
                session.cleanup()

    class ProtectedTask(Task):  # type: ignore[misc]  # the same
        Request = ProtectedRequest

    class CloseGuard(bootsteps.Step):  # type: ignore[misc]  # the same
        """Ends protection when the worker has stopped."""

        def terminate(self, _worker: Any) -> None:
            (default_guard() if guard is None else guard).close()

        stop = terminate

    app.Task = ProtectedTask
    app.steps["worker"].add(CloseGuard)
