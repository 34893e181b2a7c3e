"""Webhook endpoints of an owner: a URL, the events it wants, its signing secrets."""

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from runtime.api.identifiers import known_form
from runtime.api.problems import conflict, invalid, not_found
from runtime.core.clock import WallClock
from runtime.core.job_events import event_type_of
from runtime.core.jobs import State
from runtime.core.service_ports import Record, RecordConflictError, Records, by_owner

EVENT_TYPES = tuple(event_type_of(state) for state in State if state is not State.ERASING)
DEFAULT_EVENTS = ("job.succeeded", "job.failed", "job.cancelled")
TEST_EVENT = "webhook.test"
MAX_ENDPOINTS = 20
SECRET_PREFIX = "whsec_"  # noqa: S105 - the specification's mark of a secret, not one
SECRET_BYTES = 32
OVERLAP_SECONDS = 86_400.0
"""How long a rotated secret still signs, so that receivers can change over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A signing secret; `until` is when a rotated one ends, None for the current one."""

    text: str
    until: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A webhook of an owner."""

    webhook_id: str
    owner: str
    url: str
    events: tuple[str, ...]
    description: str
    enabled: bool
    created_at: float
    secrets: tuple[Secret, ...]

    def wants(self, event_type: str) -> bool:
        """Return whether events of a type are delivered to it."""
        return self.enabled and event_type in self.events

    def signing(self, now: float) -> Sequence[str]:
        """Return the secrets that sign at `now`, the current one first."""
        return [each.text for each in self.secrets if each.until is None or each.until > now]


def new_secret() -> Secret:
    """Return a random secret in the specification's form."""
    text = base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    return Secret(text=SECRET_PREFIX + text)


def rotated(endpoint: Endpoint, *, now: float) -> Endpoint:
    """Return the endpoint with a new secret; the last one signs for a day more."""
    kept = tuple(
        replace(each, until=now + OVERLAP_SECONDS) if each.until is None else each
        for each in endpoint.secrets
        if each.until is None or each.until > now
    )
    return replace(endpoint, secrets=(new_secret(), *kept[:1]))


class Endpoints:
    """Endpoints in a table, by owner."""

    def __init__(self, records: Records, *, clock: WallClock) -> None:
        self._records = records
        self._clock = clock

    def make(self, owner: str, *, url: str, events: Sequence[str], description: str) -> Endpoint:
        """Store a new endpoint; raise `ProblemError` beyond `MAX_ENDPOINTS`."""
        if len(self.of_owner(owner)) >= MAX_ENDPOINTS:
            raise conflict(f"You have {MAX_ENDPOINTS} webhooks.", "Delete one of them first.")
        endpoint = Endpoint(
            webhook_id=secrets.token_hex(8),
            owner=owner,
            url=url,
            events=checked_events(events),
            description=description,
            enabled=True,
            created_at=self._clock.now(),
            secrets=(new_secret(),),
        )
        self._records.create(_record(endpoint))
        return endpoint

    def of_owner(self, owner: str) -> list[Endpoint]:
        """Return an owner's endpoints."""
        found = self._records.below(by_owner(owner), "webhook#", limit=MAX_ENDPOINTS)
        return [_endpoint(record.data) for record in found]

    def find(self, owner: str, webhook_id: str) -> Endpoint | None:
        """Return an endpoint, or None."""
        record = self._read(owner, webhook_id)
        return None if record is None else _endpoint(record.data)

    def change(self, owner: str, webhook_id: str, **fields: Any) -> Endpoint:
        """Store an endpoint with other fields; raise `ProblemError` 404 or 409."""
        return self._replace(owner, webhook_id, lambda each: replace(each, **fields))

    def rotate(self, owner: str, webhook_id: str) -> Endpoint:
        """Give an endpoint a new secret; raise `ProblemError` 404 or 409."""
        now = self._clock.now()
        return self._replace(owner, webhook_id, lambda each: rotated(each, now=now))

    def delete(self, owner: str, webhook_id: str) -> None:
        """Delete an endpoint and its deliveries; raise `ProblemError` 404."""
        if self._read(owner, webhook_id) is None:
            raise not_found("webhook")
        for delivery in list(self._records.stored(f"webhook#{webhook_id}")):
            self._records.delete(delivery.pk, delivery.sk)
        self._records.delete(by_owner(owner), f"webhook#{webhook_id}")

    def _read(self, owner: str, webhook_id: str) -> Record | None:
        if not known_form(webhook_id):
            return None
        return self._records.get(by_owner(owner), f"webhook#{webhook_id}")

    def _replace(self, owner: str, webhook_id: str, to: Any) -> Endpoint:
        record = self._read(owner, webhook_id)
        if record is None:
            raise not_found("webhook")
        after: Endpoint = to(_endpoint(record.data))
        try:
            self._records.replace(replace(_record(after), version=record.version))
        except RecordConflictError as error:
            raise conflict("The webhook changed at the same moment.", "Try again.") from error
        return after


def checked_events(events: Sequence[str]) -> tuple[str, ...]:
    """Return the distinct event types; raise `ProblemError` 422 for one that does not exist."""
    wrong = sorted(set(events) - set(EVENT_TYPES))
    if wrong or not events:
        raise invalid(
            "webhook.events",
            f"There is no event {', '.join(wrong) or 'given'}.",
            f"Choose among {', '.join(EVENT_TYPES)}.",
        )
    return tuple(dict.fromkeys(events))


def _record(endpoint: Endpoint) -> Record:
    return Record(
        pk=by_owner(endpoint.owner), sk=f"webhook#{endpoint.webhook_id}", data=asdict(endpoint)
    )


def _endpoint(data: Mapping[str, Any]) -> Endpoint:
    fields = dict(data)
    fields["events"] = tuple(data["events"])
    fields["secrets"] = tuple(Secret(**each) for each in data["secrets"])
    return Endpoint(**fields)
