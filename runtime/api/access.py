"""What a route requires of its caller, as FastAPI dependencies."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Request

from runtime.api.identifiers import known_form
from runtime.api.identity import Caller, Scope
from runtime.api.problems import ProblemError, not_found
from runtime.api.services import Services
from runtime.core.jobs import Job


async def services_of(request: Request) -> Services:
    """Return the services of the application; asynchronous, so that it needs no thread."""
    found: Services = request.app.state.services
    return found


async def authenticated(request: Request) -> Caller:
    """Return the caller within its rate limit; raise `ProblemError` 401 or 429."""
    services = await services_of(request)
    caller = await services.authenticator.caller(request.headers)
    await services.rate_limits.count(caller.rate_key)
    services.measures.seen(caller.rate_key)
    return caller


def requiring(scope: Scope) -> Callable[..., Awaitable[Caller]]:
    """Return a dependency that refuses callers without a scope by 403."""

    async def required(
        request: Request, caller: Annotated[Caller, Depends(authenticated)]
    ) -> Caller:
        require(caller, scope)
        return replace(caller, action=_action_of(request))

    return required


def require(caller: Caller, scope: Scope) -> None:
    """Raise `ProblemError` 403 unless the caller has a scope."""
    if not caller.may(scope):
        raise ProblemError(
            403,
            "auth.forbidden",
            f"This needs the scope {scope}.",
            "Use a token or key that has it.",
        )


def own_job(services: Services, caller: Caller, job_id: str) -> Job:
    """Return a job of the caller's, for an admin any, and record that it was read.

    Raise `ProblemError` 404; also for a job that is being erased.
    """
    job = services.jobs.get(job_id) if known_form(job_id) else None
    if job is None or job.erasing or not (caller.admin or job.submission.owner == caller.owner):
        raise not_found("job")
    services.reads.note(caller, job_id)
    return job


def is_visible(job: Job | None) -> bool:
    """Return whether a job exists for readers: one that is being erased does not."""
    return job is not None and not job.erasing


def _action_of(request: Request) -> str:
    """Return what a request does, as in `GET /v1/jobs/{job_id}/media`, without its values."""
    route = request.scope.get("route")
    return f"{request.method} {getattr(route, 'path', '')}"


Parts = Annotated[Services, Depends(services_of)]
Reader = Annotated[Caller, Depends(requiring(Scope.READ))]
Writer = Annotated[Caller, Depends(requiring(Scope.WRITE))]
Admin = Annotated[Caller, Depends(requiring(Scope.ADMIN))]
