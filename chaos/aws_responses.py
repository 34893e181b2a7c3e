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
    """Return the service's throttle, conflict, server error, or empty list of tasks."""
    if kind is FaultKind.CONFLICT:
        return _conflict(operation)
    if kind is FaultKind.NO_CAPACITY:
        return _json(200, NO_CAPACITY)
    table = THROTTLES if kind is FaultKind.THROTTLE else SERVER_ERRORS
    status, code = table.get(service, (500, "InternalError"))
    message = "injected by the chaos harness"
    if service == "s3":
        document = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        return Response(status, (("Content-Type", "application/xml"),), document.encode())
    return _json(status, {"__type": code, "message": message})


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
