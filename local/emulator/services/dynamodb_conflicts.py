"""Gap (1.5.33, upstream): transactions take no time, so that none meets another write.

A transaction holds its items for some milliseconds, as on AWS. Another transaction that touches one
of them is cancelled with `TransactionConflict`, a single write is refused with
`TransactionConflictException`.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack import app
from ministack.core.responses import error_response_json, get_account_id, get_region
from ministack.services import dynamodb

from local.emulator.patching import patch

TRANSACTION_SECONDS = 0.01
SINGLE_WRITES = ("PutItem", "UpdateItem", "DeleteItem")

Request = Mapping[str, Any]
Identity = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Writes:
    """DynamoDB's writes, and the items of the transactions that are in progress."""

    identify: Callable[[Request], Identity | None]
    _held: set[Identity] = field(default_factory=set)

    async def handle(
        self,
        original: Any,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query: Any,
    ) -> Any:
        """Answer one call, by ministack where nothing is held."""
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        if action in SINGLE_WRITES and self.identify(json.loads(body)) in self._held:
            return error_response_json(
                "TransactionConflictException", "Transaction is ongoing for the item"
            )
        if action != "TransactWriteItems":
            return await original(method, path, headers, body, query)
        items = json.loads(body).get("TransactItems") or []
        identities = [self.identify(each) for item in items for each in item.values()]
        if self._held.intersection(identities):
            return self._cancelled(identities)
        mine = set(filter(None, identities))
        self._held.update(mine)
        try:
            if mine:
                await asyncio.sleep(TRANSACTION_SECONDS)
            return await original(method, path, headers, body, query)
        finally:
            self._held.difference_update(mine)

    def _cancelled(self, identities: list[Identity | None]) -> Any:
        """Return the answer to a transaction that meets another one."""
        codes = ["TransactionConflict" if each in self._held else "None" for each in identities]
        return error_response_json(
            "TransactionCanceledException",
            "Transaction cancelled, please refer cancellation reasons for specific reasons "
            f"[{', '.join(codes)}]",
            extra={"CancellationReasons": [{"Code": code} for code in codes]},
        )


def identity_of(operation: Request) -> Identity | None:
    """Return an item by account, region, table and key; None without a table."""
    table = dynamodb._tables.get(dynamodb._normalize_table_name(operation.get("TableName", "")))
    item = operation.get("Key") or operation.get("Item") or {}
    if table is None:
        return None
    names = [name for name in (table["pk_name"], table["sk_name"]) if name]
    values = [json.dumps(item.get(name), sort_keys=True) for name in names]
    return get_account_id(), get_region(), operation["TableName"], *values


patch(app.SERVICE_HANDLERS, "dynamodb")(Writes(identity_of).handle)
