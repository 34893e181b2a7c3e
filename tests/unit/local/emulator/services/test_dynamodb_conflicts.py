import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from local.emulator.services.dynamodb_conflicts import Identity, Writes

Response = tuple[int, dict[str, str], bytes]


def identity(operation: Mapping[str, Any]) -> Identity | None:
    return (operation["Item"],) if "Item" in operation else None


async def answered(*_: Any) -> Response:
    return 200, {}, b"{}"


@pytest.fixture
def writes() -> Writes:
    return Writes(identity)


async def call(writes: Writes, action: str, body: Any) -> tuple[int, Any]:
    target = {"x-amz-target": f"DynamoDB_20120810.{action}"}
    content = json.dumps(body).encode()
    status, _, content = await writes.handle(answered, "POST", "/", target, content, {})
    return status, json.loads(content)


def transaction(*items: str) -> dict[str, Any]:
    return {"TransactItems": [{"Put": {"Item": item}} for item in items]}


def together(writes: Writes, *calls: tuple[str, Any]) -> list[tuple[int, Any]]:
    async def all_calls() -> list[tuple[int, Any]]:
        return list(await asyncio.gather(*(call(writes, *each) for each in calls)))

    return asyncio.run(all_calls())


def test_should_cancel_the_second_of_two_transactions_on_one_item(writes: Writes) -> None:
    first, second = together(
        writes,
        ("TransactWriteItems", transaction("one", "two")),
        ("TransactWriteItems", transaction("zero", "two")),
    )
    assert first[0] == 200
    assert (second[0], second[1]["__type"]) == (400, "TransactionCanceledException")
    codes = [reason["Code"] for reason in second[1]["CancellationReasons"]]
    assert codes == ["None", "TransactionConflict"]


@pytest.mark.parametrize("action", ["PutItem", "UpdateItem", "DeleteItem"])
def test_should_refuse_a_single_write_to_an_item_in_a_transaction(
    writes: Writes, action: str
) -> None:
    _, same, other = together(
        writes,
        ("TransactWriteItems", transaction("one")),
        (action, {"Item": "one"}),
        (action, {"Item": "two"}),
    )
    assert (same[0], same[1]["__type"]) == (400, "TransactionConflictException")
    assert other[0] == 200


def test_should_let_reads_pass_and_release_what_it_held(writes: Writes) -> None:
    answers = together(
        writes, ("TransactWriteItems", transaction("one")), ("GetItem", {"Item": "one"})
    )
    answers += together(writes, ("TransactWriteItems", transaction("one")))
    assert [status for status, _ in answers] == [200, 200, 200]
