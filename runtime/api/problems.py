"""Errors as `application/problem+json` (RFC 9457), with the lifecycle's codes and remedies."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from runtime.api.request_id import request_id
from runtime.core.errors import LifestreamError, Retryable
from runtime.core.log import Log
from runtime.core.ports import StaleWriteError

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """The body of every answer with a status of 400 or more."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    remedy: str
    request_id: str


class ProblemError(Exception):
    """An answer that refuses a request: status, stable code, what happened, what to do."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        remedy: str,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"[{code}] {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.remedy = remedy
        self.headers = headers or {}


def not_found(what: str) -> ProblemError:
    """Return the answer for what does not exist, or belongs to another owner."""
    return ProblemError(404, "not_found", f"There is no such {what}.", "Check its id.")


def conflict(detail: str, remedy: str, *, code: str = "conflict") -> ProblemError:
    """Return the answer for a request that the current state does not allow."""
    return ProblemError(409, code, detail, remedy)


def on_hold() -> ProblemError:
    """Return the answer for what a legal hold forbids."""
    return conflict(
        "The job is under a legal hold: nothing of it may be erased or replaced.",
        "An admin lifts the hold: DELETE /v1/jobs/{id}/hold.",
        code="job.on_hold",
    )


def would_expire(days: int) -> ProblemError:
    """Return the answer for a legal hold where S3 expires uploads or results, held or not."""
    return conflict(
        f"S3 expires recordings of this environment after {days} days, also those on hold.",
        "An operator removes storage.upload_days and storage.result_days and deploys.",
        code="hold.would_expire",
    )


def invalid(code: str, detail: str, remedy: str) -> ProblemError:
    """Return the answer for a well-formed request whose values are refused."""
    return ProblemError(422, code, detail, remedy)


def answer(request: Request, error: ProblemError) -> JSONResponse:
    """Return the response of a problem."""
    problem = Problem(
        type=f"urn:lifestream:problem:{error.code}",
        title=HTTPStatus(error.status).phrase,
        status=error.status,
        detail=error.detail,
        code=error.code,
        remedy=error.remedy,
        request_id=request_id(request.scope),
    )
    return JSONResponse(
        problem.model_dump(),
        status_code=error.status,
        media_type=MEDIA_TYPE,
        headers=dict(error.headers),
    )


def install(app: FastAPI, log: Log) -> None:
    """Have the application answer every error with a problem."""

    async def problem(request: Request, error: Exception) -> JSONResponse:
        return answer(request, _problem_of(error, log))

    kinds: tuple[type[Exception], ...] = (
        ProblemError,
        LifestreamError,
        StaleWriteError,
        RequestValidationError,
        HTTPException,
    )
    for kind in kinds:
        app.add_exception_handler(kind, problem)


def unexpected() -> ProblemError:
    """Return the answer for a fault of the service itself."""
    return ProblemError(
        500,
        "internal",
        "The service failed to answer.",
        "Try again; if it persists, report the request id.",
    )


def _problem_of(error: Exception, log: Log) -> ProblemError:
    match error:
        case ProblemError():
            return error
        case RequestValidationError():
            return _invalid_request(error)
        case HTTPException():
            return _of_status(error)
        case StaleWriteError():
            return conflict("It changed at the same moment.", "Read it again and repeat.")
        case LifestreamError():
            return _of_lifecycle(error, log)
        case _:
            return unexpected()


def _of_lifecycle(error: LifestreamError, log: Log) -> ProblemError:
    if error.code.startswith("aws."):
        # The text names resources of the account, which are no caller's business.
        log.error("api.dependency_failed", code=error.code, error=error.summary)
    if isinstance(error, Retryable):
        return ProblemError(
            503,
            "unavailable",
            "A service that is needed for this does not answer.",
            "Try again in a few seconds.",
            headers={"Retry-After": "5"},
        )
    if error.code.startswith("aws."):
        return unexpected()
    return invalid(error.code, error.summary, error.resolution)


def _invalid_request(error: RequestValidationError) -> ProblemError:
    found: list[Any] = list(error.errors())
    places = "; ".join(
        f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in found[:10]
    )
    return invalid("request.invalid", f"The request is invalid: {places}.", "Correct it.")


_CODES = {
    413: (
        "request.too_large",
        "The body is too large.",
        "Files go to the URLs of an upload, not through the API.",
    ),
    404: ("not_found", "There is no such resource.", "Check the path; see /docs."),
    405: ("method_not_allowed", "The resource has no such method.", "See /docs."),
}


def _of_status(error: HTTPException) -> ProblemError:
    code, detail, remedy = _CODES.get(
        error.status_code, ("request.refused", str(error.detail), "See /docs.")
    )
    return ProblemError(error.status_code, code, detail, remedy, headers=error.headers)
