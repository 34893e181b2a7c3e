"""What every ledger of the month's spending promises, on the fake and on DynamoDB."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from zlib import crc32

import pytest

from runtime.aws import clients
from runtime.aws.spend_ledger import DynamoSpendLedger
from runtime.core.contract import IdempotencyTable
from runtime.processor.summaries.budget import SpendLedger
from tests.fakes.chat import InMemorySpendLedger
from tests.fakes.clock import FakeClock

TABLE = "spend-ledger-contract"
MONTH = 31 * 86400.0


def _fake(_: pytest.FixtureRequest) -> SpendLedger:
    return InMemorySpendLedger()


def _dynamodb(request: pytest.FixtureRequest) -> SpendLedger:
    request.getfixturevalue("cloud")
    client = clients.dynamodb("us-east-1")
    request.addfinalizer(client.close)
    key = IdempotencyTable.PARTITION_KEY
    # Of more than a hundred tables a listing shows the first ones only.
    with suppress(client.exceptions.ResourceInUseException):
        client.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    clock = FakeClock()
    # A month of its own for each test.
    clock.advance(MONTH * (crc32(request.node.name.encode()) % 10_000))
    return DynamoSpendLedger(client, table=TABLE, clock=clock)


@pytest.fixture(params=[_fake, pytest.param(_dynamodb, marks=pytest.mark.cloud)])
def ledger(request: pytest.FixtureRequest) -> SpendLedger:
    make: Callable[[pytest.FixtureRequest], SpendLedger] = request.param
    return make(request)


def test_should_reserve_up_to_the_limit_and_no_more(ledger: SpendLedger) -> None:
    assert ledger.reserve(0.6, limit_usd=1.0)
    assert not ledger.reserve(0.5, limit_usd=1.0)
    assert ledger.reserve(0.4, limit_usd=1.0)


def test_should_give_back_what_was_not_spent(ledger: SpendLedger) -> None:
    assert ledger.reserve(0.9, limit_usd=1.0)
    ledger.settle(0.9, 0.1)
    assert ledger.reserve(0.9, limit_usd=1.0)
    assert not ledger.reserve(0.1, limit_usd=1.0)


def test_should_never_owe(ledger: SpendLedger) -> None:
    ledger.settle(0.5, 0.0)
    assert ledger.reserve(1.0, limit_usd=1.0)
    assert not ledger.reserve(0.01, limit_usd=1.0)


def test_should_add_up_what_jobs_reserve_at_once(ledger: SpendLedger) -> None:
    with ThreadPoolExecutor(4) as pool:
        reserved = list(pool.map(lambda _: ledger.reserve(0.25, limit_usd=1.0), range(8)))
    assert sum(reserved) == 4
