import json

import pytest

from chaos.call_names import Caller, CallName
from chaos.http_requests import Request, Sender
from tests.unit.chaos.sdk_requests import JOBS, json_request, s3_request, save

JOB_ID = "0123456789abcdef0123456789abcdef"


def test_should_know_the_sender_by_the_user_agent() -> None:
    agent = "Boto3/1 md/x app/lifestream-dispatcher-dev.4711 cfg/y"
    request = Request("GET", "/", {"user-agent": agent}, b"")
    assert request.sender == Sender(Caller.DISPATCHER, 4711)


@pytest.mark.parametrize("agent", ["Boto3/1.2", "app/somebody.1", "app/dispatcher"])
def test_should_not_take_a_stranger_for_one_of_ours(agent: str) -> None:
    assert Request("GET", "/", {"user-agent": agent}, b"").sender is None


@pytest.mark.parametrize(
    ("method", "key", "name"),
    [
        ("HEAD", "uploads/a%20b.mp4", "s3.HeadObject"),
        ("GET", "uploads/a.mp4", "s3.GetObject:uploads"),
        ("GET", f"work/{JOB_ID}/probe.json", "s3.GetObject:work"),
        ("PUT", f"results/{JOB_ID}/summary.json", "s3.PutObject:results"),
        ("PUT", f"results/{JOB_ID}/manifest.json", "s3.PutObject:manifest"),
    ],
)
def test_should_name_calls_of_s3_by_what_they_are_about(method: str, key: str, name: str) -> None:
    call = s3_request(method, key).call(Caller.PROCESSOR, JOBS)
    assert call == CallName(Caller.PROCESSOR, name)


def test_should_know_a_trace_from_an_object() -> None:
    body = json.dumps({"TraceSegmentDocuments": [json.dumps({"job_id": JOB_ID})]}).encode()
    request = Request("POST", "/TraceSegments", {}, body)
    assert request.call(Caller.REAPER, JOBS) == CallName(Caller.REAPER, "xray.PutTraceSegments")
    assert list(request.names) == [JOB_ID]


def test_should_name_a_save_by_its_state_alone_or_in_a_transaction() -> None:
    put = save(JOB_ID, "CLAIMED")
    other = {"TableName": "idempotency", "Item": {"status": {"S": "dispatched"}}}
    alone = json_request("dynamodb", "PutItem", put)
    both = json_request(
        "dynamodb", "TransactWriteItems", {"TransactItems": [{"Put": other}, {"Put": put}]}
    )
    call = CallName(Caller.DISPATCHER, "dynamodb.Write:CLAIMED")
    assert alone.call(Caller.DISPATCHER, JOBS) == both.call(Caller.DISPATCHER, JOBS) == call
    assert both.job_write(JOBS) == put["Item"]


def test_should_not_take_a_record_of_another_table_for_a_save() -> None:
    request = json_request("dynamodb", "PutItem", save(JOB_ID, "CLAIMED") | {"TableName": "other"})
    assert request.job_write(JOBS) is None
    assert request.call(Caller.DISPATCHER, JOBS).name == "dynamodb.PutItem"


def test_should_find_the_job_in_every_kind_of_call() -> None:
    arn = "arn:aws:ecs:us-east-1:000000000000:task/any/0a1b"
    tokens = {"clientToken": "f" * 64, "startedBy": f"{JOB_ID}-2"}
    assert list(json_request("ecs", "RunTask", tokens).names) == [JOB_ID]
    assert list(json_request("ecs", "StopTask", {"task": arn}).names) == [arn]
    assert JOB_ID in json_request("sqs", "SendMessage", {"MessageBody": JOB_ID}).names
    event = json.dumps({"Records": [{"s3": {"object": {"key": "uploads/a.mp4"}}}]})
    assert "uploads/a.mp4" in json_request("sqs", "SendMessage", {"MessageBody": event}).names
    odd = 'uploads/ü "quoted" \\ and\nbroken.mp4'
    confirm = json.dumps({"key": odd})
    assert odd in json_request("sqs", "SendMessage", {"MessageBody": confirm}).names
    assert list(s3_request("HEAD", "uploads/a%20b.mp4").names) == ["uploads/a b.mp4"]
    assert JOB_ID in s3_request("PUT", f"results/{JOB_ID}/manifest.json").names
