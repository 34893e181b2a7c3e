"""The answers of the ECS agent's protection endpoint, as pure functions.

Shapes and codes are those of the agent (its package `tmds/handlers/taskprotection/v1`).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from .faults import Fault

Answer = tuple[int, dict[str, Any]]
Call = dict[str, Any]

ECS_TIMEOUT_SECONDS = 4.0
"""How long the agent waits for ECS."""

FIELDS = {"protectionenabled": "ProtectionEnabled", "expiresinminutes": "ExpiresInMinutes"}
"""The fields it knows; their case does not matter to it."""

INVALID = "InvalidParameterException"


@dataclass(frozen=True, slots=True)
class AgentTask:
    """The task that a call comes from. Without a role the agent has no credentials for it."""

    arn: str
    has_role: bool


class RequestError(Exception):
    """The agent refuses a request before it asks ECS."""

    def __init__(self, status: int, code: str, message: str, arn: str = "") -> None:
        super().__init__(message)
        self.answer = error(status, code, message, arn)


@dataclass(frozen=True, slots=True)
class Ecs:
    """ECS as the agent calls it: both return `protectedTasks` and `failures`.

    They raise `EcsError` for what ECS answers with an error.
    """

    get: Callable[[str], Call]
    update: Callable[[str, bool, int | None], Call]


class EcsError(Exception):
    """ECS answered with an error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def error(status: int, code: str, message: str, arn: str = "") -> Answer:
    """Return an `error` answer."""
    about = {"Arn": arn} if arn else {}
    return status, {"error": {**about, "Code": code, "Message": message}}


def decode(body: bytes) -> tuple[bool | None, int | None]:
    """Return a PUT's `ProtectionEnabled` and `ExpiresInMinutes`; raise `RequestError`."""
    refusal = RequestError(
        HTTPStatus.BAD_REQUEST, INVALID, "UpdateTaskProtection: failed to decode request"
    )
    try:
        values = json.loads(body)
    except ValueError:
        raise refusal from None
    if values is None:
        values = {}
    if not isinstance(values, dict) or any(name.lower() not in FIELDS for name in values):
        raise refusal
    named = {FIELDS[name.lower()]: value for name, value in values.items()}
    enabled, minutes = named.get("ProtectionEnabled"), named.get("ExpiresInMinutes")
    if not isinstance(enabled, bool | None) or not isinstance(minutes, int | None):
        raise refusal
    if isinstance(minutes, bool):
        raise refusal
    return enabled, minutes


def parse(method: str, body: bytes, task: AgentTask | None) -> tuple[bool | None, int | None]:
    """Return a call's wish and minutes, (None, None) for a GET; raise `RequestError`."""
    wanted = decode(body) if method == "PUT" else (None, None)
    if task is None:
        raise RequestError(
            HTTPStatus.NOT_FOUND,
            "ResourceNotFoundException",
            "Failed to find a task for the request",
        )
    if method == "PUT" and wanted[0] is None:
        message = "Invalid request: does not contain 'ProtectionEnabled' field"
        raise RequestError(HTTPStatus.BAD_REQUEST, INVALID, message, task.arn)
    if not task.has_role:
        message = "Invalid Request: no task IAM role credentials available for task"
        raise RequestError(HTTPStatus.FORBIDDEN, "AccessDeniedException", message, task.arn)
    return wanted


def answer(method: str, body: bytes, task: AgentTask | None, ecs: Ecs, fault: Fault) -> Answer:
    """Return the agent's answer to one call, with what a fault makes of it."""
    try:
        enabled, minutes = parse(method, body, task)
    except RequestError as refused:
        return refused.answer
    if task is None:
        raise AssertionError
    failed = fault_answer(task, fault)
    if failed and not fault.lands:
        return failed
    try:
        answered = ecs.get(task.arn) if enabled is None else ecs.update(task.arn, enabled, minutes)
    except EcsError as refused:
        return failed or error(refused.status, refused.code, refused.message, task.arn)
    return failed or agent_answer(answered)


def fault_answer(task: AgentTask, fault: Fault) -> Answer | None:
    """Return the answer that a fault causes, else None."""
    if fault.latency_seconds >= ECS_TIMEOUT_SECONDS:
        message = "Timed out calling ECS Task Protection API"
        return error(HTTPStatus.GATEWAY_TIMEOUT, "RequestCanceled", message, task.arn)
    if fault.failure:
        failure = {"Arn": task.arn, "Detail": None, "Reason": fault.failure}
        return HTTPStatus.OK, {"failure": failure}
    if fault.error:
        return error(*fault.error, task.arn)
    return None


def agent_answer(answered: Call) -> Answer:
    """Return the agent's form of ECS's answer for one task; a failure has the status 200 too."""
    if answered["failures"]:
        failure = answered["failures"][0]
        return HTTPStatus.OK, {
            "failure": {
                "Arn": failure["arn"],
                "Detail": failure.get("detail"),
                "Reason": failure["reason"],
            }
        }
    state = answered["protectedTasks"][0]
    return HTTPStatus.OK, {
        "protection": {
            "ExpirationDate": expiration(state.get("expirationDate")),
            "ProtectionEnabled": state["protectionEnabled"],
            "TaskArn": state["taskArn"],
        }
    }


def expiration(at: float | None) -> str | None:
    """Return a time in seconds since the epoch as the agent writes it."""
    if at is None:
        return None
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
