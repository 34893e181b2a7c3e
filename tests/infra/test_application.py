"""What must hold of the app as a whole: which environments, which outputs, no custom resources."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_lambda as lambda_

from cdk.application import build, feature_flags
from cdk.config import ConfigError
from cdk.config.folder import files
from cdk.constructs.compute.python_lambda import python_code
from lifestream.doctor import resource_checks
from lifestream.environment import DATA_PARTS
from runtime.core.contract import Output
from tests.assemblies import app_assembly
from tests.infra.conftest import ENVIRONMENTS, ROOT
from tests.infra.templates import Deployment

POOL_OUTPUTS = {Output.WORK_QUEUE_URL, Output.WORK_DLQ_URL, Output.WORKER_SERVICE}

USER_POOL_OUTPUTS = {Output.USER_POOL, Output.USER_POOL_CLIENT}
SERVICE_OUTPUTS = USER_POOL_OUTPUTS | {
    *(Output.API_URL, Output.WEB_URL, Output.API_SERVICE, Output.WEB_SERVICE),
    *(Output.LOAD_BALANCER, Output.EVENT_BUS, Output.WEBHOOK_DLQ_URL),
}

FUNCTION_OUTPUTS = {Output.API_GATEWAY, Output.WEB_GATEWAY, Output.API_DOMAIN, Output.WEB_DOMAIN}
"""Those of services that are functions."""


def test_should_publish_every_output_of_the_contract(
    on_demand: Deployment, pooled: Deployment
) -> None:
    own = set(Output) - SERVICE_OUTPUTS - FUNCTION_OUTPUTS - {Output.OBJECT_DAYS}
    assert own - POOL_OUTPUTS == set(on_demand.outputs()) & set(Output)
    assert own <= set(pooled.outputs())


def test_should_find_the_queues_behind_their_outputs(deployment: Deployment) -> None:
    outputs = deployment.outputs()
    names = {
        f"<{logical_id}>": queue["Properties"]["QueueName"]
        for logical_id, queue in deployment.of_type("AWS::SQS::Queue").items()
    }

    assert names[outputs[Output.JOBS_QUEUE_URL]] == f"lifestream-jobs-{deployment.config.name}"
    assert names[outputs[Output.JOBS_DLQ_URL]] == f"lifestream-jobs-dlq-{deployment.config.name}"


def test_should_need_no_custom_resource(deployment: Deployment) -> None:
    types = {r["Type"] for stack in deployment.stacks.values() for r in stack["Resources"].values()}

    assert not {kind for kind in types if kind.startswith(("Custom::", "AWS::CloudFormation::"))}


def test_should_tag_what_it_creates(deployment: Deployment) -> None:
    _, cluster = deployment.only("AWS::ECS::Cluster")

    tags = {tag["Key"]: tag["Value"] for tag in cluster["Properties"]["Tags"]}

    assert tags == {"Service": "lifestream", "Environment": deployment.config.name}


def test_should_be_able_to_repeat_a_failed_first_creation(assembly: Path) -> None:
    for name in ENVIRONMENTS:
        manifest = json.loads((assembly / f"assembly-Lifestream-{name}/manifest.json").read_text())
        for artifact in manifest["artifacts"].values():
            # The command line would protect the stack before it exists.
            assert not artifact.get("properties", {}).get("terminationProtection")


def test_should_leave_nothing_of_a_failed_creation(
    deployments: Mapping[str, Deployment], promotion: Path
) -> None:
    resources = [
        *(
            resource
            for deployment in deployments.values()
            for stack in deployment.stacks.values()
            for resource in stack["Resources"].values()
        ),
        *(
            resource
            for path in promotion.glob("*.template.json")
            for resource in json.loads(path.read_text())["Resources"].values()
        ),
    ]

    policies = {resource.get("DeletionPolicy") for resource in resources}

    assert policies == {None, "Delete", "RetainExceptOnCreate"}


def test_should_protect_exactly_the_stacks_that_hold_what_is_retained(
    deployments: Mapping[str, Deployment],
) -> None:
    kept = {
        part
        for part, stack in deployments["prod"].stacks.items()
        for resource in stack["Resources"].values()
        if resource.get("DeletionPolicy") == "RetainExceptOnCreate"
        and resource["Type"] != "AWS::Logs::LogGroup"
    }

    assert kept == set(DATA_PARTS)


def test_should_not_look_anything_up_in_an_account(assembly: Path) -> None:
    for name in ENVIRONMENTS:
        manifest = json.loads((assembly / f"assembly-Lifestream-{name}/manifest.json").read_text())
        assert "missing" not in manifest


def test_should_pin_each_region_and_look_no_zone_up_where_accounts_are_pinned() -> None:
    account = "123456789012"
    dev = (ROOT / "environments" / "dev.toml").read_text()
    here = f'account = "{account}"\nregion = "us-east-1"\n{dev}'
    there = here.replace("us-east-1", "eu-west-1").replace("10.20.", "10.50.")

    assembly = app_assembly(environments={"pinned": here, "pinned-eu": there})

    manifests = {
        name: json.loads((assembly / f"assembly-Lifestream-{name}/manifest.json").read_text())
        for name in ("pinned", "pinned-eu")
    }
    placed = {
        name: {artifact.get("environment") for artifact in manifest["artifacts"].values()} - {None}
        for name, manifest in manifests.items()
    }
    assert placed == {
        "pinned": {f"aws://{account}/us-east-1"},
        "pinned-eu": {f"aws://{account}/eu-west-1"},
    }
    assert not any("missing" in manifest for manifest in manifests.values())


def test_should_synthesize_only_the_environment_asked_for(pooled_assembly: Path) -> None:
    assert [path.name for path in pooled_assembly.glob("assembly-*")] == ["assembly-Lifestream-dev"]


def test_should_refuse_a_wrong_file_before_any_construct_exists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dev = (ROOT / "environments" / "dev.toml").read_text()
    write(tmp_path / "environments" / "dev.toml", dev.replace("zones = 2", "zones = 7"))
    write(tmp_path / "cdk.json", (ROOT / "cdk.json").read_text())
    monkeypatch.setattr("cdk.application.App", None)

    with pytest.raises(ConfigError, match=r"network\.zones = 7"):
        build(tmp_path, outdir=tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_should_do_what_the_command_line_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDK_CONTEXT_JSON", json.dumps({"environment": "dev", "launch": "pool"}))

    assembly = app_assembly()

    assert [path.name for path in assembly.glob("assembly-*")] == ["assembly-Lifestream-dev"]
    assert list(assembly.glob("assembly-*/*Workers*.template.json"))


def test_should_refuse_an_environment_that_has_no_file() -> None:
    with pytest.raises(ConfigError, match=r"'qa' was asked for; allowed is one of: dev, prod"):
        files(ROOT / "environments", "qa")


def test_should_refuse_a_folder_without_environments(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"has no \.toml file"):
        files(tmp_path, None)


def test_should_zip_code_alone_and_hash_nothing_else(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for path, text in {
        "ours/__init__.py": "",
        "ours/part/code.py": "VALUE = 1\n",
        "ours/part/deep/more.py": "VALUE = 2\n",
        "ours/other/code.py": "VALUE = 3\n",
        "theirs/code.py": "VALUE = 4\n",
    }.items():
        write(root / path, text)
    name, files_in_it = staged(root, tmp_path / "clean")

    write(root / "ours/part/__pycache__/code.cpython-311.pyc", "compiled")
    write(root / "ours/part/requirements.txt", "boto3")
    write(root / "loose.py", "VALUE = 5\n")
    cluttered = staged(root, tmp_path / "cluttered")
    write(root / "ours/part/code.py", "VALUE = 66\n")
    changed, _ = staged(root, tmp_path / "changed")

    assert files_in_it == {"ours/__init__.py", "ours/part/code.py", "ours/part/deep/more.py"}
    assert cluttered == (name, files_in_it)
    assert changed != name


def test_should_not_depend_on_where_the_flags_of_cdk_come_from() -> None:
    flags = feature_flags(ROOT)

    assert flags["@aws-cdk/core:defaultCrossStackReferences"] == "strong"
    assert flags["@aws-cdk/aws-iam:minimizePolicies"] is True


def test_should_let_environments_share_an_account(deployments: Mapping[str, Deployment]) -> None:
    named = [
        (kind, deployment.render(resource["Properties"][key]))
        for deployment in deployments.values()
        for kind, key in {
            "AWS::S3::Bucket": "BucketName",
            "AWS::DynamoDB::Table": "TableName",
            "AWS::SQS::Queue": "QueueName",
            "AWS::ECS::Cluster": "ClusterName",
            "AWS::ECR::Repository": "RepositoryName",
            "AWS::Lambda::Function": "FunctionName",
            "AWS::Logs::LogGroup": "LogGroupName",
            "AWS::CloudWatch::Alarm": "AlarmName",
            "AWS::CloudWatch::Dashboard": "DashboardName",
            "AWS::SNS::Topic": "TopicName",
        }.items()
        for resource in deployment.of_type(kind).values()
    ]

    assert len(named) == len(set(named))
    cidrs = {d.config.network.cidr for d in deployments.values()}
    assert len(cidrs) == len(deployments)


def staged(root: Path, outdir: Path) -> tuple[str, set[str]]:
    """Return the name (with the hash) and the files of the asset made of `ours/part`.

    CDK remembers the hash of a folder that it has staged into the same `outdir` before.
    """
    app = App(outdir=str(outdir))
    stack = Stack(app, "Any")
    lambda_.Function(
        stack,
        "Any",
        runtime=lambda_.Runtime.PYTHON_3_14,
        handler="any.any",
        code=python_code(("ours/part",), root=root),
    )
    assembly = Path(app.synth().directory)
    assets = json.loads((assembly / "Any.assets.json").read_text())["files"].values()
    (folder,) = (a["source"]["path"] for a in assets if a["source"]["packaging"] == "zip")
    found = (path for path in (assembly / folder).rglob("*") if path.is_file())
    return folder, {str(path.relative_to(assembly / folder)) for path in found}


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_should_publish_every_output_that_the_doctor_expects(deployment: Deployment) -> None:
    optional = set[Output]().union(*resource_checks.OPTIONAL)

    assert {*Output} - optional <= deployment.outputs().keys()
