"""What Bedrock's adapter promises, on the Converse API of the local cloud."""

import pytest

from runtime.aws import clients
from runtime.aws.bedrock import BedrockChatModel
from runtime.core.chat import ModelError, Question

pytestmark = pytest.mark.cloud

QUESTION = Question(
    system="any instructions",
    text="<transcript>\n[7] Speaker 1: The tram is late.\n</transcript>",
    tool="report_points",
    description="any",
    schema={"type": "object"},
    max_output_tokens=200,
)


def ask(model: str, cloud: str) -> dict[str, object]:
    assert cloud
    client = clients.bedrock("us-east-1", read_timeout=60)
    try:
        return dict(BedrockChatModel(client, model=model).ask(QUESTION).document)
    finally:
        client.close()


def test_should_answer_by_the_tool(cloud: str) -> None:
    assert ask("local.faithful", cloud) == {
        "key_points": [{"text": "The tram is late.", "segments": [7]}]
    }


@pytest.mark.parametrize(
    ("model", "code"),
    [
        ("local.denied", "denied"),
        ("local.refusing", "refused"),
        ("local.truncated", "truncated"),
        ("local.unknown", "invalid"),
        ("arn:aws:bedrock:us-east-1:123456789012:inference-profile/any", "invalid"),
    ],
)
def test_should_fail_as_the_model_does(cloud: str, model: str, code: str) -> None:
    with pytest.raises(ModelError) as error:
        ask(model, cloud)
    assert error.value.code == code
