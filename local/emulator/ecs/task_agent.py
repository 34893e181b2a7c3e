"""The ECS agent's task protection endpoint: what it answers, as a function of what ECS says.

Shapes and codes are those of the agent (its package `tmds/handlers/taskprotection/v1`).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from local.emulator.ecs.agent_faults import Fault

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
        """Take what its answer says; without an ARN it has none."""
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
        """Take what it said."""
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def error(status: int, code: str, message: str, arn: str = "") -> Answer:
    """Return an `error` answer."""
    about = {"Arn": arn} if arn else {}
    return status, {"error": {**about, "Code": code, "Message": message}}


def decoded(body: bytes) -> tuple[bool | None, int | None]:
    """Read a PUT's body: what is wanted and for how many minutes. Raises `RequestError`."""
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


def asked(method: str, body: bytes, task: AgentTask | None) -> tuple[bool | None, int | None]:
    """Return what a call asks ECS for: (None, None) to read. Raises `RequestError`."""
    wanted = decoded(body) if method == "PUT" else (None, None)
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
    """Return the agent's answer; how long it takes and whether it comes at all is not said here."""
    try:
        enabled, minutes = asked(method, body, task)
    except RequestError as refused:
        return refused.answer
    if task is None:
        raise AssertionError
    troubled = trouble(task, fault)
    if troubled and not fault.lands:
        return troubled
    try:
        said = ecs.get(task.arn) if enabled is None else ecs.update(task.arn, enabled, minutes)
    except EcsError as refused:
        return troubled or error(refused.status, refused.code, refused.message, task.arn)
    return troubled or told(said)


def trouble(task: AgentTask, fault: Fault) -> Answer | None:
    """Return what a fault has the agent answer, else None."""
    if fault.latency_seconds >= ECS_TIMEOUT_SECONDS:
        message = "Timed out calling ECS Task Protection API"
        return error(HTTPStatus.GATEWAY_TIMEOUT, "RequestCanceled", message, task.arn)
    if fault.failure:
        failure = {"Arn": task.arn, "Detail": None, "Reason": fault.failure}
        return HTTPStatus.OK, {"failure": failure}
    if fault.error:
        return error(*fault.error, task.arn)
    return None


def told(said: Call) -> Answer:
    """Return what the agent makes of ECS's answer for one task. A failure is a 200, too."""
    if said["failures"]:
        failure = said["failures"][0]
        return HTTPStatus.OK, {
            "failure": {
                "Arn": failure["arn"],
                "Detail": failure.get("detail"),
                "Reason": failure["reason"],
            }
        }
    state = said["protectedTasks"][0]
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
