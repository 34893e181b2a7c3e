"""Messages of the queues: uploads to process, jobs to dispatch again, attempts to run."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import unquote_plus

from runtime.core.contract import (
    CONFIRM_MESSAGE_TYPE,
    QUEUED_MESSAGE_TYPE,
    REQUEUE_MESSAGE_TYPE,
    SCAN_EVENT,
    SCAN_SOURCE,
    is_upload,
)
from runtime.core.errors import Permanent

_TEST_EVENT = "s3:TestEvent"
_CREATED = "ObjectCreated:"


@dataclass(frozen=True, slots=True)
class Upload:
    """An object that may have been uploaded; `key` is decoded.

    `uploaded_at` is in seconds since the epoch, None where the message does not say. It takes no
    part in comparisons. `scanned`: GuardDuty has announced the result of its scan.
    """

    bucket: str
    key: str
    uploaded_at: float | None = field(default=None, compare=False)
    scanned: bool = False


@dataclass(frozen=True, slots=True)
class Requeued:
    """A requeued job that is to be dispatched again."""

    job_id: str


Request = Upload | Requeued


@dataclass(frozen=True, slots=True)
class QueuedAttempt:
    """A message of a work queue: permission to start this attempt of this job."""

    job_id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Ignored:
    """A part of a message that is not processed, and why."""

    reason: str
    bucket: str = ""
    key: str = ""


class MessageKind(StrEnum):
    """What a message of the jobs queue is; the values are published."""

    S3_TEST = "s3_test"
    S3_EVENT = "s3_event"
    CONFIRMATION = "confirmation"
    REQUEUE = "requeue"
    SCAN_RESULT = "scan_result"


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """A message's distinct requests, the parts to ignore, and the problems of its other parts.

    `kind` takes no part in comparisons.
    """

    requests: tuple[Request, ...]
    ignored: tuple[Ignored, ...] = ()
    problems: tuple[str, ...] = ()
    kind: MessageKind | None = field(default=None, compare=False)


class MalformedMessageError(Permanent):
    """A message that cannot be parsed; it must reach the dead-letter queue to be seen."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(
            "message.malformed",
            f"The message {problem}.",
            "Look at it in the dead-letter queue and correct its sender.",
        )


def confirm_message(upload: Upload) -> str:
    """Return the body of a message that says an upload is complete."""
    return json.dumps(
        {"type": CONFIRM_MESSAGE_TYPE, "bucket": upload.bucket, "key": upload.key},
        ensure_ascii=False,
    )


def requeue_message(job_id: str) -> str:
    """Return the body of a message by which a job is dispatched again."""
    return json.dumps({"type": REQUEUE_MESSAGE_TYPE, "job_id": job_id})


def queued_message(job_id: str, attempt: int) -> str:
    """Return the body of a work queue's message by which a worker runs an attempt."""
    return json.dumps({"type": QUEUED_MESSAGE_TYPE, "job_id": job_id, "attempt": attempt})


def parse_queued(body: str) -> QueuedAttempt:
    """Return the attempt of a work queue's message; raise `MalformedMessageError`."""
    message = json_object(body)
    if message.get("type") != QUEUED_MESSAGE_TYPE:
        raise MalformedMessageError("is no attempt of a job to be run")
    attempt = message.get("attempt")
    if type(attempt) is not int or attempt < 1:
        raise MalformedMessageError("has no whole number above 0 in `attempt`")
    return QueuedAttempt(_text(message, "job_id"), attempt)


def parse(body: str, *, bucket: str) -> ParsedMessage:
    """Return what a message's body asks for; uploads to other buckets than `bucket` are ignored.

    A malformed record is a problem of its own and does not affect the others. Raise
    `MalformedMessageError` when nothing in it asks for anything that can be read.
    """
    requests: dict[Request, None] = {}
    ignored: list[Ignored] = []
    problems: list[str] = []
    message = json_object(body)
    kind = _kind(message)
    for found in _read(message, kind):
        match found:
            case str():
                problems.append(found)
            case Ignored():
                ignored.append(found)
            case Upload() if found.bucket != bucket:
                ignored.append(Ignored("foreign bucket", found.bucket, found.key))
            case Upload() if not is_upload(found.key):
                ignored.append(Ignored("not an upload", found.bucket, found.key))
            case Upload() | Requeued():
                requests[found] = None
    if problems and not requests:
        raise MalformedMessageError("; ".join(problems))
    return ParsedMessage(tuple(requests), tuple(ignored), tuple(problems), kind)


def json_object(body: str) -> Mapping[str, Any]:
    """Return the JSON object of a message's body; raise `MalformedMessageError`."""
    try:
        message = json.loads(body)
    except ValueError as error:
        raise MalformedMessageError(f"is not JSON ({error})") from error
    if not isinstance(message, dict):
        raise MalformedMessageError("is not a JSON object")
    return message


def _kind(message: Mapping[str, Any]) -> MessageKind:
    if message.get("Event") == _TEST_EVENT:
        return MessageKind.S3_TEST
    if message.get("type") == CONFIRM_MESSAGE_TYPE:
        return MessageKind.CONFIRMATION
    if message.get("type") == REQUEUE_MESSAGE_TYPE:
        return MessageKind.REQUEUE
    if (message.get("source"), message.get("detail-type")) == (SCAN_SOURCE, SCAN_EVENT):
        return MessageKind.SCAN_RESULT
    if isinstance(message.get("Records"), list):
        return MessageKind.S3_EVENT
    raise MalformedMessageError("is no S3 event, confirmation, scan or requeued job")


def _read(message: Mapping[str, Any], kind: MessageKind) -> Iterator[Request | Ignored | str]:
    match kind:
        case MessageKind.S3_TEST:
            yield Ignored("S3's test of a new notification")
        case MessageKind.CONFIRMATION:
            yield Upload(_text(message, "bucket"), _text(message, "key"))
        case MessageKind.REQUEUE:
            yield Requeued(_text(message, "job_id"))
        case MessageKind.SCAN_RESULT:
            yield _scan_result(message.get("detail"))
        case MessageKind.S3_EVENT:
            for record in message["Records"]:
                try:
                    yield _s3_record(record)
                except MalformedMessageError as error:
                    yield error.problem


def _scan_result(detail: Any) -> Upload:
    """Return the scanned object. The result is read from the object, which cannot be outdated."""
    scanned = detail.get("s3ObjectDetails") if isinstance(detail, dict) else None
    return Upload(_text(scanned, "bucketName"), _text(scanned, "objectKey"), scanned=True)


def _s3_record(record: Any) -> Upload | Ignored:
    try:
        name = str(record["eventName"])
        bucket = _text(record["s3"]["bucket"], "name")
        key = unquote_plus(_text(record["s3"]["object"], "key"))
    except (KeyError, TypeError) as error:
        raise MalformedMessageError(f"holds an S3 record without {error}") from error
    # S3 writes `ObjectCreated:Put` in events, and `s3:ObjectCreated:Put` in configurations.
    if not name.removeprefix("s3:").startswith(_CREATED):
        return Ignored(f"event {name}", bucket, key)
    return Upload(bucket, key, _time(record.get("eventTime")))


def _time(text: Any) -> float | None:
    """Return an ISO 8601 time in seconds since the epoch, or None for anything else."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except (TypeError, ValueError):
        return None


def _text(message: Any, name: str) -> str:
    value = message.get(name) if isinstance(message, dict) else None
    if not isinstance(value, str) or not value:
        raise MalformedMessageError(f"has no text in `{name}`")
    return value
