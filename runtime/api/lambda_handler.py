"""The same application as a Lambda function: behind API Gateway, and on the webhook queue."""

import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from mangum import Mangum

from runtime.api.app import create_app
from runtime.api.composition import compose
from runtime.api.services import Services
from runtime.api.settings import read_settings
from runtime.core.clock import SystemClock
from runtime.core.errors import LifestreamError

SQS = "aws:sqs"


def handle(event: Any, context: Any) -> dict[str, Any]:
    """Answer a request of API Gateway, or work on a batch of the webhook queue."""
    services, records = _services(), event.get("Records", [])
    try:
        if records and records[0].get("eventSource") == SQS:
            return work_on(services, records)
        answer: dict[str, Any] = _gateway()(event, context)
        return answer
    finally:
        services.measures.report()


def work_on(services: Services, records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Work on messages; return those that must come back (partial batch response)."""
    failed = []
    for record in records:
        try:
            if services.webhook_sender is not None:
                services.webhook_sender.work(record["body"])
        except LifestreamError as error:
            services.log.warning("background.failed", code=error.code, error=error.summary)
            failed.append(record["messageId"])
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


@cache
def _services() -> Services:
    clock, settings = SystemClock(), read_settings(os.environ)
    log = settings.log("api", clock)
    return compose(settings, clock=clock, log=log, environ=os.environ, sockets=False)


@cache
def _gateway() -> Mangum:
    # Nothing runs between two requests, so there is nothing to start.
    return Mangum(create_app(_services()), lifespan="off")
