"""Works on the webhook queue: spreads a change to its endpoints, and tries each delivery."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from standardwebhooks import Webhook

from runtime.api.outbound.transport import NETWORK_ERRORS, Outbound, failure_of
from runtime.api.webhooks.deliveries import (
    Deliveries,
    Delivery,
    DeliveryState,
    delivery_id,
    delivery_of,
    tried,
)
from runtime.api.webhooks.endpoints import Endpoint, Endpoints
from runtime.core.clock import Clock
from runtime.core.errors import LifestreamError
from runtime.core.job_events import CHANGED_MESSAGE_TYPE, DELIVERY_MESSAGE_TYPE, JobEvent
from runtime.core.log import Log
from runtime.core.messages import MalformedMessageError, json_object
from runtime.core.ports import MessageSender

SIGNATURE_HEADER = "webhook-signature"
_SUCCESS = range(200, 300)


class Post(Protocol):
    """Sends one signed request."""

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Return the status of the answer; raise `LifestreamError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSender:
    """Handles messages of the webhook queue; a message may be deleted once `work` returns.

    `is_known` says whether a job still exists.
    """

    endpoints: Endpoints
    deliveries: Deliveries
    queue: MessageSender
    post: Post
    clock: Clock
    log: Log
    is_known: Callable[[str], bool] = lambda _job_id: True

    def work(self, body: str) -> None:
        """Handle one message; raise `LifestreamError` for one that must come back."""
        message = json_object(body)
        match message.get("type"):
            case str(kind) if kind == CHANGED_MESSAGE_TYPE:
                self._spread(JobEvent(**message["event"]))
            case str(kind) if kind == DELIVERY_MESSAGE_TYPE:
                self._deliver(message)
            case _:
                raise MalformedMessageError("is neither a change nor a delivery")

    def send(self, endpoint: Endpoint, event: JobEvent) -> Delivery | None:
        """Record an event's delivery and have it tried; None when it is known already."""
        delivery = Delivery(
            delivery_id=delivery_id(endpoint.webhook_id, event.event_id),
            webhook_id=endpoint.webhook_id,
            owner=endpoint.owner,
            event_id=event.event_id,
            event_type=event.event_type,
            body=payload(event),
            created_at=_time_of(event, self.clock.now()),
        )
        known = not self.deliveries.add(delivery)
        # Also for one that is known: the process may have died before its message was sent.
        self._announce(delivery, delay_seconds=0.0)
        return None if known else delivery

    def _spread(self, event: JobEvent) -> None:
        if not self.is_known(str(event.detail.get("job_id"))):
            return  # Erased meanwhile: a delivery would keep its name for a month.
        for endpoint in self.endpoints.of_owner(event.owner) if event.owner else []:
            if endpoint.wants(event.event_type):
                self.send(endpoint, event)

    def _deliver(self, message: Mapping[str, Any]) -> None:
        record = self.deliveries.find(str(message["webhook_id"]), str(message["sort_key"]))
        if record is None:
            return
        delivery = delivery_of(record)
        if delivery.state is not DeliveryState.PENDING or delivery.tries > message["tries"] + 1:
            return  # A repeated message of a try that was made.
        now = self.clock.now()
        if delivery.tries == message["tries"] + 1:
            # That try was stored, but perhaps not announced before the process died.
            self._announce(delivery, delay_seconds=max(0.0, (delivery.next_try_at or now) - now))
            return
        if delivery.next_try_at is not None and now < delivery.next_try_at:
            self._announce(delivery, delay_seconds=delivery.next_try_at - now)
            return
        endpoint = self.endpoints.find(delivery.owner, delivery.webhook_id)
        if endpoint is None or not endpoint.enabled:
            return
        status, error = self._try(endpoint, delivery)
        after = tried(delivery, now=self.clock.now(), status=status, error=error)
        self.log.info(
            "webhooks.tried",
            webhook_id=delivery.webhook_id,
            delivery_id=delivery.delivery_id,
            event_type=delivery.event_type,
            tries=after.tries,
            state=after.state,
            status=status,
            error=error,
        )
        if self.deliveries.save(record, after) and after.next_try_at is not None:
            self._announce(after, delay_seconds=max(0.0, after.next_try_at - self.clock.now()))

    def _try(self, endpoint: Endpoint, delivery: Delivery) -> tuple[int | None, str | None]:
        headers = signed_headers(endpoint, delivery, now=self.clock.now())
        try:
            status = self.post(endpoint.url, headers, delivery.body.encode())
        except LifestreamError as error:
            return None, error.summary
        if status in _SUCCESS:
            return status, None
        return status, f"The receiver answered {status}."

    def _announce(self, delivery: Delivery, *, delay_seconds: float) -> None:
        body = {
            "type": DELIVERY_MESSAGE_TYPE,
            "webhook_id": delivery.webhook_id,
            "sort_key": delivery.sort_key,
            "tries": delivery.tries,
        }
        self.queue.send(json.dumps(body), delay_seconds=delay_seconds)


def payload(event: JobEvent) -> str:
    """Return the body of a delivery, as the specification recommends it: type, time, data."""
    document = {"type": event.event_type, "timestamp": event.detail["at"], "data": event.detail}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def signed_headers(endpoint: Endpoint, delivery: Delivery, *, now: float) -> dict[str, str]:
    """Return the headers of a try: id, time, and one signature for each secret in use."""
    at = datetime.fromtimestamp(now, UTC)
    signatures = [
        Webhook(secret).sign(delivery.delivery_id, at, delivery.body)
        for secret in endpoint.signing(now)
    ]
    return {
        "Content-Type": "application/json",
        "User-Agent": "lifestream-webhooks/1",
        "webhook-id": delivery.delivery_id,
        "webhook-timestamp": str(int(now)),
        SIGNATURE_HEADER: " ".join(signatures),
    }


class OutboundPost:
    """Posts to public hosts; a redirect is an answer like any other, and so a failure."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Return the status; what the receiver writes is not read."""
        try:
            with self._outbound.stream("POST", url, headers=headers, body=body) as response:
                status: int = response.status
        except NETWORK_ERRORS as error:
            raise failure_of(error) from error
        return status


def _time_of(event: JobEvent, now: float) -> float:
    """Return the time of an event, which with its id makes its delivery's key."""
    try:
        return datetime.fromisoformat(str(event.detail["at"])).timestamp()
    except (KeyError, ValueError):
        return now
