"""The job store on DynamoDB: every write is conditional, a claim is a transaction."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from botocore.exceptions import ClientError

from runtime.aws.job_items import (
    UnreadableRecordError,
    idempotency_item,
    is_tombstone,
    job_item,
    job_of,
)
from runtime.aws.sdk_errors import error_code, typed_faults
from runtime.core.contract import IdempotencyTable, JobsTable
from runtime.core.errors import Permanent, Retryable
from runtime.core.jobs import Job, State
from runtime.core.ports import OnUnreadable, StaleWriteError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        PutTypeDef,
        TransactWriteItemTypeDef,
    )

_UNSET = {"S": ""}
_CONTENDED = frozenset(
    {
        "None",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
        "ThrottlingError",
        "TransactionConflict",
    }
)
"""Cancellation reasons of a transaction that succeeds when it is tried again."""


class DynamoJobStore:
    """Keeps jobs and their idempotency records in two tables.

    Each write has a fresh `write_id`. When the SDK repeats a write whose answer was lost, the
    condition fails against the first one; the id distinguishes that from another writer's.
    """

    def __init__(
        self, client: "DynamoDBClient", *, jobs_table: str, idempotency_table: str
    ) -> None:
        self._client = client
        self.jobs_table = jobs_table
        self.idempotency_table = idempotency_table

    def get(self, job_id: str) -> Job | None:
        """Return the job by a consistent read, or None."""
        item = self._item(job_id)
        return job_of(item) if item and not is_tombstone(item) else None

    def create(self, job: Job) -> Job | None:
        """Write a first claim and its idempotency record in one transaction.

        Return None when written, else the existing job, with nothing written. Records past their
        retention count as absent, because TTL deletes them days late. Raise `Retryable` during
        another writer's transaction, `Permanent` for a record without its job.
        """
        now = {"N": repr(float(job.updated_at))}
        put_record: PutTypeDef = {
            "TableName": self.idempotency_table,
            "Item": idempotency_item(job),
            "ConditionExpression": "attribute_not_exists(#key) OR #expiry <= :now",
            "ExpressionAttributeNames": {
                "#key": IdempotencyTable.PARTITION_KEY,
                "#expiry": IdempotencyTable.TTL_ATTRIBUTE,
            },
            "ExpressionAttributeValues": {":now": now},
        }
        write_id = uuid4().hex
        put_job: PutTypeDef = {
            "TableName": self.jobs_table,
            "Item": job_item(job, write_id=write_id),
            "ConditionExpression": "attribute_not_exists(#key) OR #expiry <= :now "
            "OR #state = :erased",
            "ExpressionAttributeNames": {
                "#key": JobsTable.PARTITION_KEY,
                "#expiry": JobsTable.TTL_ATTRIBUTE,
                "#state": JobsTable.STATE_INDEX_PARTITION_KEY,
            },
            "ExpressionAttributeValues": {":now": now, ":erased": {"S": JobsTable.ERASED}},
        }
        if self._transact(job, [{"Put": put_record}, {"Put": put_job}]):
            return None
        existing = self._item(job.job_id)
        if existing is None:
            raise _orphan(job)
        return None if existing.get("write_id", _UNSET)["S"] == write_id else job_of(existing)

    def save(self, before: Job, after: Job) -> None:
        """Replace `before` by `after`.

        Raise `StaleWriteError` unless state, attempt, `result_key` and hold are those of `before`.
        With `after` SUCCEEDED, the idempotency record becomes "processed" with its
        `result_s3_key` in the same transaction.
        """
        write_id = uuid4().hex
        put: PutTypeDef = {
            "TableName": self.jobs_table,
            "Item": job_item(after, write_id=write_id),
            "ConditionExpression": "#state = :state AND attempt = :attempt",
            "ExpressionAttributeNames": {"#state": JobsTable.STATE_INDEX_PARTITION_KEY},
            "ExpressionAttributeValues": {
                ":state": {"S": before.state},
                ":attempt": {"N": str(before.attempt)},
            },
        }
        results, held = before.result_key, before.hold
        _require(put, "result_key", "#result_key", None if results is None else {"S": results})
        # A hold that another writer has set or lifted must not be undone.
        _require(put, "hold", "#hold.since", None if held is None else _number(held.at))
        if after.state is State.SUCCEEDED:
            record: PutTypeDef = {
                "TableName": self.idempotency_table,
                "Item": idempotency_item(after),
            }
            written = self._transact(after, [{"Put": put}, {"Put": record}])
        else:
            written = self._put(after, put)
        if written:
            return
        existing = self._item(before.job_id)
        if existing is None or existing.get("write_id", _UNSET)["S"] != write_id:
            raise StaleWriteError(
                f"job {before.job_id} is no longer {before.state} in attempt {before.attempt} "
                f"with the results {before.result_key}"
            )

    def delete(self, job: Job) -> None:
        """Delete the job and its idempotency record in one transaction.

        Raise `StaleWriteError` unless state and attempt match, or there is no record.
        """
        delete_job: Any = {
            "TableName": self.jobs_table,
            "Key": {JobsTable.PARTITION_KEY: {"S": job.job_id}},
            "ConditionExpression": "attribute_not_exists(#key) OR "
            "(#state = :state AND attempt = :attempt)",
            "ExpressionAttributeNames": {
                "#key": JobsTable.PARTITION_KEY,
                "#state": JobsTable.STATE_INDEX_PARTITION_KEY,
            },
            "ExpressionAttributeValues": {
                ":state": {"S": job.state},
                ":attempt": {"N": str(job.attempt)},
            },
        }
        delete_record: Any = {
            "TableName": self.idempotency_table,
            "Key": {IdempotencyTable.PARTITION_KEY: {"S": job.source.object_id}},
        }
        if not self._transact(job, [{"Delete": delete_job}, {"Delete": delete_record}]):
            raise StaleWriteError(
                f"job {job.job_id} is no longer {job.state} in attempt {job.attempt}"
            )

    def in_state(
        self,
        state: State,
        *,
        newest_first: bool = False,
        on_unreadable: OnUnreadable | None = None,
    ) -> Iterator[Job]:
        """Yield the jobs in a state, by default oldest update first (eventually consistent).

        `on_unreadable` receives the error of each record that cannot be read, and the listing
        continues; without it the error is raised.
        """
        pages = self._client.get_paginator("query").paginate(
            TableName=self.jobs_table,
            IndexName=JobsTable.STATE_INDEX,
            KeyConditionExpression="#state = :state",
            ExpressionAttributeNames={"#state": JobsTable.STATE_INDEX_PARTITION_KEY},
            ExpressionAttributeValues={":state": {"S": state}},
            ScanIndexForward=not newest_first,
        )
        with typed_faults(f"listing the jobs in state {state}"):
            for page in pages:
                yield from _readable(page["Items"], on_unreadable)

    def _item(self, job_id: str) -> Any:
        with typed_faults(f"reading job {job_id}"):
            return self._client.get_item(
                TableName=self.jobs_table,
                Key={JobsTable.PARTITION_KEY: {"S": job_id}},
                ConsistentRead=True,
            ).get("Item")

    def _put(self, job: Job, put: "PutTypeDef") -> bool:
        """Write one item; False when its condition does not hold."""
        with typed_faults(f"saving job {job.job_id} as {job.state}"):
            try:
                self._client.put_item(**put)
            except ClientError as error:
                if error_code(error) == "ConditionalCheckFailedException":
                    return False
                raise
        return True

    def _transact(self, job: Job, items: list["TransactWriteItemTypeDef"]) -> bool:
        """Write all or nothing; False when a condition does not hold.

        The SDK gives each call its own ClientRequestToken. A token derived from the job would make
        a second writer of the same content believe that its write was applied.
        """
        with typed_faults(f"saving job {job.job_id} as {job.state}"):
            try:
                self._client.transact_write_items(TransactItems=items)
            except self._client.exceptions.TransactionCanceledException as error:
                reasons: Any = error.response.get("CancellationReasons", [])
                codes = {reason.get("Code") for reason in reasons}
                if "ConditionalCheckFailed" in codes:
                    return False
                if codes <= _CONTENDED:
                    raise Retryable(
                        "jobs.contended",
                        f"Another writer was changing job {job.job_id} at the same moment.",
                        "It is tried again.",
                    ) from error
                raise
        return True


def _require(
    put: "PutTypeDef", name: str, path: str, value: "AttributeValueTypeDef | None"
) -> None:
    """Add the condition that the attribute `name` has a value at `path`, or does not exist."""
    put["ExpressionAttributeNames"] = {**put["ExpressionAttributeNames"], f"#{name}": name}
    if value is None:
        put["ConditionExpression"] += f" AND attribute_not_exists(#{name})"
        return
    put["ConditionExpression"] += f" AND {path} = :{name}"
    put["ExpressionAttributeValues"] = {**put["ExpressionAttributeValues"], f":{name}": value}


def _readable(
    items: Iterable[Mapping[str, Any]], on_unreadable: OnUnreadable | None
) -> Iterator[Job]:
    for item in items:
        try:
            job = job_of(item)
        except UnreadableRecordError as error:
            if on_unreadable is None:
                raise
            on_unreadable(error)
        else:
            yield job


def _number(value: float) -> "AttributeValueTypeDef":
    return {"N": repr(float(value))}


def _orphan(job: Job) -> Permanent:
    return Permanent(
        "jobs.orphan_record",
        f"{job.source.object_id} was dispatched before, but job {job.job_id} is gone.",
        "Delete the idempotency record to have the upload processed again.",
    )
