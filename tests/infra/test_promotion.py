"""What must hold of the way to production: order, one image, exact rights, the app's templates."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from cdk.application import synthesize
from cdk.assembly import read_environments
from cdk.promotion import nag
from cdk.promotion.application import build_promotion
from cdk.promotion.place import Place
from tests.infra.conftest import ENVIRONMENTS, ROOT
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
HOME = Place("111122223333", "eu-west-1")

ASSET_ID = re.compile(r"(?<=current_region)-[0-9a-f]{8}\b")
"""Ids of assets in the commands that publish them; they change with the functions' code."""

Action = Mapping[str, Any]


@pytest.fixture(scope="module")
def promotion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("promotion.out")
    synthesize(build_promotion(ROOT, outdir=folder))
    return folder


def template(promotion: Path, stack: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((promotion / f"{stack}.template.json").read_text())
    return content


def of_type(template: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    return [r for r in template["Resources"].values() if r["Type"] == kind]


def actions(promotion: Path) -> dict[str, list[Action]]:
    """Return the actions of every stage of the pipeline, in the order in which they run."""
    (pipeline,) = of_type(template(promotion, "Pipeline"), "AWS::CodePipeline::Pipeline")
    return {
        stage["Name"]: sorted(stage["Actions"], key=lambda action: action["RunOrder"])
        for stage in pipeline["Properties"]["Stages"]
    }


def commands(promotion: Path, action: Action) -> str:
    """Return what an action's build runs, tokens as `<...>`."""
    stack = template(promotion, "Pipeline")
    project = stack["Resources"][action["Configuration"]["ProjectName"]["Ref"]]
    return text(project["Properties"]["Source"]["BuildSpec"])


def text(value: Any) -> str:
    match value:
        case {"Fn::Join": [separator, parts]}:
            return str(separator.join(text(part) for part in parts))
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
    return str(value)


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


def test_should_let_the_steps_become_promoters_and_nothing_else(promotion: Path) -> None:
    stack = template(promotion, "Pipeline")
    (policy,) = (
        p["Properties"]
        for p in of_type(stack, "AWS::IAM::Policy")
        if [text(role) for role in p["Properties"]["Roles"]]
        == [role_id(stack, "lifestream-pipeline-steps")]
    )
    granted = {
        action
        for statement in policy["PolicyDocument"]["Statement"]
        for action in _many(statement["Action"])
    }
    (assume,) = (
        s for s in policy["PolicyDocument"]["Statement"] if s["Action"] == "sts:AssumeRole"
    )

    assert granted == {
        "kms:Decrypt",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "s3:GetBucketLocation",
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:ListBucket",
        "sts:AssumeRole",
    }
    assert {text(arn).rpartition("/")[2] for arn in assume["Resource"]} == {
        f"lifestream-promoter-{name}" for name in ENVIRONMENTS
    }


def role_id(stack: Mapping[str, Any], name: str) -> str:
    (found,) = (
        f"<{logical_id}>"
        for logical_id, resource in stack["Resources"].items()
        if resource["Properties"].get("RoleName") == name
    )
    return found


# Who may become whom


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_should_trust_the_pipelines_steps_and_githubs_environment(
    name: str, promotion: Path
) -> None:
    (role,) = of_type(template(promotion, f"Access-{name}"), "AWS::IAM::Role")
    steps, github = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]

    assert text(steps["Principal"]["AWS"]) == "arn:aws:iam::111122223333:root"
    (steps_role,) = steps["Condition"]["ArnEquals"].values()
    assert text(steps_role).endswith(":role/lifestream-pipeline-steps")
    assert github["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": (
                f"repo:example-org/lifestream:environment:{name}"
            ),
        }
    }


