"""Converse in its recorded shapes: what each answer and each error means."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config

from local.emulator.services.bedrock_answers import converse
from runtime.aws import clients
from runtime.aws.bedrock import BedrockChatModel, Guardrail
from runtime.core.chat import ModelError, Question
from tests.fakes.aws_endpoint import LOST, Answer, AwsEndpoint, Call, aws_endpoint

QUESTION = Question(
    system="any instructions",
    text="<transcript>\n[3] Speaker 1: The tram is late.\n</transcript>",
    tool="report_points",
    description="any",
    schema={"type": "object"},
    max_output_tokens=200,
)


@pytest.fixture
def endpoint() -> Iterator[AwsEndpoint]:
    with aws_endpoint() as made:
        yield made


def model_at(endpoint: AwsEndpoint, model: str = "local.faithful", **given: Any) -> Any:
    def respond(call: Call) -> Answer:
        answer = converse(model, call.json)
        headers = {"x-amzn-ErrorType": answer.error} if answer.error else {}
        return Answer(status=answer.status, body=json.dumps(answer.body).encode(), headers=headers)

    endpoint.respond = respond
    return BedrockChatModel(client_of(endpoint), model=model, **given)


def client_of(endpoint: AwsEndpoint, *, attempts: int = 1) -> Any:
    import boto3  # noqa: PLC0415 - a client without the adapter's patience

    connect: Any = boto3.client
    return connect(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=endpoint.url,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - of no account
        config=Config(
            connect_timeout=60,
            read_timeout=60,
            retries={"total_max_attempts": attempts, "mode": "standard"},
        ),
    )


def test_should_read_the_tools_input_and_the_usage(endpoint: AwsEndpoint) -> None:
    answer = model_at(endpoint).ask(QUESTION)
    assert answer.document == {"key_points": [{"text": "The tram is late.", "segments": [3]}]}
    assert answer.usage.requests == 1
    assert answer.usage.input_tokens > 0
    assert answer.usage.output_tokens > 0


def test_should_force_the_tool_and_bound_the_answer(endpoint: AwsEndpoint) -> None:
    model_at(endpoint).ask(QUESTION)
    (call,) = endpoint.calls
    assert call.json["toolConfig"]["toolChoice"] == {"tool": {"name": "report_points"}}
    assert call.json["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"] == {
        "json": {"type": "object"}
    }
    assert call.json["inferenceConfig"] == {"maxTokens": 200, "temperature": 0.0}
    assert call.json["system"] == [{"text": "any instructions"}]
    assert "guardrailConfig" not in call.json


def test_should_mark_the_instructions_for_the_cache_and_name_the_guardrail(
    endpoint: AwsEndpoint,
) -> None:
    guardrail = Guardrail(identifier="any-guardrail", version="2")
    model_at(endpoint, caches_prompts=True, guardrail=guardrail).ask(QUESTION)
    (call,) = endpoint.calls
    assert call.json["system"][1] == {"cachePoint": {"type": "default"}}
    assert call.json["guardrailConfig"] == {
        "guardrailIdentifier": "any-guardrail",
        "guardrailVersion": "2",
    }


@pytest.mark.parametrize(
    ("model", "code"),
    [
        ("local.throttled", "throttled"),
        ("local.unavailable", "throttled"),
        ("local.denied", "denied"),
        ("local.unknown", "invalid"),
        ("local.text", "malformed"),
        ("local.truncated", "truncated"),
        ("local.refusing", "refused"),
    ],
)
def test_should_say_why_there_is_no_answer(endpoint: AwsEndpoint, model: str, code: str) -> None:
    with pytest.raises(ModelError) as error:
        model_at(endpoint, model).ask(QUESTION)
    assert error.value.code == code


def test_should_say_that_the_answer_was_lost(endpoint: AwsEndpoint) -> None:
    model = model_at(endpoint)
    endpoint.respond = lambda _: LOST
    with pytest.raises(ModelError) as error:
        model.ask(QUESTION)
    assert error.value.code in {"unreachable", "timeout"}
    assert error.value.usage.requests == 1


def test_should_ask_again_after_a_throttle(endpoint: AwsEndpoint) -> None:
    client = client_of(endpoint, attempts=2)
    good = converse("local.faithful", {"messages": [], "toolConfig": {}})
    body = {
        **good.body,
        "output": {
            "message": {
                "content": [
                    {
                        "toolUse": {
                            "toolUseId": "any",
                            "name": "report_points",
                            "input": {"key_points": []},
                        }
                    }
                ]
            }
        },
    }
    endpoint.script(
        Answer(status=429, headers={"x-amzn-ErrorType": "ThrottlingException"}),
        Answer(body=json.dumps(body).encode()),
    )
    assert BedrockChatModel(client, model="any").ask(QUESTION).document == {"key_points": []}
    assert len(endpoint.calls) == 2


def test_should_wait_long_and_retry_adaptively(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    config = clients.bedrock("us-east-1", read_timeout=45).meta.config
    assert (config.read_timeout, config.retries["mode"]) == (45, "adaptive")
    assert config.retries["total_max_attempts"] == clients.MODEL_ATTEMPTS
