"""The guard reads what is deployed, and finds it to be what was synthesized."""

import json
import shutil
from pathlib import Path

import pytest

from cdk.assembly import read_environments
from cdk.guard.__main__ import main
from cdk.guard.baseline import Templates
from cdk.guard.cloudformation import CloudFormationTemplates
from local.deployed import ENVIRONMENT, Deployed
from runtime.core.contract import Launch
from tests.assemblies import app_assembly

pytestmark = pytest.mark.e2e


def check(deployed: Deployed, assembly: Path) -> int:
    def connect(_region: str | None) -> Templates:
        return CloudFormationTemplates(deployed.cloud.client("cloudformation"))

    asked = ["check", "--deployed", "--environment", ENVIRONMENT, "--assembly", str(assembly)]
    return main(asked, connect=connect)


@pytest.fixture
def assembly() -> Path:
    """What was deployed."""
    return app_assembly(launch=Launch.ON_DEMAND)


def test_should_read_the_templates_as_they_were_deployed(
    deployed: Deployed, assembly: Path
) -> None:
    templates = CloudFormationTemplates(deployed.cloud.client("cloudformation"))

    for stack in read_environments(assembly)[ENVIRONMENT]:
        assert stack.name in templates.stack_names()
        assert templates.template(stack.name) == stack.template


def test_should_pass_what_is_deployed_and_refuse_to_lose_a_table_of_it(
    deployed: Deployed, assembly: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = tmp_path / "cdk.out"
    shutil.copytree(assembly, changed)
    assert check(deployed, changed) == 0

    for path in changed.glob("*/*.template.json"):
        template = json.loads(path.read_text())
        kept = {
            logical_id: resource
            for logical_id, resource in template["Resources"].items()
            if resource["Type"] != "AWS::DynamoDB::Table"
        }
        path.write_text(json.dumps({**template, "Resources": kept}))

    assert check(deployed, changed) == 1
    assert "JobsTable" in capsys.readouterr().out
