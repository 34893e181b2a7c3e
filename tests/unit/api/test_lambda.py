"""The same application behind API Gateway, and on batches of the webhook queue."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from mangum import Mangum

from runtime.api.app import create_app
from runtime.api.lambda_handler import work_on
from runtime.core.job_events import DELIVERY_MESSAGE_TYPE
from tests.unit.api.world import World


@pytest.fixture
def _loop() -> Iterator[None]:
    """A loop for Mangum, which would make one and never close it."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()


def request(world: World, path: str) -> dict[str, Any]:
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "any.example.test", **world.headers()},
        "requestContext": {
            "http": {"method": "GET", "path": path, "sourceIp": "192.0.2.1", "protocol": "HTTP/1.1"}
        },
        "isBase64Encoded": False,
    }


@pytest.mark.usefixtures("_loop")
def test_should_answer_a_request_of_the_gateway(world: World) -> None:
    job = world.job()
    gateway = Mangum(create_app(world.services), lifespan="off")
    answer = gateway(request(world, f"/v1/jobs/{job.job_id}"), None)  # type: ignore[arg-type]
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["job_id"] == job.job_id
    denied = gateway({**request(world, "/v1/me"), "headers": {}}, None)  # type: ignore[arg-type]
    assert denied["statusCode"] == 401


def test_should_return_only_the_messages_that_failed(world: World) -> None:
    gone = {"type": DELIVERY_MESSAGE_TYPE, "webhook_id": "any", "sort_key": "any", "tries": 0}
    records = [
        {"messageId": "good", "body": json.dumps(gone)},
        {"messageId": "bad", "body": "no JSON"},
    ]
    answer = work_on(world.services, records)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "bad"}]}
