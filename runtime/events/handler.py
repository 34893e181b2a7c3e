"""Composes the adapters once per process and answers batches of the jobs table's stream."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from runtime.aws import clients
from runtime.aws.event_bus import EventBridgeBus
from runtime.aws.job_items import job_of
from runtime.aws.queues import SqsQueue
from runtime.core.clock import SystemClock
from runtime.events.announcer import Announcer
from runtime.events.settings import EventsSettings, read_settings


def handle(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Announce one batch; return where to go on from (partial batch response)."""
    del context
    failed = _announcer().announce(event.get("Records", []))
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}


@cache
def _announcer() -> Announcer:
    return compose(read_settings(os.environ))


def compose(settings: EventsSettings) -> Announcer:
    """Return an announcer on AWS adapters."""
    url = settings.webhook_queue_url
    return Announcer(
        environment=settings.environment,
        bus=EventBridgeBus(clients.events(settings.region), bus=settings.event_bus),
        queue=None if url is None else SqsQueue(clients.sqs(settings.region), url),
        read_job=job_of,
        log=settings.log("events", SystemClock()),
    )
