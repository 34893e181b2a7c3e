import json
from typing import Any

import pytest

from cdk.config import parse_environment
from cdk.config.summary import SECTIONS, TEMPLATE_FIELDS
from runtime.core.summary import SectionName
from runtime.processor.summaries.template import templates_of
from tests.unit.cdk.documents import WHERE, changed_all, problems

RIGHT: dict[str, Any] = {
    "summarizer": "bedrock",
    "model": "eu.any-vendor.any-model-v1:0",
    "foundation_model": "any-vendor.any-model-v1:0",
    "model_regions": ["eu-central-1"],
    "input_usd": 1,
    "output_usd": 5.0,
    "job_usd": 0.5,
    "month_usd": 50,
    "seconds": 180,
}
SERMON = {
    "name": "sermon",
    "description": "a sermon",
    "tone": "solemn",
    "length": 0.5,
    "sections": ["overview", "quotes"],
}


def with_summary(**changes: Any) -> dict[str, Any]:
    settings = {k: v for k, v in {**RIGHT, **changes}.items() if v is not None}
    return changed_all({f"summary.{name}": value for name, value in settings.items()})


def test_should_take_a_model_and_go_without_one() -> None:
    taken = parse_environment("any", with_summary(cache_read_usd=0.1), where=WHERE).summary
    assert taken is not None
    assert taken.prices == "1,5,0.1,0"
    assert parse_environment("any", changed_all({}), where=WHERE).summary is None


def test_should_take_kinds_of_recording_that_the_processor_takes() -> None:
    given = json.dumps([SERMON])
    taken = parse_environment("any", with_summary(templates=given), where=WHERE).summary
    assert taken is not None
    assert templates_of(taken.templates or "")["sermon"].tone == "solemn"
    assert set(SERMON) == TEMPLATE_FIELDS
    assert set(SectionName) == SECTIONS


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"summarizer": "magic"}, "one of bedrock, openai"),
        ({"model": "any model"}, "a model's or inference profile's id"),
        ({"input_usd": -1}, "US dollars from 0"),
        ({"input_usd": None}, "summary.input_usd is missing"),
        ({"seconds": 5}, "a whole number from 10 to 1800"),
        ({"guardrail": "abc"}, "a guardrail's <id>:<version>"),
        ({"templates": "{}"}, "a JSON list of kinds"),
        ({"templates": json.dumps([{**SERMON, "sections": ["gossip"]}])}, "a JSON list of kinds"),
        ({"model_regions": []}, "given together with summary.model_regions"),
        ({"endpoint": "https://models.example.com/v1"}, "left out, with summary.api_key_secret"),
        ({"summarizer": "openai"}, "left out, with summary.foundation_model"),
        ({"job_usd": 51}, "at most summary.month_usd = 50"),
    ],
)
def test_should_refuse_a_model_that_is_described_wrongly(
    changes: dict[str, Any], words: str
) -> None:
    assert any(words in problem for problem in problems(with_summary(**changes)))


def test_should_refuse_a_model_that_tasks_cannot_reach() -> None:
    closed = {"network.nat_gateways": 0, "network.interface_endpoints": True}
    settings = {f"summary.{name}": value for name, value in RIGHT.items()}
    found = problems(changed_all({**settings, **closed}))
    assert any("network.bedrock_endpoint = False; allowed is true" in line for line in found)