def test_should_release_images_from_the_branch_only(promotion: Path) -> None:
    (role,) = of_type(template(promotion, "Github-111122223333"), "AWS::IAM::Role")
    (github,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]

    assert github["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert (
        github["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]
        == "repo:example-org/lifestream:ref:refs/heads/main"
    )


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_should_let_a_promoter_do_exactly_its_work(name: str, promotion: Path) -> None:
    (policy,) = of_type(template(promotion, f"Access-{name}"), "AWS::IAM::Policy")
    where = "eu-west-1:111122223333"
    granted = {
        (text(resource).replace("<AWS::Partition>", "aws"), *sorted(_many(statement["Action"])))
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        for resource in _many(statement["Resource"])
    }
    media = f"arn:aws:s3:::lifestream-media-{name}-<AWS::AccountId>-<AWS::Region>"

    read = (
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:DescribeImages",
        "ecr:DescribeRepositories",
        "ecr:GetDownloadUrlForLayer",
    )
    write = (
        "ecr:CompleteLayerUpload",
        "ecr:InitiateLayerUpload",
        "ecr:PutImage",
        "ecr:UploadLayerPart",
    )
    cdk = "arn:aws:iam::111122223333:role/cdk-hnb659fds-{}-role-111122223333-eu-west-1"
    assert granted == {
        ("*", "cloudformation:ListStacks", "ecr:GetAuthorizationToken"),
        (f"arn:aws:ecr:{where}:repository/lifestream-releases", *read),
        (f"arn:aws:ecr:{where}:repository/lifestream-processor-{name}", *sorted(read + write)),
        (f"{media}/uploads/checks/*", "s3:GetObject", "s3:PutObject"),
        (f"{media}/results/*", "s3:GetObject"),
        (f"arn:aws:dynamodb:{where}:table/lifestream-jobs-{name}", "dynamodb:GetItem"),
        (f"arn:aws:sqs:{where}:lifestream-jobs-dlq-{name}", "sqs:GetQueueAttributes"),
        (f"arn:aws:kms:{where}:key/*", "kms:Decrypt", "kms:GenerateDataKey"),
        (
            f"arn:aws:cloudformation:{where}:stack/lifestream-{name}-*/*",
            "cloudformation:DescribeStacks",
            "cloudformation:GetTemplate",
        ),
        *(
            (cdk.format(role), "sts:AssumeRole")
            for role in ("deploy", "file-publishing", "image-publishing", "lookup")
        ),
    }


def test_should_limit_keys_to_the_environments_own(promotion: Path) -> None:
    (policy,) = of_type(template(promotion, "Access-prod"), "AWS::IAM::Policy")
    (keys,) = (
        statement
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "kms:Decrypt" in _many(statement["Action"])
    )

    assert keys["Condition"] == {
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/lifestream-prod"}
    }


# Other configurations


HEAD = """
repository = "example-org/lifestream"
branch = "main"
account = "111122223333"
region = "eu-west-1"
"""
CONNECTION = """
[pipeline]
connection_arn = "arn:aws:codeconnections:eu-west-1:111122223333:connection/\
01234567-89ab-cdef-0123-456789abcdef"
"""
STAGE = """
[[stage]]
environment = "{}"
proof = "smoke"
approval = {}
"""


def synthesized(folder: Path, content: str, *, root: Path = ROOT) -> Path:
    (folder / "promotion.toml").write_text(content)
    build_promotion(root, outdir=folder / "out", file=folder / "promotion.toml").synth()
    return folder / "out"


def test_should_do_without_github(tmp_path: Path) -> None:
    content = HEAD + "github = false\n" + CONNECTION + STAGE.format("dev", "false")

    found = synthesized(tmp_path, content)

    assert not list(found.glob("Github-*"))
    (policy,) = of_type(template(found, "Access-dev"), "AWS::IAM::Policy")
    assert "sts:AssumeRole" not in json.dumps(policy)
    (role,) = of_type(template(found, "Access-dev"), "AWS::IAM::Role")
    assert "token.actions" not in json.dumps(role)


def test_should_do_without_a_pipeline(tmp_path: Path) -> None:
    found = synthesized(tmp_path, HEAD + "github = true\n" + STAGE.format("dev", "false"))

    assert not list(found.glob("Pipeline*"))
    (role,) = of_type(template(found, "Access-dev"), "AWS::IAM::Role")
    assert "pipeline-steps" not in json.dumps(role)


def test_should_read_the_token_of_the_model_hub_from_its_secret(tmp_path: Path) -> None:
    secret = CONNECTION + 'hub_token_secret = "lifestream/hub"\n'
    content = HEAD + "github = false\n" + secret + STAGE.format("dev", "false")

    stack = template(synthesized(tmp_path, content), "Pipeline")

    tokens = [
        variable
        for project in of_type(stack, "AWS::CodeBuild::Project")
        for variable in project["Properties"]["Environment"].get("EnvironmentVariables", [])
        if variable["Name"] == "HF_TOKEN"
    ]
    assert tokens == [{"Name": "HF_TOKEN", "Type": "SECRETS_MANAGER", "Value": "lifestream/hub"}]
    assert "secret:lifestream/hub-??????" in json.dumps(stack)


def test_should_let_other_accounts_promoters_read_releases(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "environments").mkdir(parents=True)
    (root / "cdk.json").write_text((ROOT / "cdk.json").read_text())
    for name, account in {"dev": "111122223333", "prod": "444455556666"}.items():
        pins = f'account = "{account}"\nregion = "eu-west-1"\n'
        content = (ROOT / "environments" / f"{name}.toml").read_text()
        (root / "environments" / f"{name}.toml").write_text(pins + content)
    stages = STAGE.format("dev", "false") + STAGE.format("prod", "true")

    found = synthesized(tmp_path, HEAD + "github = true\n" + stages, root=root)

    (images,) = of_type(template(found, "Releases"), "AWS::ECR::Repository")
    (statement,) = images["Properties"]["RepositoryPolicyText"]["Statement"]
    assert text(statement["Principal"]["AWS"]).endswith(":iam::444455556666:root")
    (role,) = statement["Condition"]["ArnEquals"].values()
    assert text(role).endswith("444455556666:role/lifestream-promoter-prod")
    github = template(found, "Github-444455556666")
    assert [r["Type"] for r in github["Resources"].values()] == ["AWS::IAM::OIDCProvider"]


# Findings


def test_should_acknowledge_exactly_the_findings_there_are(promotion: Path) -> None:
    report = json.loads((promotion / "validation-report.json").read_text())
    found = {
        finding["acknowledgedId"].partition("::")[2]
        for pack in report["pluginReports"]
        for finding in pack["suppressedViolations"]
        if not finding["acknowledgedAt"].startswith("Lifestream-")
    }
    known = {
        item.filled(environment=name, account=HOME.account, region=HOME.region).finding
        for name in ENVIRONMENTS
        for item in (*nag.PER_ENVIRONMENT, *nag.GITHUB, *nag.PIPELINE)
    }

    assert not any(pack["violations"] for pack in report["pluginReports"])
    assert found == known


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
