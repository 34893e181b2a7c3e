"""The month's spending on summaries, as an item of the idempotency table."""

import calendar
import time
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from runtime.aws.sdk_errors import error_code, typed_faults
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
        with typed_faults("reading the month's spending"):
            found = self._client.get_item(
                TableName=self._table,
                Key={IdempotencyTable.PARTITION_KEY: {"S": self._key}},
                ConsistentRead=True,
            ).get("Item")
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
        try:
            with typed_faults("writing the month's spending"):
                if before is None:
                    self._client.put_item(
                        TableName=self._table,
                        Item=item,
                        ConditionExpression=f"attribute_not_exists({IdempotencyTable.PARTITION_KEY})",
                    )
                else:
                    self._client.put_item(
                        TableName=self._table,
                        Item=item,
                        ConditionExpression="micro_usd = :before",
                        ExpressionAttributeValues={":before": {"N": str(before)}},
                    )
        except Exception as error:
            if _is_stale(error):
                return False
            raise
        return True


def _is_stale(error: BaseException) -> bool:
    cause = error.__cause__
    return isinstance(cause, ClientError) and error_code(cause) == "ConditionalCheckFailedException"


def _micro(usd: float) -> int:
    return round(usd * MICRO)
