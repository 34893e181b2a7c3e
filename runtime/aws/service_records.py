"""Records of the service on DynamoDB: one JSON attribute, conditional writes by version."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, ConditionBase, Key

from runtime.aws.sdk_errors import typed_faults
from runtime.aws.tables import put_if, query_pages, read_item
from runtime.core.clock import WallClock
from runtime.core.contract import ServiceTable
from runtime.core.service_ports import Record, RecordConflictError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef


class DynamoRecords:
    """Records of one table shaped as `ServiceTable`."""

    def __init__(self, client: "DynamoDBClient", *, table: str, clock: WallClock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def get(self, pk: str, sk: str) -> Record | None:
        """Return the record by a consistent read, or None."""
        doing = f"reading a record of {self._table}"
        item = read_item(self._client, self._table, _key(pk, sk), doing=doing)
        return self._living(item) if item else None

    def create(self, record: Record) -> Record:
        """Write a record unless one exists whose time has not passed."""
        past = Attr(ServiceTable.TTL_ATTRIBUTE).lte({"N": repr(self._clock.now())})
        new = replace(record, version=1)
        return self._put(new, Attr(ServiceTable.PARTITION_KEY).not_exists() | past)

    def replace(self, record: Record) -> Record:
        """Write over the version that was read."""
        new = replace(record, version=record.version + 1)
        return self._put(new, Attr("version").eq({"N": str(record.version)}))

    def delete(self, pk: str, sk: str) -> None:
        """Delete a record; idempotent."""
        with typed_faults(f"deleting a record of {self._table}"):
            self._client.delete_item(TableName=self._table, Key=_key(pk, sk))

    def stored(self, pk: str) -> Iterator[Record]:
        """Yield every record of `pk`, also those past their time, as long as they are stored."""
        doing = f"reading the records of {self._table}"
        for page in query_pages(
            self._client, self._table, _pk(pk), doing=doing, ConsistentRead=True
        ):
            yield from map(_record, page["Items"])

    def below(
        self,
        pk: str,
        prefix: str,
        *,
        limit: int = 100,
        after: str | None = None,
        newest_first: bool = False,
    ) -> Sequence[Record]:
        """Return up to `limit` records by consistent queries."""
        # DynamoDB refuses an empty prefix.
        keys = (
            _pk(pk) & Key(ServiceTable.SORT_KEY).begins_with({"S": prefix}) if prefix else _pk(pk)
        )
        pages = query_pages(
            self._client,
            self._table,
            keys,
            doing=f"listing records of {self._table}",
            ConsistentRead=True,
            ScanIndexForward=not newest_first,
            Limit=limit,
            **({} if after is None else {"ExclusiveStartKey": _key(pk, after)}),
        )
        found = (self._living(item) for page in pages for item in page["Items"])
        return list(islice((record for record in found if record is not None), limit))

    def _living(self, item: Mapping[str, Any]) -> Record | None:
        record = _record(item)
        past = record.expires_at is not None and record.expires_at <= self._clock.now()
        return None if past else record

    def _put(self, record: Record, condition: ConditionBase) -> Record:
        doing = f"writing a record of {self._table}"
        if not put_if(self._client, self._table, _item(record), condition, doing=doing):
            raise RecordConflictError(f"{record.pk} {record.sk}")
        return record


def _pk(pk: str) -> ConditionBase:
    return Key(ServiceTable.PARTITION_KEY).eq({"S": pk})


def _key(pk: str, sk: str) -> dict[str, "AttributeValueTypeDef"]:
    return {ServiceTable.PARTITION_KEY: {"S": pk}, ServiceTable.SORT_KEY: {"S": sk}}


def _item(record: Record) -> dict[str, "AttributeValueTypeDef"]:
    item = _key(record.pk, record.sk)
    item["data"] = {"S": json.dumps(record.data, ensure_ascii=False, separators=(",", ":"))}
    item["version"] = {"N": str(record.version)}
    if record.expires_at is not None:
        item[ServiceTable.TTL_ATTRIBUTE] = {"N": str(int(record.expires_at))}
    return item


def _record(item: Mapping[str, Any]) -> Record:
    expiry = item.get(ServiceTable.TTL_ATTRIBUTE)
    return Record(
        pk=item[ServiceTable.PARTITION_KEY]["S"],
        sk=item[ServiceTable.SORT_KEY]["S"],
        data=json.loads(item["data"]["S"]),
        expires_at=float(expiry["N"]) if expiry else None,
        version=int(item["version"]["N"]),
    )
