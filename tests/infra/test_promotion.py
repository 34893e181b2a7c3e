"""What must hold of the way to production: order, one image, the app's templates, findings."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from cdk.assembly import read_environments
from cdk.nag import promotion_findings as nag
from cdk.promotion.targets import DeploymentTarget
from tests.infra.conftest import ENVIRONMENTS, ROOT
from tests.infra.promoting import actions, commands, of_type, template
from tests.infra.templates import Deployment
from tests.infra.test_snapshots import without_asset_hashes

STACKS = (
    "Releases",
    "Access-dev",
    "Access-staging",
    "Access-prod",
    "Github-111122223333",
    "Pipeline",
)
HOME = DeploymentTarget("111122223333", "eu-west-1")

ASSET_ID = re.compile(r"(?<=current_region)-[0-9a-f]{8}\b")
"""Ids of assets in the commands that publish them; they change with the functions' code."""


@pytest.mark.parametrize("stack", STACKS)
def test_should_synthesize_the_accepted_template(
    stack: str, promotion: Path, snapshot: SnapshotAssertion
) -> None:
    masked = without_asset_hashes(template(promotion, stack))
    found = json.loads(ASSET_ID.sub("-asset", json.dumps(masked)))

    assert found == snapshot(extension_class=JSONSnapshotExtension)


def test_should_have_a_snapshot_of_every_stack(promotion: Path) -> None:
    assert {path.name.partition(".")[0] for path in promotion.glob("*.template.json")} == set(
        STACKS
    )


# The pipeline


def test_should_go_from_stage_to_stage_in_their_order(promotion: Path) -> None:
    assert list(actions(promotion)) == [
        "Source",
        "Build",
        "UpdatePipeline",
        "Assets",
        "Lifestream-dev",
        "Lifestream-staging",
        "Lifestream-prod",
    ]


@pytest.mark.parametrize(
    ("name", "proof"), [("dev", "Smoke"), ("staging", "Full"), ("prod", "Smoke")]
)
def test_should_guard_first_and_prove_last(name: str, proof: str, promotion: Path) -> None:
    found = actions(promotion)[f"Lifestream-{name}"]

    assert [found[0]["Name"], found[-1]["Name"]] == [f"Guard-{name}", f"{proof}-{name}"]
    assert found[0]["RunOrder"] < found[1]["RunOrder"]
    assert found[-2]["RunOrder"] < found[-1]["RunOrder"]


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_should_bring_the_image_after_its_repository_and_before_its_task(
    name: str, promotion: Path
) -> None:
    order = {a["Name"]: a["RunOrder"] for a in actions(promotion)[f"Lifestream-{name}"]}
    stack = f"lifestream-{name}"

    image = order[f"{stack}-processing.Image-{name}"]
    assert order[f"{stack}-storage.Deploy"] < image < order[f"{stack}-processing.Prepare"]


def test_should_ask_a_person_before_production_and_nowhere_else(promotion: Path) -> None:
    manual = {
        (stage, action["Name"], action["RunOrder"])
        for stage, found in actions(promotion).items()
        for action in found
        if action["ActionTypeId"]["Provider"] == "Manual"
    }

    assert manual == {("Lifestream-prod", "Approve-prod", 2)}
    first_change = min(
        action["RunOrder"]
        for action in actions(promotion)["Lifestream-prod"]
        if action["ActionTypeId"]["Provider"] == "CloudFormation"
    )
    assert first_change == 3


def test_should_build_once(promotion: Path) -> None:
    building = [
        action["Name"]
        for found in actions(promotion).values()
        for action in found
        if action["ActionTypeId"]["Provider"] == "CodeBuild"
        if "image release" in commands(promotion, action)
    ]

    assert building == ["Build"]


def test_should_check_before_it_releases_and_release_before_it_synthesizes(
    promotion: Path,
) -> None:
    (build,) = actions(promotion)["Build"]
    ran = commands(promotion, build)

    assert ran.index("make check") < ran.index("image release") < ran.index("promotion.py")


def test_should_deploy_everywhere_what_was_synthesized_once(promotion: Path) -> None:
    inputs = {
        artifact["Name"]
        for found in actions(promotion).values()
        for action in found
        if action["ActionTypeId"]["Provider"] == "CloudFormation"
        for artifact in action.get("InputArtifacts", [])
    }

    assert inputs == {"Build_Output"}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_should_find_the_templates_where_they_are(name: str, promotion: Path) -> None:
    paths = {
        action["Configuration"]["TemplatePath"]
        for action in actions(promotion)[f"Lifestream-{name}"]
        if "TemplatePath" in action["Configuration"]
    }

    assert paths
    for path in paths:
        artifact, _, file = path.partition("::")
        assert artifact == "Build_Output"
        assert (promotion / file).is_file()


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_should_deploy_the_very_templates_of_the_app(
    name: str, promotion: Path, deployments: Mapping[str, Deployment]
) -> None:
    staged = {stack.name: stack.template for stack in read_environments(promotion)[name]}
    prefix = f"lifestream-{name}-"

    assert {stack.removeprefix(prefix): found for stack, found in staged.items()} == dict(
        deployments[name].stacks
    )


def test_should_run_commands_that_there_are(promotion: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    ran = "\n".join(
        commands(promotion, action)
        for stage in ("Build", *(f"Lifestream-{name}" for name in ENVIRONMENTS))
        for action in actions(promotion)[stage]
        if action["ActionTypeId"]["Provider"] == "CodeBuild"
    )

    for target in set(_words_after(ran, "make ")):
        assert f"\n{target}:" in makefile, target
    for module in set(_words_after(ran, "python -m ")):
        path = ROOT / module.replace(".", "/")
        assert (path / "__main__.py").is_file(), module
    assert (ROOT / "scripts" / "with_role").stat().st_mode & 0o111


def _words_after(text: str, before: str) -> Iterator[str]:
    for part in text.split(before)[1:]:
        yield part.replace('"', " ").replace("\\", " ").split()[0]


def test_should_install_no_tool_of_whatever_version(promotion: Path) -> None:
    stack = json.dumps(template(promotion, "Pipeline"))
    installed = re.findall(r"npm install -g ([\w-]+)@([^\\\"]+)", stack)

    assert {tool for tool, _ in installed} == {"aws-cdk", "cdk-assets"}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for _, version in installed)


def test_should_encrypt_artifacts_with_a_key_that_rotates(promotion: Path) -> None:
    stack = template(promotion, "Pipeline")
    (key,) = of_type(stack, "AWS::KMS::Key")
    (pipeline,) = of_type(stack, "AWS::CodePipeline::Pipeline")
    store = pipeline["Properties"]["ArtifactStore"]
    bucket = stack["Resources"][store["Location"]["Ref"]]["Properties"]

    assert key["Properties"]["EnableKeyRotation"] is True
    assert store["EncryptionKey"]["Type"] == "KMS"
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert all(bucket["PublicAccessBlockConfiguration"].values())


# Findings


def test_should_acknowledge_exactly_the_findings_there_are(promotion: Path) -> None:
    report = json.loads((promotion / "validation-report.json").read_text())
    found = {
        finding["acknowledgedId"]
        for pack in report["pluginReports"]
        for finding in pack["suppressedViolations"]
        if not finding["acknowledgedAt"].startswith("Lifestream-")
    }
    known = {
        item.id_in(environment=name, account=HOME.account, region=HOME.region)
        for name in ENVIRONMENTS
        for item in (*nag.PER_ENVIRONMENT, *nag.GITHUB, *nag.PIPELINE)
    }

    assert not any(pack["violations"] for pack in report["pluginReports"])
    assert found == known
