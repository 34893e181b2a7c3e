"""One Lambda batch: its records side by side, each failing alone."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from runtime.core.contract import Metric
from runtime.core.errors import LifestreamError, Retryable
from runtime.core.log import Log
from runtime.core.metrics import Metrics

THREADS = 10
"""Records worked at once: Lambda's default batch. All of the work is waiting for AWS."""

START_RESERVE_SECONDS = 8.0
"""Time a record must have left to be started: a launch at its slowest ordinary pace.

Killed in the middle it would leave a claim behind, and the next try would wait for its lease.
"""


def failed_records(
    records: Sequence[Mapping[str, Any]],
    *,
    work: Callable[[str], None],
    remaining_seconds: Callable[[], float],
    log: Log,
    metrics: Metrics,
) -> list[str]:
    """Work on the bodies of SQS records; return the message ids that must come back, in order."""

    def succeeds(record: Mapping[str, Any]) -> bool:
        bound = log.bind(message_id=record["messageId"])
        if remaining_seconds() < START_RESERVE_SECONDS:
            bound.warning("dispatch.out_of_time", remaining_seconds=remaining_seconds())
            return False
        try:
            work(record["body"])
        except Retryable as error:
            bound.bind(**error.about).warning("dispatch.retry", code=error.code, error=str(error))
        except Exception as error:  # noqa: BLE001 - whatever a record does, the others go on
            about = error.about if isinstance(error, LifestreamError) else {}
            bound.bind(**about).error(
                "dispatch.failed", error=str(error), type=type(error).__name__
            )
            metrics.put({Metric.DISPATCHES_FAILED: 1}, code=_code(error))
        else:
            return True
        return False

    if not records:
        return []
    with ThreadPoolExecutor(max_workers=min(THREADS, len(records))) as pool:
        done = list(pool.map(succeeds, records))
    return [record["messageId"] for record, ok in zip(records, done, strict=True) if not ok]


def _code(error: Exception) -> str:
    return error.code if isinstance(error, LifestreamError) else "internal"
