"""The way to production as other configurations describe it."""

import json
from pathlib import Path

from cdk.promotion.application import build_promotion
from tests.infra.conftest import ROOT
from tests.infra.promoting import of_type, template, text

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
