"""The job store on DynamoDB: every write is conditional, a claim is a transaction."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from boto3.dynamodb.conditions import Attr, ConditionBase, Key

from runtime.aws.job_items import idempotency_item, is_tombstone, job_item, job_of, readable
from runtime.aws.sdk_errors import typed_faults
from runtime.aws.tables import only_if, put_if, query_pages, read_item
from runtime.core.contract import IdempotencyTable, JobsTable
from runtime.core.errors import Permanent, Retryable
from runtime.core.jobs import Job, State
from runtime.core.ports import OnUnreadable, StaleWriteError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_UNSET = {"S": ""}
_STATE = Attr(JobsTable.STATE_INDEX_PARTITION_KEY)
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
        write_id = uuid4().hex
        put_record: Any = {
            "TableName": self.idempotency_table,
            "Item": idempotency_item(job),
            **only_if(_absent(IdempotencyTable, job)),
        }
        put_job: Any = {
            "TableName": self.jobs_table,
            "Item": job_item(job, write_id=write_id),
            **only_if(_absent(JobsTable, job) | _STATE.eq({"S": JobsTable.ERASED})),
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
        results, held = before.result_key, before.hold
        condition = (
            unchanged(before)
            & _is("result_key", "result_key", None if results is None else {"S": results})
            # A hold that another writer has set or lifted must not be undone.
            & _is("hold", "hold.since", None if held is None else _number(held.at))
        )
        item = job_item(after, write_id=write_id)
        if after.state is State.SUCCEEDED:
            put: Any = {"TableName": self.jobs_table, "Item": item, **only_if(condition)}
            record = {"TableName": self.idempotency_table, "Item": idempotency_item(after)}
            written = self._transact(after, [{"Put": put}, {"Put": record}])
        else:
            written = put_if(self._client, self.jobs_table, item, condition, doing=_saving(after))
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
            **only_if(Attr(JobsTable.PARTITION_KEY).not_exists() | unchanged(job)),
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
        pages = query_pages(
            self._client,
            self.jobs_table,
            Key(JobsTable.STATE_INDEX_PARTITION_KEY).eq({"S": state}),
            doing=f"listing the jobs in state {state}",
            IndexName=JobsTable.STATE_INDEX,
            ScanIndexForward=not newest_first,
        )
        for page in pages:
            yield from readable(page["Items"], on_unreadable)

    def _item(self, job_id: str) -> Any:
        key = {JobsTable.PARTITION_KEY: {"S": job_id}}
        return read_item(self._client, self.jobs_table, key, doing=f"reading job {job_id}")

    def _transact(self, job: Job, items: Any) -> bool:
        """Write all or nothing; False when a condition does not hold.

        The SDK gives each call its own ClientRequestToken. A token derived from the job would make
        a second writer of the same content believe that its write was applied.
        """
        with typed_faults(_saving(job)):
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


def unchanged(job: Job) -> ConditionBase:
    """Return the condition that a record has the state and the attempt of a job."""
    return _STATE.eq({"S": job.state}) & Attr("attempt").eq({"N": str(job.attempt)})


def _absent(table: type[IdempotencyTable | JobsTable], job: Job) -> ConditionBase:
    """Return the condition that there is no record, or only one past its retention."""
    past = Attr(table.TTL_ATTRIBUTE).lte(_number(job.updated_at))
    return Attr(table.PARTITION_KEY).not_exists() | past


def _is(name: str, path: str, value: "AttributeValueTypeDef | None") -> ConditionBase:
    """Return the condition that an attribute has a value at `path`, or does not exist."""
    return Attr(name).not_exists() if value is None else Attr(path).eq(value)


def _saving(job: Job) -> str:
    return f"saving job {job.job_id} as {job.state}"


def _number(value: float) -> "AttributeValueTypeDef":
    return {"N": repr(float(value))}


def _orphan(job: Job) -> Permanent:
    return Permanent(
        "jobs.orphan_record",
        f"{job.source.object_id} was dispatched before, but job {job.job_id} is gone.",
        "Delete the idempotency record to have the upload processed again.",
    )
