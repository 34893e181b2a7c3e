"""What an API process reports of itself: the metrics of its namespace."""

import json
from types import SimpleNamespace
from typing import Any

from botocore.hooks import HierarchicalEmitter

from runtime.api.measures import REPORT_SECONDS, SESSION_SECONDS
from runtime.core.contract import SERVICE_METRICS_NAMESPACE, ServiceMetric
from tests.unit.api.world import ADMIN, World


def reported(world: World) -> dict[str, Any]:
    world.lines.clear()
    world.measures.report()
    (line,) = world.lines
    document: dict[str, Any] = json.loads(line)
    return document


def test_should_count_callers_for_five_minutes(world: World) -> None:
    for headers in (world.headers(), world.headers(), world.headers(ADMIN)):
        world.client.get("/v1/me", headers=headers)
    assert reported(world)[ServiceMetric.CONCURRENT_SESSIONS] == 2
    world.clock.advance(SESSION_SECONDS + 1)
    assert reported(world)[ServiceMetric.CONCURRENT_SESSIONS] == 0


def test_should_count_open_sockets(world: World) -> None:
    job = world.job()
    address = f"/v1/ws?job_id={job.job_id}"
    with world.client.websocket_connect(address, headers=world.headers()) as socket:
        socket.receive_json()
        assert reported(world)[ServiceMetric.WEBSOCKET_CONNECTIONS] == 1
    assert reported(world)[ServiceMetric.WEBSOCKET_CONNECTIONS] == 0


def test_should_count_a_file_once_when_it_becomes_a_job(world: World) -> None:
    headers = world.headers()
    body = {"name": "a.mp4", "size_bytes": 7}
    upload = world.client.post("/v1/uploads", json=body, headers=headers).json()
    world.transfers.send(upload["url"], upload["headers"], b"content")
    for _ in range(2):
        confirmed = world.client.post(f"/v1/uploads/{upload['upload_id']}/confirm", headers=headers)
        assert confirmed.status_code == 202
    assert reported(world)[ServiceMetric.UPLOAD_BYTES] == 7
    assert reported(world)[ServiceMetric.UPLOAD_BYTES] == 0


def test_should_report_the_share_of_server_errors(world: World) -> None:
    for status in (200, 404, 500, 0):
        world.measures.answered(status)
    assert reported(world)[ServiceMetric.ERROR_RATE] == 50
    # Without requests there is no share.
    assert ServiceMetric.ERROR_RATE not in reported(world)


def test_should_not_count_checks_of_health(world: World) -> None:
    world.client.get("/health")
    assert ServiceMetric.ERROR_RATE not in reported(world)
    world.client.get("/v1/me")
    assert reported(world)[ServiceMetric.ERROR_RATE] == 0


def test_should_time_calls_to_the_database_that_end_or_fail(world: World) -> None:
    client = SimpleNamespace(meta=SimpleNamespace(events=HierarchicalEmitter()))
    world.measures.watch(client)
    for ending in ("after-call", "after-call-error"):
        context: dict[str, Any] = {}
        client.meta.events.emit("before-call.dynamodb.GetItem", context=context)
        world.clock.advance(0.25)
        client.meta.events.emit(f"{ending}.dynamodb.GetItem", context=context)
    assert reported(world)[ServiceMetric.DATABASE_LATENCY] == [250, 250]


def test_should_write_what_cloudwatch_extracts(world: World) -> None:
    world.measures.called(0.1)
    world.measures.answered(200)
    document = reported(world)
    (directive,) = document["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == SERVICE_METRICS_NAMESPACE
    assert directive["Dimensions"] == [["environment"]]
    assert {metric["Name"] for metric in directive["Metrics"]} == set(ServiceMetric)
    assert REPORT_SECONDS == 60
