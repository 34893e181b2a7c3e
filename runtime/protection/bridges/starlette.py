"""FastAPI and Starlette: a lifespan that counts active jobs, and a health route.

Needs starlette.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from ..guard import Guard


def lifespan(
    guard: Guard, active_jobs: Callable[[], int]
) -> Callable[[Any], AbstractAsyncContextManager[dict[str, Any]]]:
    """Return a lifespan that protects by `active_jobs`, for a guard with `policy=service()`.

    `request.state.protection.manage()` is to be called when a job starts and when it ends; in
    between the guard looks by itself.
    """

    @asynccontextmanager
    async def run(_app: Any) -> AsyncIterator[dict[str, Any]]:
        protection = guard.count_jobs(active_jobs)
        try:
            yield {"protection": protection, "guard": guard}
        finally:
            await run_in_threadpool(guard.close)

    return run


async def health(request: Request) -> JSONResponse:
    """Answer `GET /health`: 503 only where the guard's thread is dead or protection impossible."""
    status = request.state.guard.status()
    return JSONResponse(status.as_health(), status_code=200 if status.healthy else 503)
