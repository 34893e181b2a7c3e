import json
from collections.abc import Iterator
from typing import Any

import pytest

from runtime.core.chat import ModelError, Question
from runtime.processor.summaries.openai_chat import OpenAIChatModel
from tests.fakes.aws_endpoint import LOST, AwsEndpoint, aws_endpoint, json_answer

QUESTION = Question(
    system="any instructions",
    text="any text",
    tool="report_points",
    description="any",
    schema={"type": "object"},
    max_output_tokens=200,
)


@pytest.fixture
def endpoint() -> Iterator[AwsEndpoint]:
    with aws_endpoint() as made:
        yield made


def ask(endpoint: AwsEndpoint, *, timeout: float = 5.0) -> Any:
    model = OpenAIChatModel(
        endpoint=f"{endpoint.url}/v1", api_key=None, model="any-model", timeout_seconds=timeout
    )
    model._client = model._client.with_options(max_retries=0)
    return model.ask(QUESTION)


def completion(
    *, arguments: str | None = None, content: str | None = None, finish: str = "tool_calls"
) -> Any:
    calls = [
        {
            "id": "any",
            "type": "function",
            "function": {"name": "report_points", "arguments": arguments},
        }
    ]
    return json_answer(
        {
            "id": "any",
            "object": "chat.completion",
            "created": 1,
            "model": "any-model",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": finish,
                    "message": {
                        "role": "assistant",
                        "content": content,
                        "tool_calls": calls if arguments is not None else None,
                    },
                }
            ],
            "usage": {
                "prompt_tokens": 70,
                "completion_tokens": 20,
                "total_tokens": 90,
                "prompt_tokens_details": {"cached_tokens": 30},
            },
        }
    )


def test_should_read_the_arguments_and_the_usage(endpoint: AwsEndpoint) -> None:
    endpoint.script(completion(arguments='{"key_points": []}'))
    answer = ask(endpoint)
    assert answer.document == {"key_points": []}
    usage = answer.usage
    assert (usage.input_tokens, usage.cached_tokens, usage.output_tokens) == (40, 30, 20)
    asked = json.loads(endpoint.calls[0].body)
    assert asked["tool_choice"] == {"type": "function", "function": {"name": "report_points"}}
    assert asked["max_tokens"] == 200


def test_should_read_arguments_that_were_written_as_text(endpoint: AwsEndpoint) -> None:
    endpoint.script(completion(content='{"key_points": []}', finish="stop"))
    assert ask(endpoint).document == {"key_points": []}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (completion(content="Certainly!", finish="stop"), "malformed"),
        (completion(arguments="{", finish="tool_calls"), "malformed"),
        (completion(arguments="{}", finish="length"), "truncated"),
        (completion(content="", finish="content_filter"), "refused"),
        (json_answer({"error": {"message": "slow down"}}, status=429), "throttled"),
        (json_answer({"error": {"message": "no key"}}, status=401), "denied"),
        (json_answer({"error": {"message": "no model"}}, status=404), "denied"),
        (json_answer({"error": {"message": "too long"}}, status=400), "invalid"),
        (json_answer({"error": {"message": "down"}}, status=503), "unreachable"),
        (LOST, "unreachable"),
    ],
)
def test_should_say_why_there_is_no_answer(endpoint: AwsEndpoint, answer: Any, code: str) -> None:
    endpoint.script(answer)
    with pytest.raises(ModelError) as error:
        ask(endpoint)
    assert error.value.code == code
