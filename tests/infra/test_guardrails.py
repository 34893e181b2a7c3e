"""What an organization prescribes holds of everything in an environment."""

import json
from pathlib import Path

import pytest

from tests.infra.conftest import ROOT, synthesize
from tests.infra.templates import Deployment

TABLES = """
[tags]
owner = "Media team"
cost_centre = "4711"
data_class = "confidential"

[guardrails]
permissions_boundary = "boundaries/workloads"
role_path = "/lifestream/"
bootstrap_qualifier = "media"
"""
TAGS = {
    "Service": "lifestream",
    "Environment": "dev",
    "Owner": "Media team",
    "CostCentre": "4711",
    "DataClass": "confidential",
}


@pytest.fixture(scope="module")
def guarded() -> Deployment:
    text = (ROOT / "environments" / "dev.toml").read_text()
    return synthesize(text + TABLES)


def test_should_limit_every_role(guarded: Deployment) -> None:
    roles = guarded.of_type("AWS::IAM::Role").values()

    assert len(roles) >= 5
    for role in roles:
        properties = guarded.render(role["Properties"])
        assert properties["Path"] == "/lifestream/"
        assert properties["PermissionsBoundary"].endswith(":policy/boundaries/workloads")


def test_should_tag_with_owner_cost_centre_and_data_class(guarded: Deployment) -> None:
    for kind in ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::ECS::TaskDefinition"):
        for resource in guarded.of_type(kind).values():
            tags = {tag["Key"]: tag["Value"] for tag in resource["Properties"]["Tags"]}
            assert tags == TAGS


def test_should_deploy_with_the_bootstrap_of_the_qualifier(guarded: Deployment) -> None:
    folder: Path = guarded.assets / "assembly-Lifestream-dev"
    manifest = json.loads((folder / "manifest.json").read_text())
    roles = [
        artifact["properties"]["assumeRoleArn"]
        for artifact in manifest["artifacts"].values()
        if artifact["type"] == "aws:cloudformation:stack"
    ]

    assert roles
    assert all("cdk-media-deploy-role" in role for role in roles)
