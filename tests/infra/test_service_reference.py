"""AWS knows every action, resource type and condition key of every policy in every template."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cdk.assembly import Template, read_templates
from cdk.policies.check import unknown
from cdk.policies.reference import shipped_reference
from cdk.policies.statements import Templates
from tests.infra.templates import Deployment

REFERENCE = shipped_reference()


def problems(templates: dict[str, Template]) -> list[str]:
    return unknown(Templates(templates, REFERENCE).statements(), REFERENCE)


def of_folder(folder: Path) -> Iterator[dict[str, Template]]:
    found = read_templates(folder)
    assert found
    yield from found


@pytest.mark.parametrize("app", ["assembly", "pooled_assembly", "promotion"])
def test_should_state_only_what_aws_knows(app: str, request: pytest.FixtureRequest) -> None:
    for templates in of_folder(request.getfixturevalue(app)):
        assert problems(templates) == []


def test_should_state_only_what_aws_knows_with_a_gpu(gpu: Deployment) -> None:
    (templates,) = of_folder(gpu.assets)

    assert any("Gpu" in name for name in templates)
    assert problems(templates) == []
