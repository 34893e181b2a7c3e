"""A job as a DynamoDB item and back: one table of attributes for both directions."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from runtime.core.contract import IdempotencyTable, JobsTable, SubmissionField
from runtime.core.errors import Permanent
from runtime.core.jobs import Failure, Hold, Job, Source, State
from runtime.core.option_schema import JSON_NAMES
from runtime.core.options import (
    DEFAULT_OPTIONS,
    JobOptions,
    OptionsRefusedError,
    json_of,
    options_of_json,
)
from runtime.core.submission import Submission

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

DAY_SECONDS = 24 * 3600
RETENTION_SECONDS = 90 * DAY_SECONDS
"""How long a record is kept after its last change; DynamoDB deletes it some days later."""

GRACE_SECONDS = 30 * DAY_SECONDS
"""How much longer than its days to keep a record lives, in case its erasure is delayed."""

_TEXT = ("task_arn", "stage", "result_key", "waiting_for")
_WHOLE = ("attempt", "runs", "reruns", "misses", "waits", "interruptions", "published_by")
_FRACTION = (
    "created_at",
    "updated_at",
    "lease_until",
    "started_at",
    "progress",
    "not_before",
    "waiting_since",
    "first_started_at",
    "suspected_at",
)
_SOURCE_TEXT = ("bucket", "key", "etag")

Item = dict[str, "AttributeValueTypeDef"]


class UnreadableRecordError(Permanent):
    """A record that this version cannot read, as after a rollback; no other record is affected."""

    def __init__(self, item: Mapping[str, Any], error: Exception) -> None:
        self.job_id = str(item.get(JobsTable.PARTITION_KEY, {}).get("S", "unknown"))
        super().__init__(
            "jobs.unreadable",
            f"The record of job {self.job_id} cannot be read ({error!r}).",
            "Deploy the version that wrote it, or correct the record by hand.",
        )


def job_item(job: Job, *, write_id: str) -> Item:
    """Return the item of a job; `write_id` distinguishes writes of the same content."""
    values: dict[str, Any] = {name: getattr(job, name) for name in _TEXT + _WHOLE + _FRACTION}
    values |= asdict(job.source)
    item = {name: _attribute(value) for name, value in values.items() if value is not None}
    item[JobsTable.PARTITION_KEY] = {"S": job.job_id}
    item[JobsTable.STATE_INDEX_PARTITION_KEY] = {"S": job.state}
    if job.hold is None:
        item[JobsTable.TTL_ATTRIBUTE] = _expiry(job)
    else:
        hold = job.hold
        item["hold"] = {
            "M": {
                "reason": {"S": hold.reason},
                "by": {"S": hold.by},
                "since": _attribute(hold.at),
            }
        }
    item["write_id"] = {"S": write_id}
    if job.failure is not None:
        item["failure"] = {"M": {k: {"S": v} for k, v in asdict(job.failure).items()}}
    for name, text in asdict(job.submission).items():
        if text is not None:
            item[name] = {"S": text}
    if job.options_requested:
        item["options_requested"] = {"BOOL": True}
    if job.options != DEFAULT_OPTIONS:
        item["options"] = {"M": _options_map(job.options)}
    return item


def is_tombstone(item: Mapping[str, Any]) -> bool:
    """Return whether an item is what an erasure leaves of a job: it counts as absent."""
    state = item.get(JobsTable.STATE_INDEX_PARTITION_KEY, {})
    return bool(state.get("S") == JobsTable.ERASED)


def job_of(item: Mapping[str, Any]) -> Job:
    """Return the job of an item; attributes of newer versions are ignored.

    Raise `UnreadableRecordError` when what is known cannot be read.
    """
    try:
        return _job_of(item)
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableRecordError(item, error) from error


def readable(
    items: Iterable[Mapping[str, Any]],
    on_unreadable: Callable[[UnreadableRecordError], object] | None,
) -> Iterator[Job]:
    """Yield the jobs of items; without `on_unreadable`, one that cannot be read raises."""
    for item in items:
        try:
            job = job_of(item)
        except UnreadableRecordError as error:
            if on_unreadable is None:
                raise
            on_unreadable(error)
        else:
            yield job


def _job_of(item: Mapping[str, Any]) -> Job:
    values: dict[str, Any] = {name: item[name]["S"] for name in _TEXT if name in item}
    values |= {name: int(item[name]["N"]) for name in _WHOLE if name in item}
    values |= {name: float(item[name]["N"]) for name in _FRACTION if name in item}
    if "failure" in item:
        values["failure"] = Failure(**{k: v["S"] for k, v in item["failure"]["M"].items()})
    if "hold" in item:
        held = item["hold"]["M"]
        values["hold"] = Hold(
            reason=held["reason"]["S"], by=held["by"]["S"], at=float(held["since"]["N"])
        )
    if "options" in item:
        values["options"] = _options_of(item["options"]["M"])
    return Job(
        options_requested="options_requested" in item,
        submission=Submission(
            **{name: item[name]["S"] for name in SubmissionField if name in item}
        ),
        source=Source(
            size_bytes=int(item["size_bytes"]["N"]),
            **{name: item[name]["S"] for name in _SOURCE_TEXT},
        ),
        state=State(item[JobsTable.STATE_INDEX_PARTITION_KEY]["S"]),
        **values,
    )


def idempotency_item(job: Job) -> Item:
    """Return the idempotency record of the job's upload."""
    item: Item = {
        IdempotencyTable.PARTITION_KEY: {"S": job.source.object_id},
        IdempotencyTable.TTL_ATTRIBUTE: _expiry(job),
        "job_id": {"S": job.job_id},
        "status": {"S": IdempotencyTable.DISPATCHED},
    }
    if job.state is State.SUCCEEDED:
        item["status"] = {"S": IdempotencyTable.PROCESSED}
        item["result_s3_key"] = {"S": job.result_key or ""}
    return item


def _options_map(options: JobOptions) -> Item:
    return {
        name: {"L": [{"S": item} for item in value]}
        if isinstance(value, list)
        else _attribute(value)
        for name, value in json_of(options).items()
    }


def _options_of(given: Mapping[str, Any]) -> JobOptions:
    known = set(JSON_NAMES.values())
    values = {name: _value(attribute) for name, attribute in given.items() if name in known}
    try:
        return options_of_json(values)
    except OptionsRefusedError as error:
        raise ValueError(error.summary) from error


def _value(attribute: Mapping[str, Any]) -> Any:
    match attribute:
        case {"L": items}:
            return [item["S"] for item in items]
        case {"N": number}:
            return int(number)
        case _:
            return attribute["S"]


def _attribute(value: str | float) -> "AttributeValueTypeDef":
    if isinstance(value, str):
        return {"S": value}
    # The repr of a numeric library's float is not a number.
    return {"N": str(value) if isinstance(value, int) else repr(float(value))}


def _expiry(job: Job) -> "AttributeValueTypeDef":
    # A job that is to be erased on a day must not be forgotten before.
    kept = (job.options.keep_days or 0) * DAY_SECONDS + GRACE_SECONDS
    return {"N": str(int(job.updated_at) + max(RETENTION_SECONDS, kept))}
