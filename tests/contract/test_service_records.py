"""What every table of service records promises, on the fake and on DynamoDB."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import uuid4

import pytest

from runtime.aws import clients
from runtime.aws.direct_reads import direct_reads
from runtime.aws.service_records import DynamoRecords
from runtime.core.contract import ServiceTable
from runtime.core.service_ports import Record, RecordConflictError, Records
from tests.fakes.clock import FakeClock
from tests.fakes.service_records import InMemoryRecords

ANY = Record(pk="any#1", sk="any", data={"text": "ü", "list": [1, 2.5, None], "flag": True})


@dataclass(frozen=True, slots=True)
class Table:
    records: Records
    clock: FakeClock


def _fake(request: pytest.FixtureRequest) -> Table:
    del request
    clock = FakeClock()
    return Table(InMemoryRecords(clock), clock)


def _dynamo(request: pytest.FixtureRequest) -> Table:
    request.getfixturevalue("cloud")
    name, clock = f"records-{uuid4().hex[:12]}", FakeClock()
    # As the API reads.
    client = direct_reads(clients.dynamodb("us-east-1"), clock=clock, called=list[float]().append)
    request.addfinalizer(client.close)
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": ServiceTable.PARTITION_KEY, "AttributeType": "S"},
            {"AttributeName": ServiceTable.SORT_KEY, "AttributeType": "S"},
        ],
        KeySchema=[
            {"AttributeName": ServiceTable.PARTITION_KEY, "KeyType": "HASH"},
            {"AttributeName": ServiceTable.SORT_KEY, "KeyType": "RANGE"},
        ],
    )
    return Table(DynamoRecords(client, table=name, clock=clock), clock)


@pytest.fixture(params=[_fake, pytest.param(_dynamo, marks=pytest.mark.cloud)])
def table(request: pytest.FixtureRequest) -> Table:
    make: Callable[[pytest.FixtureRequest], Table] = request.param
    return make(request)


def test_should_read_back_what_was_written(table: Table) -> None:
    assert table.records.get(ANY.pk, ANY.sk) is None
    written = table.records.create(ANY)
    assert written == replace(ANY, version=1)
    assert table.records.get(ANY.pk, ANY.sk) == written


def test_should_create_a_record_once(table: Table) -> None:
    table.records.create(ANY)
    with pytest.raises(RecordConflictError):
        table.records.create(ANY)


def test_should_replace_only_the_version_that_was_read(table: Table) -> None:
    first = table.records.create(ANY)
    second = table.records.replace(replace(first, data={"n": 2}))
    with pytest.raises(RecordConflictError):
        table.records.replace(replace(first, data={"n": 3}))
    assert table.records.get(ANY.pk, ANY.sk) == second
    table.records.delete(ANY.pk, ANY.sk)
    table.records.delete(ANY.pk, ANY.sk)
    with pytest.raises(RecordConflictError):
        table.records.replace(second)


def test_should_take_a_record_past_its_time_for_absent(table: Table) -> None:
    expiring = replace(ANY, expires_at=table.clock.now() + 10)
    table.records.create(expiring)
    assert table.records.below(ANY.pk, ANY.sk)
    table.clock.advance(10)
    assert table.records.get(ANY.pk, ANY.sk) is None
    assert table.records.below(ANY.pk, ANY.sk) == []
    assert [each.sk for each in table.records.stored(ANY.pk)] == [ANY.sk]
    assert table.records.create(replace(ANY, data={})).version == 1


def test_should_list_by_prefix_in_pages(table: Table) -> None:
    for sk in ("a#1", "a#2", "a#3", "b#1"):
        table.records.create(replace(ANY, sk=sk))
    table.records.create(replace(ANY, pk="other", sk="a#4"))

    def names(**page: object) -> list[str]:
        found = table.records.below(ANY.pk, "a#", **page)  # type: ignore[arg-type]
        return [record.sk for record in found]

    assert names() == ["a#1", "a#2", "a#3"]
    assert names(newest_first=True, limit=2) == ["a#3", "a#2"]
    assert names(after="a#1", limit=1) == ["a#2"]
    assert names(after="a#2", newest_first=True) == ["a#1"]
    assert [each.sk for each in table.records.below(ANY.pk, "")] == ["a#1", "a#2", "a#3", "b#1"]
