"""Records of erasures on DynamoDB: certificates, and what stays of an erased job for some hours."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, Key

from runtime.aws.job_items import is_tombstone
from runtime.aws.job_store import unchanged
from runtime.aws.sdk_errors import typed_faults
from runtime.aws.tables import REFUSED, only_if, put_if, query_pages, read_item
from runtime.core.contract import ERASURE_PREFIX, IdempotencyTable, JobsTable
from runtime.core.erasure import (
    CERTIFICATE_SECONDS,
    DAY,
    Certificate,
    Inventory,
    KeptCopy,
    KeptPlace,
    Watched,
    erasure_digest,
    owner_digest,
)
from runtime.core.errors import Retryable
from runtime.core.jobs import Job

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TOMBSTONE_SECONDS = 7 * DAY
"""A tombstone that the reaper never closes expires so long after its time."""


class DynamoErasures:
    """Keeps certificates in the idempotency table, and tombstones in place of jobs' records."""

    def __init__(
        self, client: "DynamoDBClient", *, jobs_table: str, idempotency_table: str
    ) -> None:
        self._client = client
        self._jobs_table = jobs_table
        self._table = idempotency_table

    def begin(self, job: Job, take: Callable[[], Inventory]) -> Certificate:
        """Return the record of this erasure; a first call stores what `take` returns."""
        found = self.find(job.job_id)
        if found is not None and found.inventory.requested_at == job.updated_at:
            return found
        new = Certificate(
            job_id=job.job_id,
            owner_digest=owner_digest(job.job_id, job.submission.owner or ""),
            inventory=take(),
        )
        with typed_faults(f"recording the erasure of job {job.job_id}"):
            self._client.put_item(TableName=self._table, Item=_item(new, began=job.updated_at))
        return new

    def finish(self, job: Job, certificate: Certificate) -> None:
        """Store the certificate and remove the job's records, both or nothing; idempotent."""
        if self._has_tombstone(job.job_id):
            return
        items: Any = [
            {
                "Put": {
                    "TableName": self._jobs_table,
                    "Item": _tombstone(job, certificate),
                    **only_if(unchanged(job)),
                }
            },
            {
                "Delete": {
                    "TableName": self._table,
                    "Key": {IdempotencyTable.PARTITION_KEY: {"S": job.source.object_id}},
                }
            },
            {"Put": {"TableName": self._table, "Item": _item(certificate, began=job.updated_at)}},
        ]
        with typed_faults(f"certifying the erasure of job {job.job_id}"):
            try:
                self._client.transact_write_items(TransactItems=items)
            except self._client.exceptions.TransactionCanceledException as error:
                if self._has_tombstone(job.job_id):
                    return
                raise Retryable(
                    "erasure.contended",
                    f"The record of job {job.job_id} changed while it was erased.",
                    "The next sweep tries again.",
                ) from error

    def watched(self) -> Iterator[Watched]:
        """Yield the erased jobs whose ids are kept."""
        pages = query_pages(
            self._client,
            self._jobs_table,
            Key(JobsTable.STATE_INDEX_PARTITION_KEY).eq({"S": JobsTable.ERASED}),
            doing="listing the erased jobs",
            IndexName=JobsTable.STATE_INDEX,
        )
        for page in pages:
            for item in page["Items"]:
                yield Watched(
                    job_id=item[JobsTable.PARTITION_KEY]["S"],
                    bucket=item["bucket"]["S"],
                    until=float(item["watched_until"]["N"]),
                )

    def close(self, watched: Watched, at: float) -> None:
        """Remove the id of an erased job; idempotent."""
        doing = f"closing the erasure of job {watched.job_id}"
        self._record_end(watched.job_id, at, doing)
        # Refused: removed already, or the same bytes were uploaded again, whose job has a record.
        with typed_faults(doing, expected=(REFUSED,)):
            erased = Attr(JobsTable.STATE_INDEX_PARTITION_KEY).eq({"S": JobsTable.ERASED})
            self._client.delete_item(
                TableName=self._jobs_table,
                Key={JobsTable.PARTITION_KEY: {"S": watched.job_id}},
                **only_if(erased),
            )

    def _record_end(self, job_id: str, at: float, doing: str) -> None:
        item = self._certificate_item(job_id, doing)
        if item is None:
            return
        closed = {**json.loads(item["certificate"]["S"]), "closed_at": at}
        after = {**item, "certificate": {"S": json.dumps(closed, separators=(",", ":"))}}
        # Another erasure of the same upload may have begun.
        same = Attr("certificate").eq(item["certificate"])
        put_if(self._client, self._table, after, same, doing=doing)

    def find(self, job_id: str) -> Certificate | None:
        """Return the certificate of a job, also while it is being erased; None without one."""
        item = self._certificate_item(job_id, f"reading the erasure of job {job_id}")
        return None if item is None else _certificate(job_id, item)

    def _certificate_item(self, job_id: str, doing: str) -> Any:
        return read_item(self._client, self._table, _key(job_id), doing=doing)

    def _has_tombstone(self, job_id: str) -> bool:
        key = {JobsTable.PARTITION_KEY: {"S": job_id}}
        item = read_item(self._client, self._jobs_table, key, doing=f"reading job {job_id}")
        return item is not None and is_tombstone(item)


def _key(job_id: str) -> dict[str, Any]:
    return {IdempotencyTable.PARTITION_KEY: {"S": ERASURE_PREFIX + erasure_digest(job_id)}}


def _tombstone(job: Job, certificate: Certificate) -> dict[str, Any]:
    until = certificate.watched_until or job.updated_at
    return {
        JobsTable.PARTITION_KEY: {"S": job.job_id},
        JobsTable.STATE_INDEX_PARTITION_KEY: {"S": JobsTable.ERASED},
        JobsTable.STATE_INDEX_SORT_KEY: {"N": repr(float(certificate.erased_at or until))},
        JobsTable.TTL_ATTRIBUTE: {"N": str(int(until + _TOMBSTONE_SECONDS))},
        "bucket": {"S": job.source.bucket},
        "watched_until": {"N": repr(float(until))},
    }


def _item(certificate: Certificate, *, began: float) -> dict[str, Any]:
    """Return the item of a certificate, which does not hold the job's id."""
    data = asdict(certificate)
    del data["job_id"]
    longest = max((each.days for each in certificate.kept), default=0) * DAY
    return {
        **_key(certificate.job_id),
        IdempotencyTable.TTL_ATTRIBUTE: {"N": str(int(began + longest + CERTIFICATE_SECONDS))},
        "certificate": {"S": json.dumps(data, separators=(",", ":"))},
    }


def _certificate(job_id: str, item: Mapping[str, Any]) -> Certificate:
    data = json.loads(item["certificate"]["S"])
    data["inventory"] = Inventory(**data["inventory"])
    data["kept"] = tuple(
        KeptCopy(place=KeptPlace(each["place"]), days=each["days"]) for each in data["kept"]
    )
    return Certificate(job_id=job_id, **data)
