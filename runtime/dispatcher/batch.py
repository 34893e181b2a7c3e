"""Handles the records of one Lambda batch in parallel, so that each fails alone."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from runtime.core.contract import Metric
from runtime.core.errors import LifestreamError, Retryable
from runtime.core.log import Log
from runtime.core.telemetry import Telemetry

THREADS = 10
"""Records handled in parallel: Lambda's default batch. Nearly all of the time is spent in calls."""

START_RESERVE_SECONDS = 8.0
"""Time that must be left to start a record: a slow launch.

A record cut off in the middle would leave a claim, and the next try would wait for its lease.
"""

RESEND_FROM_RECEIVE = 2
"""The receive from which on a message gives way to a fresh one when a service is out.

A first failure is often over when the message becomes visible again. An outage of an hour would use
up all receives.
"""

Resend = Callable[[str, str], None]
"""Sends a message's body again, later; called with the body and the message's id."""


def failed_records(
    records: Sequence[Mapping[str, Any]],
    *,
    work: Callable[[str], None],
    resend: Resend,
    remaining_seconds: Callable[[], float],
    telemetry: Telemetry,
) -> list[str]:
    """Handle the bodies of SQS records; return the ids of the messages to redeliver, in order.

    A message that failed with `Retryable` for the second time is sent again as a new one, and is
    done with. Dying in between leaves both, of which one finds nothing to do.
    """

    def succeeds(record: Mapping[str, Any]) -> bool:
        log = telemetry.log.bind(message_id=record["messageId"])
        if remaining_seconds() < START_RESERVE_SECONDS:
            log.warning("dispatch.out_of_time", remaining_seconds=remaining_seconds())
            return False
        try:
            work(record["body"])
        except Retryable as error:
            log = log.bind(**error.about, code=error.code)
            log.warning("dispatch.retry", error=str(error), receives=_receives(record))
            return _receives(record) >= RESEND_FROM_RECEIVE and _resent(record, resend, log)
        except Exception as error:  # noqa: BLE001 - one record's error must not fail the others
            about = error.about if isinstance(error, LifestreamError) else {}
            log.bind(**about).error("dispatch.failed", error=str(error), type=type(error).__name__)
            code = error.code if isinstance(error, LifestreamError) else "internal"
            telemetry.metrics.put({Metric.DISPATCHES_FAILED: 1}, code=code)
        else:
            return True
        return False

    if not records:
        return []
    with ThreadPoolExecutor(max_workers=min(THREADS, len(records))) as pool:
        done = list(pool.map(succeeds, records))
    return [record["messageId"] for record, ok in zip(records, done, strict=True) if not ok]


def _receives(record: Mapping[str, Any]) -> int:
    return int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))


def _resent(record: Mapping[str, Any], resend: Resend, log: Log) -> bool:
    try:
        resend(record["body"], record["messageId"])
    except LifestreamError as error:
        log.warning("dispatch.not_resent", error=str(error))
        return False
    log.info("dispatch.resent")
    return True
