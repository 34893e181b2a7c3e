"""Deliveries of events to endpoints: what was tried, what came of it, when it is tried again."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from runtime.core.service_ports import Record, RecordConflictError, Records

RETRY_SECONDS = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 36_000.0)
"""Pauses after each failed try: eight tries within 28 hours."""

KEPT_SECONDS = 30 * 86_400.0
MILLISECONDS = 1000


class DeliveryState(StrEnum):
    """Where a delivery is; `dead`: no further try is made."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event for one endpoint; `body` is what is signed and sent, the same at every try."""

    delivery_id: str
    webhook_id: str
    owner: str
    event_id: str
    event_type: str
    body: str
    created_at: float
    state: DeliveryState = DeliveryState.PENDING
    tries: int = 0
    next_try_at: float | None = None
    last_try_at: float | None = None
    last_status: int | None = None
    last_error: str | None = None

    @property
    def sort_key(self) -> str:
        """The key below its endpoint: by time of creation."""
        return f"delivery#{int(self.created_at * MILLISECONDS):015d}#{self.delivery_id}"


def delivery_id(webhook_id: str, event_id: str) -> str:
    """Return the id of an event's delivery to an endpoint, the same however often it is read."""
    return hashlib.sha256(f"{webhook_id}/{event_id}".encode()).hexdigest()[:32]


def tried(delivery: Delivery, *, now: float, status: int | None, error: str | None) -> Delivery:
    """Return the delivery after a try; `error` None means that it was received."""
    after = replace(
        delivery,
        tries=delivery.tries + 1,
        last_try_at=now,
        last_status=status,
        last_error=error,
        next_try_at=None,
    )
    if error is None:
        return replace(after, state=DeliveryState.DELIVERED)
    if after.tries > len(RETRY_SECONDS):
        return replace(after, state=DeliveryState.DEAD)
    return replace(after, next_try_at=now + RETRY_SECONDS[after.tries - 1])


class Deliveries:
    """Deliveries in a table, by endpoint, the newest first."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def add(self, delivery: Delivery) -> bool:
        """Store a new delivery; False when it is known already."""
        try:
            self._records.create(_record(delivery))
        except RecordConflictError:
            return False
        return True

    def of_endpoint(
        self, webhook_id: str, *, limit: int, after: str | None = None
    ) -> list[Delivery]:
        """Return an endpoint's deliveries, the newest first."""
        found = self._records.below(
            _by_endpoint(webhook_id), "delivery#", limit=limit, after=after, newest_first=True
        )
        return [_delivery(record.data) for record in found]

    def find(self, webhook_id: str, sort_key: str) -> Record | None:
        """Return the record of a delivery, or None."""
        return self._records.get(_by_endpoint(webhook_id), sort_key)

    def save(self, record: Record, delivery: Delivery) -> bool:
        """Store what came of a try; False when another one has stored its own."""
        try:
            self._records.replace(replace(_record(delivery), version=record.version))
        except RecordConflictError:
            return False
        return True


def delivery_of(record: Record) -> Delivery:
    """Return the delivery of a record."""
    return _delivery(record.data)


def _by_endpoint(webhook_id: str) -> str:
    return f"webhook#{webhook_id}"


def _record(delivery: Delivery) -> Record:
    return Record(
        pk=_by_endpoint(delivery.webhook_id),
        sk=delivery.sort_key,
        data=asdict(delivery),
        expires_at=delivery.created_at + KEPT_SECONDS,
    )


def _delivery(data: Mapping[str, Any]) -> Delivery:
    return Delivery(**{**data, "state": DeliveryState(data["state"])})
