"""What DynamoDB does with writes that meet a transaction."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from local.cloud import LocalCloud
from tests.integration.cloud.waiting import until

pytestmark = pytest.mark.cloud


@pytest.fixture
def table(cloud: LocalCloud) -> str:
    name = f"any-{uuid.uuid4().hex[:8]}"
    cloud.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def code_of(call: Callable[[], object]) -> str:
    """Return a call's error code, with the reasons of a cancelled transaction, or nothing."""
    try:
        call()
    except ClientError as error:
        reasons = error.response.get("CancellationReasons", [])
        return " ".join([error.response["Error"]["Code"], *(reason["Code"] for reason in reasons)])
    return ""


def conflicts(*calls: Callable[[], object]) -> set[str]:
    """Make the calls side by side until one is refused; return the codes."""

    def together() -> set[str] | None:
        with ThreadPoolExecutor(len(calls)) as pool:
            codes = set(pool.map(code_of, calls))
        return codes if codes != {""} else None

    return until(together, "two writes have met")


def test_should_cancel_a_transaction_that_meets_another(cloud: LocalCloud, table: str) -> None:
    client = cloud.client("dynamodb")

    def write(*ids: str) -> Callable[[], object]:
        puts = [{"Put": {"TableName": table, "Item": {"id": {"S": each}}}} for each in ids]
        return lambda: client.transact_write_items(TransactItems=puts)

    codes = conflicts(*[write("one", "two")] * 12, *[write("two")] * 4)
    known = {
        "",
        "TransactionCanceledException TransactionConflict TransactionConflict",
        "TransactionCanceledException None TransactionConflict",
        "TransactionCanceledException TransactionConflict",
    }
    assert codes <= known


def test_should_take_one_transaction_after_the_other(cloud: LocalCloud, table: str) -> None:
    client = cloud.client("dynamodb")
    put = {"Put": {"TableName": table, "Item": {"id": {"S": "one"}}}}
    for _ in range(10):
        client.transact_write_items(TransactItems=[put])
        client.put_item(TableName=table, Item={"id": {"S": "one"}})
