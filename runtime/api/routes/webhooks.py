"""Webhooks of the caller: endpoints, their secrets, what was delivered to them."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from runtime.api.access import Parts, Reader, Writer
from runtime.api.identity import Caller
from runtime.api.models import Page, RequestBody
from runtime.api.outbound.transport import MAX_URL_CHARACTERS, check_url
from runtime.api.problems import ProblemError, not_found
from runtime.api.services import Services
from runtime.api.webhooks.deliveries import Delivery, DeliveryState
from runtime.api.webhooks.endpoints import DEFAULT_EVENTS, TEST_EVENT, Endpoint, checked_events
from runtime.api.webhooks.sender import WebhookSender
from runtime.core.job_events import JobEvent

# Without idempotency keys, whose kept answer would hold the secret.
router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])

Url = Annotated[str, Field(min_length=1, max_length=MAX_URL_CHARACTERS)]
Events = Annotated[list[str], Field(min_length=1, max_length=20)]
Description = Annotated[str, Field(max_length=200)]


class NewWebhook(RequestBody):
    """A URL to be called; it must be https:// on a public host."""

    url: Url
    events: Events = Field(default=list(DEFAULT_EVENTS))
    description: Description = ""


class WebhookChange(RequestBody):
    """What is to be changed; what is left out stays."""

    url: Url | None = None
    events: Events | None = None
    description: Description | None = None
    enabled: bool | None = None


class WebhookModel(BaseModel):
    """An endpoint without its secret."""

    webhook_id: str
    url: str
    events: list[str]
    description: str
    enabled: bool
    created_at: float


class SecretWebhook(WebhookModel):
    """An endpoint with its new secret, which is shown this one time."""

    secret: str


class DeliveryModel(BaseModel):
    """A delivery; `dead` means that no further try is made."""

    delivery_id: str
    event_type: str
    state: DeliveryState
    tries: int
    created_at: float
    last_try_at: float | None
    next_try_at: float | None
    last_status: int | None
    last_error: str | None


@router.get("")
def list_webhooks(services: Parts, caller: Reader) -> Page[WebhookModel]:
    """Return the caller's webhooks."""
    found = services.webhooks.of_owner(caller.owner)
    return Page(items=[WebhookModel(**asdict(each)) for each in found])


@router.post("", status_code=201)
def make_webhook(services: Parts, caller: Writer, new: NewWebhook) -> SecretWebhook:
    """Make a webhook; its deliveries are signed by the secret of this answer."""
    check_url(new.url)
    endpoint = services.webhooks.make(
        caller.owner, url=new.url, events=new.events, description=new.description
    )
    return _with_secret(endpoint)


@router.get("/{webhook_id}")
def read_webhook(services: Parts, caller: Reader, webhook_id: str) -> WebhookModel:
    """Return one webhook."""
    return WebhookModel(**asdict(_own(services, caller, webhook_id)))


@router.patch("/{webhook_id}")
def change_webhook(
    services: Parts, caller: Writer, webhook_id: str, change: WebhookChange
) -> WebhookModel:
    """Change a webhook, or switch it off and on."""
    fields: dict[str, Any] = change.model_dump(exclude_none=True)
    if "url" in fields:
        check_url(fields["url"])
    if "events" in fields:
        fields["events"] = checked_events(fields["events"])
    return WebhookModel(**asdict(services.webhooks.change(caller.owner, webhook_id, **fields)))


@router.delete("/{webhook_id}", status_code=204, response_class=Response)
def delete_webhook(services: Parts, caller: Writer, webhook_id: str) -> None:
    """Delete a webhook; what is still to be delivered to it is dropped."""
    services.webhooks.delete(caller.owner, webhook_id)


@router.post("/{webhook_id}/rotate")
def rotate_secret(services: Parts, caller: Writer, webhook_id: str) -> SecretWebhook:
    """Give a webhook a new secret; for a day, deliveries are signed by both."""
    return _with_secret(services.webhooks.rotate(caller.owner, webhook_id))


@router.post("/{webhook_id}/test", status_code=202)
def send_test(services: Parts, caller: Writer, webhook_id: str) -> DeliveryModel:
    """Deliver an event of the type `webhook.test`."""
    endpoint = _own(services, caller, webhook_id)
    delivery = _sender(services).send(endpoint, _test_event(services, caller))
    if delivery is None:
        raise not_found("delivery")
    return _delivery(delivery)


@router.get("/{webhook_id}/deliveries")
def list_deliveries(
    services: Parts,
    caller: Reader,
    webhook_id: str,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=100, pattern=r"^delivery#[0-9a-f#]+$")] = None,
) -> Page[DeliveryModel]:
    """Return what was delivered, or not, the newest first."""
    endpoint = _own(services, caller, webhook_id)
    found = services.deliveries.of_endpoint(endpoint.webhook_id, limit=limit, after=cursor)
    return Page(
        items=[_delivery(each) for each in found],
        next_cursor=found[-1].sort_key if len(found) == limit else None,
    )


def _own(services: Services, caller: Caller, webhook_id: str) -> Endpoint:
    found = services.webhooks.find(caller.owner, webhook_id)
    if found is None:
        raise not_found("webhook")
    return found


def _sender(services: Services) -> WebhookSender:
    if services.webhook_sender is None:
        raise ProblemError(
            501,
            "webhooks.unavailable",
            "This deployment has no queue for webhooks.",
            "Ask its operator to switch them on.",
        )
    return services.webhook_sender


def _test_event(services: Services, caller: Caller) -> JobEvent:
    at = datetime.fromtimestamp(services.clock.now(), UTC).isoformat(timespec="milliseconds")
    return JobEvent(
        event_id=uuid4().hex,
        event_type=TEST_EVENT,
        owner=caller.owner,
        detail={"at": at, "message": "This is a test."},
    )


def _with_secret(endpoint: Endpoint) -> SecretWebhook:
    return SecretWebhook(secret=endpoint.secrets[0].text, **asdict(endpoint))


def _delivery(delivery: Delivery) -> DeliveryModel:
    return DeliveryModel(**asdict(delivery))
