"""Reads that skip the SDK's layers: what is sent, what is returned, what is left to the SDK."""

import json
import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from runtime.aws import clients
from runtime.aws.direct_reads import direct_reads
from tests.fakes.aws_endpoint import LOST, Answer, AwsEndpoint, error_answer, json_answer
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY = {"job_id": {"S": "any"}}
ITEM = {"Item": {**KEY, "updated_at": {"N": "1.5"}}}
GET: Any = {"TableName": "any-jobs", "Key": KEY, "ConsistentRead": True}
BATCH: Any = {"RequestItems": {"any-jobs": {"Keys": [KEY], "ConsistentRead": True}}}
QUERY: Any = {
    "TableName": "any-jobs",
    "KeyConditionExpression": "job_id = :id",
    "ExpressionAttributeValues": {":id": {"S": "any"}},
}
SIGNED = ("host", "x-amz-date", "x-amz-target")

Make = Callable[[], tuple["DynamoDBClient", list[float]]]


@pytest.fixture
def make(endpoint: AwsEndpoint) -> Iterator[Make]:
    """Makes clients of the endpoint; each comes with the times that it reported."""
    del endpoint
    made = []

    def make_one() -> tuple["DynamoDBClient", list[float]]:
        called: list[float] = []
        client = direct_reads(
            clients.dynamodb("us-east-1"), clock=FakeClock(), called=called.append
        )
        made.append(client)
        return client, called

    yield make_one
    for each in made:
        each.close()


@pytest.mark.parametrize(
    ("operation", "given", "body"),
    [
        ("get_item", GET, ITEM),
        ("get_item", GET, {}),
        ("batch_get_item", BATCH, {"Responses": {"any-jobs": [ITEM["Item"]]}}),
        ("query", QUERY, {"Items": [ITEM["Item"]], "Count": 1, "LastEvaluatedKey": KEY}),
    ],
)
def test_should_send_and_return_what_the_sdk_does(
    endpoint: AwsEndpoint,
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    given: dict[str, Any],
    body: dict[str, Any],
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "any-session")
    # Another test's session may have read its credentials already.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    endpoint.script(json_answer(body))
    direct, called = make()
    sdk: Any = clients.dynamodb("us-east-1")
    answers = [getattr(client, operation)(**given) for client in (direct, sdk)]
    sdk.close()

    for each in answers:
        del each["ResponseMetadata"]
    assert answers[0] == answers[1]
    mine, theirs = endpoint.calls
    assert (mine.operation, mine.json) == (theirs.operation, theirs.json)
    for header in ("Content-Type", "X-Amz-Target", "X-Amz-Security-Token"):
        assert mine.headers[header] == theirs.headers[header]
    for each in (mine, theirs):
        assert "/us-east-1/dynamodb/aws4_request" in each.headers["Authorization"]
        assert all(name in each.headers["Authorization"] for name in SIGNED)
    assert len(called) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        error_answer("InternalServerError", status=500),
        Answer(body=json_answer(ITEM).body, headers={"x-amz-crc32": "1"}),
        LOST,
        Answer(body=json_answer(ITEM).body, cut_after=5),
    ],
    ids=["server error", "broken content", "lost connection", "cut off"],
)
def test_should_leave_trouble_to_the_sdk(
    endpoint: AwsEndpoint, make: Make, trouble: Answer
) -> None:
    good = json_answer(ITEM)
    endpoint.script(trouble, good)
    direct, called = make()

    assert direct.get_item(**GET)["Item"] == ITEM["Item"]
    assert len(endpoint.calls) == 2
    assert called == []


def test_should_go_on_directly_after_trouble(endpoint: AwsEndpoint, make: Make) -> None:
    body = json_answer(ITEM).body
    whole = Answer(body=body, headers={"x-amz-crc32": str(zlib.crc32(body))})
    endpoint.script(LOST, whole)
    direct, called = make()
    for _ in range(2):
        assert direct.get_item(**GET)["Item"] == ITEM["Item"]
    assert len(called) == 1


def test_should_raise_the_errors_of_the_sdk(endpoint: AwsEndpoint, make: Make) -> None:
    endpoint.script(error_answer("ResourceNotFoundException"))
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        make()[0].get_item(**GET)


def test_should_write_as_the_sdk_does(endpoint: AwsEndpoint, make: Make) -> None:
    direct, called = make()
    direct.put_item(TableName="any-jobs", Item=KEY)
    assert json.loads(endpoint.calls[0].body)["Item"] == KEY
    assert called == []


def test_should_send_nothing_without_credentials(
    endpoint: AwsEndpoint, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    with pytest.raises(NoCredentialsError):
        make()[0].get_item(**GET)
    assert endpoint.calls == []


def test_should_leave_all_to_the_sdk_where_a_proxy_is_set(
    endpoint: AwsEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    del endpoint
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example.test:3128")
    client = clients.dynamodb("us-east-1")
    assert direct_reads(client, clock=FakeClock(), called=print) is client
    client.close()
