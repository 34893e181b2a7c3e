"""Records of the service on DynamoDB: one JSON attribute, conditional writes by version."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from runtime.aws.sdk_errors import error_code, typed_faults
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
        with typed_faults(f"reading a record of {self._table}"):
            item = self._client.get_item(
                TableName=self._table, Key=_key(pk, sk), ConsistentRead=True
            ).get("Item")
        return self._living(item) if item else None

    def create(self, record: Record) -> Record:
        """Write a record unless one exists whose time has not passed."""
        new = _written(record, version=1)
        condition = "attribute_not_exists(pk) OR expires_at <= :now"
        self._put(new, condition, {":now": {"N": repr(self._clock.now())}})
        return new

    def replace(self, record: Record) -> Record:
        """Write over the version that was read."""
        new = _written(record, version=record.version + 1)
        self._put(new, "version = :version", {":version": {"N": str(record.version)}})
        return new

    def delete(self, pk: str, sk: str) -> None:
        """Delete a record; idempotent."""
        with typed_faults(f"deleting a record of {self._table}"):
            self._client.delete_item(TableName=self._table, Key=_key(pk, sk))

    def stored(self, pk: str) -> Iterator[Record]:
        """Yield every record of `pk`, also those past their time, as long as they are stored."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
            ConsistentRead=True,
        )
        with typed_faults(f"reading the records of {self._table}"):
            for page in pages:
                yield from (_record(item) for item in page["Items"])

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
        found: list[Record] = []
        start: Mapping[str, Any] | None = None if after is None else _key(pk, after)
        condition = "pk = :pk"
        values: dict[str, AttributeValueTypeDef] = {":pk": {"S": pk}}
        if prefix:  # DynamoDB refuses an empty one.
            condition += " AND begins_with(sk, :prefix)"
            values[":prefix"] = {"S": prefix}
        while len(found) < limit:
            with typed_faults(f"listing records of {self._table}"):
                page = self._client.query(
                    TableName=self._table,
                    KeyConditionExpression=condition,
                    ExpressionAttributeValues=values,
                    ConsistentRead=True,
                    ScanIndexForward=not newest_first,
                    Limit=limit,
                    **({} if start is None else {"ExclusiveStartKey": start}),  # type: ignore[arg-type]
                )
            living = (self._living(item) for item in page["Items"])
            found.extend(record for record in living if record is not None)
            start = page.get("LastEvaluatedKey")
            if start is None:
                break
        return found[:limit]

    def _living(self, item: Mapping[str, Any]) -> Record | None:
        record = _record(item)
        past = record.expires_at is not None and record.expires_at <= self._clock.now()
        return None if past else record

    def _put(
        self,
        record: Record,
        condition: str,
        values: Mapping[str, "AttributeValueTypeDef"],
    ) -> None:
        with typed_faults(f"writing a record of {self._table}"):
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=_item(record),
                    ConditionExpression=condition,
                    ExpressionAttributeValues=values,
                )
            except ClientError as error:
                if error_code(error) == "ConditionalCheckFailedException":
                    raise RecordConflictError(f"{record.pk} {record.sk}") from error
                raise


def _key(pk: str, sk: str) -> dict[str, "AttributeValueTypeDef"]:
    return {ServiceTable.PARTITION_KEY: {"S": pk}, ServiceTable.SORT_KEY: {"S": sk}}


def _written(record: Record, *, version: int) -> Record:
    return Record(
        pk=record.pk,
        sk=record.sk,
        data=record.data,
        expires_at=record.expires_at,
        version=version,
    )


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
