"""What AWS answers when it refuses a call, in each protocol."""

import json
from dataclasses import dataclass, field

from chaos.plan import FaultKind

THROTTLES = {
    "dynamodb": (400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"),
    "ecs": (400, "ThrottlingException"),
    "sqs": (400, "com.amazonaws.sqs#RequestThrottled"),
    "s3": (503, "SlowDown"),
}
SERVER_ERRORS = {
    "dynamodb": (500, "com.amazonaws.dynamodb.v20120810#InternalServerError"),
    "ecs": (500, "ServerException"),
    "sqs": (500, "com.amazonaws.sqs#InternalError"),
    "s3": (500, "InternalError"),
}
EXPIRED = {
    "dynamodb": (400, "com.amazonaws.dynamodb.v20120810#ExpiredTokenException"),
    "ecs": (400, "ExpiredTokenException"),
    "sqs": (403, "com.amazonaws.sqs#ExpiredToken"),
    "s3": (400, "ExpiredToken"),
}
TABLES = {FaultKind.THROTTLE: THROTTLES, FaultKind.EXPIRED: EXPIRED}
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
    table = TABLES.get(kind, SERVER_ERRORS)
    status, code = table.get(service, (500, "InternalError"))
    message = "injected by the chaos harness"
    if service == "s3":
        document = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        return Response(status, (("Content-Type", "application/xml"),), document.encode())
    return _json(status, {"__type": code, "message": message})


NO_TASKS: dict[str, list[str]] = {"taskArns": []}


def no_tasks() -> Response:
    """Return ListTasks's answer while it does not list a new task yet."""
    return _json(200, NO_TASKS)


def _conflict(operation: str) -> Response:
    if operation == "TransactWriteItems":
        reasons = [{"Code": "TransactionConflict"}, {"Code": "None"}]
        return _json(
            400,
            {
                "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                "CancellationReasons": reasons,
            },
        )
    return _json(400, {"__type": "com.amazonaws.dynamodb.v20120810#TransactionConflictException"})


def _json(status: int, document: object) -> Response:
    kind = (("Content-Type", "application/x-amz-json-1.0"),)
    return Response(status, kind, json.dumps(document).encode())
