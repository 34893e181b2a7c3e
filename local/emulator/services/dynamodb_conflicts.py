"""Gap (1.5.33, upstream): transactions take no time, so that none meets another write.

A transaction holds its items for some milliseconds, as on AWS. Another transaction that touches one
of them is cancelled with `TransactionConflict`, a single write is refused with
`TransactionConflictException`.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack import app
from ministack.core.responses import get_account_id, get_region
from ministack.services import dynamodb

from local.emulator.patching import register

TRANSACTION_SECONDS = 0.01
SINGLE_WRITES = ("PutItem", "UpdateItem", "DeleteItem")
HEADERS = {"Content-Type": "application/x-amz-json-1.0"}
"""Copied for each answer: the server adds the length of the body to them."""


Request = Mapping[str, Any]
Response = tuple[int, dict[str, str], bytes]
Identity = tuple[str, ...]
Identify = Callable[[Request], Identity | None]


@dataclass(frozen=True, slots=True)
class HeldItems:
    """The items of the transactions that are in progress."""

    identify: Identify
    _held: set[Identity] = field(default_factory=set)

    def conflicts(self, operations: Iterable[Request]) -> list[bool]:
        """Return for each operation of a request whether its item is held."""
        return [self.identify(operation) in self._held for operation in operations]

    def hold(self, operations: Iterable[Request]) -> set[Identity]:
        """Hold the items of a transaction; return what `release` takes."""
        found = {identity for each in operations if (identity := self.identify(each))}
        self._held.update(found)
        return found

    def release(self, identities: set[Identity]) -> None:
        """Release the items of a transaction."""
        self._held.difference_update(identities)


def identity_of(operation: Request) -> Identity | None:
    """Return an item by account, region, table and key; None without a table."""
    table = dynamodb._tables.get(dynamodb._normalize_table_name(operation.get("TableName", "")))
    item = operation.get("Key") or operation.get("Item") or {}
    if table is None:
        return None
    names = [name for name in (table["pk_name"], table["sk_name"]) if name]
    values = [json.dumps(item.get(name), sort_keys=True) for name in names]
    return get_account_id(), get_region(), operation["TableName"], *values


def cancelled(conflicts: Iterable[bool]) -> Response:
    """Return the answer to a transaction that meets another one."""
    codes = ["TransactionConflict" if conflict else "None" for conflict in conflicts]
    body = {
        "__type": "TransactionCanceledException",
        "message": "Transaction cancelled, please refer cancellation reasons for specific reasons "
        f"[{', '.join(codes)}]",
        "CancellationReasons": [{"Code": code} for code in codes],
    }
    return 400, dict(HEADERS), json.dumps(body).encode()


def refused() -> Response:
    """Return the answer to a single write that meets a transaction."""
    body = {
        "__type": "TransactionConflictException",
        "message": "Transaction is ongoing for the item",
    }
    return 400, dict(HEADERS), json.dumps(body).encode()


@dataclass(frozen=True, slots=True)
class Writes:
    """DynamoDB's writes, with ministack's own `answer` where nothing is held."""

    held: HeldItems
    answer: Callable[..., Awaitable[Response]]

    async def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Any
    ) -> Response:
        """Answer one call."""
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        identities: set[Identity] = set()
        if action in SINGLE_WRITES and any(self.held.conflicts([json.loads(body)])):
            return refused()
        if action == "TransactWriteItems":
            items = json.loads(body).get("TransactItems") or []
            operations = [operation for item in items for operation in item.values()]
            conflicts = self.held.conflicts(operations)
            if any(conflicts):
                return cancelled(conflicts)
            identities = self.held.hold(operations)
        try:
            if identities:
                await asyncio.sleep(TRANSACTION_SECONDS)
            return await self.answer(method, path, headers, body, query)
        finally:
            self.held.release(identities)


def install() -> None:
    """Answer DynamoDB's writes."""
    writes = Writes(HeldItems(identity_of), app.SERVICE_HANDLERS["dynamodb"])
    register(app.SERVICE_HANDLERS, [("dynamodb", writes.handle)], __name__)
