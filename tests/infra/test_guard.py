"""Nothing that holds data is lost on the way from what was released to what is synthesized."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from cdk.guard.__main__ import BASELINE, main
from cdk.guard.stateful import LOSSES
from tests.infra.conftest import ENVIRONMENTS
from tests.infra.templates import Deployment

REMEDY = "see above; what was never released is accepted by `make baseline`"


def test_should_lose_nothing_that_was_released(assembly: Path) -> None:
    assert main(["check", "--assembly", str(assembly)]) == 0, REMEDY


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_should_guard_every_table_bucket_and_key(
    name: str, deployments: Mapping[str, Deployment]
) -> None:
    there = {
        logical_id
        for stack in deployments[name].stacks.values()
        for logical_id, resource in stack["Resources"].items()
        if resource["Type"] in LOSSES
    }

    guarded = json.loads((BASELINE / f"{name}.json").read_text())

    known = {logical_id for stack in guarded.values() for logical_id in stack}
    assert known <= there
    assert {"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key"} <= {
        resource["Type"] for stack in guarded.values() for resource in stack.values()
    }
