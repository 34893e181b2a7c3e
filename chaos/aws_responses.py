"""What AWS answers when it refuses a call, in each protocol."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from chaos.plan import FaultKind

_DYNAMODB, _SQS = "com.amazonaws.dynamodb.v20120810#", "com.amazonaws.sqs#"
_ERRORS = {
    FaultKind.THROTTLE: {
        "dynamodb": (400, f"{_DYNAMODB}ProvisionedThroughputExceededException"),
        "ecs": (400, "ThrottlingException"),
        "sqs": (400, f"{_SQS}RequestThrottled"),
        "s3": (503, "SlowDown"),
    },
    FaultKind.EXPIRED: {
        "dynamodb": (400, f"{_DYNAMODB}ExpiredTokenException"),
        "ecs": (400, "ExpiredTokenException"),
        "sqs": (403, f"{_SQS}ExpiredToken"),
        "s3": (400, "ExpiredToken"),
    },
    FaultKind.SERVER_ERROR: {
        "dynamodb": (500, f"{_DYNAMODB}InternalServerError"),
        "ecs": (500, "ServerException"),
        "sqs": (500, f"{_SQS}InternalError"),
        "s3": (500, "InternalError"),
    },
}
NO_CAPACITY = {
    "tasks": [],
    "failures": [{"reason": "Capacity is unavailable at this time. Please try again later"}],
}


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response."""

    status: int
    headers: tuple[tuple[str, str], ...] = field(default=())
    body: bytes = b""
    afterwards: Callable[[], None] = lambda: None
    """What is to be done as soon as it is out."""

    @property
    def succeeded(self) -> bool:
        """Whether the call was carried out."""
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's own class of success


def refusal(kind: FaultKind, service: str, operation: str = "") -> Response:
    """Return the service's throttle, expired token, conflict, server error, or no capacity."""
    if kind is FaultKind.CONFLICT:
        return _conflict(operation)
    if kind is FaultKind.NO_CAPACITY:
        return _json(200, NO_CAPACITY)
    errors = _ERRORS.get(kind, _ERRORS[FaultKind.SERVER_ERROR])
    status, code = errors.get(service, (500, "InternalError"))
    message = "injected by the chaos harness"
    if service == "s3":
        document = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        return Response(status, (("Content-Type", "application/xml"),), document.encode())
    return _json(status, {"__type": code, "message": message})


def no_tasks() -> Response:
    """Return ListTasks's answer while it does not list a new task yet."""
    return _json(200, {"taskArns": []})


def _conflict(operation: str) -> Response:
    if operation == "TransactWriteItems":
        reasons = [{"Code": "TransactionConflict"}, {"Code": "None"}]
        kind = f"{_DYNAMODB}TransactionCanceledException"
        return _json(400, {"__type": kind, "CancellationReasons": reasons})
    return _json(400, {"__type": f"{_DYNAMODB}TransactionConflictException"})


def _json(status: int, document: object) -> Response:
    kind = (("Content-Type", "application/x-amz-json-1.0"),)
    return Response(status, kind, json.dumps(document).encode())
