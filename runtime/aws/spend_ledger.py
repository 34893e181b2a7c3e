"""The month's spending on summaries, as an item of the idempotency table."""

import calendar
import time
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr, ConditionBase

from runtime.aws.tables import put_if, read_item
from runtime.core.clock import WallClock
from runtime.core.contract import SPEND_PREFIX, IdempotencyTable
from runtime.core.errors import Retryable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MICRO = 1_000_000
KEPT_SECONDS = 400 * 86400.0
"""More than a year, so that a month can be compared with the same month before."""

TRIES = 12
"""Jobs that end at the same moment take each other's turn; each try is one read and one write."""


class DynamoSpendLedger:
    """Adds amounts by conditional writes, so that parallel jobs do not lose each other's.

    A process that dies between `reserve` and `settle` leaves its reserve, which counts as spent.
    """

    def __init__(self, client: "DynamoDBClient", *, table: str, clock: WallClock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def reserve(self, usd: float, *, limit_usd: float) -> bool:
        """Add an amount unless the month's sum would pass the limit; return whether it was."""
        return self._add(_micro(usd), limit=_micro(limit_usd))

    def settle(self, reserved_usd: float, spent_usd: float) -> None:
        """Replace a reserved amount by what was spent."""
        self._add(_micro(spent_usd) - _micro(reserved_usd), limit=None)

    def _add(self, amount: int, *, limit: int | None) -> bool:
        for _ in range(TRIES):
            before = self._read()
            after = max(0, (before or 0) + amount)
            if limit is not None and after > limit:
                return False
            if self._write(before, after):
                return True
        raise Retryable(
            "aws.spend_ledger_contended",
            "Other jobs changed the month's spending at every try.",
            "It is tried again with the next summary.",
        )

    @property
    def _key(self) -> str:
        return f"{SPEND_PREFIX}{time.strftime('%Y-%m', time.gmtime(self._clock.now()))}"

    def _read(self) -> int | None:
        key = {IdempotencyTable.PARTITION_KEY: {"S": self._key}}
        doing = "reading the month's spending"
        found = read_item(self._client, self._table, key, doing=doing)
        return None if found is None else int(found["micro_usd"]["N"])

    def _write(self, before: int | None, after: int) -> bool:
        """Write the sum unless another job has changed it; return whether it was written."""
        now = time.gmtime(self._clock.now())
        month_start = calendar.timegm((now.tm_year, now.tm_mon, 1, 0, 0, 0))
        item = {
            IdempotencyTable.PARTITION_KEY: {"S": self._key},
            "micro_usd": {"N": str(after)},
            IdempotencyTable.TTL_ATTRIBUTE: {"N": str(round(month_start + KEPT_SECONDS))},
        }
        unchanged: ConditionBase = Attr("micro_usd").eq({"N": str(before)})
        if before is None:
            unchanged = Attr(IdempotencyTable.PARTITION_KEY).not_exists()
        doing = "writing the month's spending"
        return put_if(self._client, self._table, item, unchanged, doing=doing)


def _micro(usd: float) -> int:
    return round(usd * MICRO)
