"""The way to production as other configurations describe it."""

import json
import re

import pytest

from cdk.assembly import read_templates
from cdk.policies.check import unknown
from cdk.policies.reference import shipped_reference
from cdk.policies.statements import Templates
from tests.assemblies import promotion_assembly
from tests.infra.conftest import ROOT
from tests.infra.promoting import actions, of_type, template, text

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


def environments(**places: tuple[str, str]) -> dict[str, str]:
    """Return the texts of environments that are pinned to an account and a region each."""
    texts = {}
    for number, (name, (account, region)) in enumerate(places.items()):
        pins = f'account = "{account}"\nregion = "{region}"\n'
        like = name.partition("-")[0]
        content = (ROOT / "environments" / f"{like}.toml").read_text()
        texts[name] = pins + re.sub(r'cidr = ".*"', f'cidr = "10.{number}.0.0/16"', content)
    return texts


def test_should_do_without_github() -> None:
    content = HEAD + "github = false\n" + CONNECTION + STAGE.format("dev", "false")

    found = promotion_assembly(content)

    assert not list(found.glob("Github-*"))
    (policy,) = of_type(template(found, "Access-dev"), "AWS::IAM::Policy")
    assert "sts:AssumeRole" not in json.dumps(policy)
    (role,) = of_type(template(found, "Access-dev"), "AWS::IAM::Role")
    assert "token.actions" not in json.dumps(role)


def test_should_do_without_a_pipeline() -> None:
    found = promotion_assembly(HEAD + "github = true\n" + STAGE.format("dev", "false"))

    assert not list(found.glob("Pipeline*"))
    (role,) = of_type(template(found, "Access-dev"), "AWS::IAM::Role")
    assert "pipeline-steps" not in json.dumps(role)


def test_should_read_the_token_of_the_model_hub_from_its_secret() -> None:
    secret = CONNECTION + 'hub_token_secret = "lifestream/hub"\n'
    content = HEAD + "github = false\n" + secret + STAGE.format("dev", "false")

    stack = template(promotion_assembly(content), "Pipeline")

    tokens = [
        variable
        for project in of_type(stack, "AWS::CodeBuild::Project")
        for variable in project["Properties"]["Environment"].get("EnvironmentVariables", [])
        if variable["Name"] == "HF_TOKEN"
    ]
    assert tokens == [{"Name": "HF_TOKEN", "Type": "SECRETS_MANAGER", "Value": "lifestream/hub"}]
    assert "secret:lifestream/hub-??????" in json.dumps(stack)


def test_should_let_other_accounts_promoters_read_releases() -> None:
    given = environments(dev=("111122223333", "eu-west-1"), prod=("444455556666", "eu-west-1"))
    stages = STAGE.format("dev", "false") + STAGE.format("prod", "true")

    found = promotion_assembly(HEAD + "github = true\n" + stages, given)

    (images,) = of_type(template(found, "Releases"), "AWS::ECR::Repository")
    (statement,) = images["Properties"]["RepositoryPolicyText"]["Statement"]
    assert text(statement["Principal"]["AWS"]).endswith(":iam::444455556666:root")
    (role,) = statement["Condition"]["ArnEquals"].values()
    assert text(role).endswith("444455556666:role/lifestream-promoter-prod")
    github = template(found, "Github-444455556666")
    assert [r["Type"] for r in github["Resources"].values()] == ["AWS::IAM::OIDCProvider"]


IDS = 'github_owner_id = "1234567"\ngithub_repository_id = "7654321"\n'


def test_should_trust_both_forms_of_a_subject_and_no_other() -> None:
    content = HEAD + "github = true\n" + IDS + STAGE.format("dev", "false")

    found = promotion_assembly(content)

    for stack, context in (
        ("Access-dev", "environment:dev"),
        ("Github-111122223333", "ref:refs/heads/main"),
    ):
        (role,) = of_type(template(found, stack), "AWS::IAM::Role")
        (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"] == [
            f"repo:example-org/lifestream:{context}",
            f"repo:example-org@1234567/lifestream@7654321:{context}",
        ]


def test_should_use_the_provider_that_an_account_has() -> None:
    content = HEAD + "github = true\ngithub_provider_exists = true\n"

    found = promotion_assembly(content + STAGE.format("dev", "false"))

    stack = template(found, "Github-111122223333")
    assert not of_type(stack, "AWS::IAM::OIDCProvider")
    (role,) = of_type(stack, "AWS::IAM::Role")
    provider = role["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
    assert text(provider["Federated"]).endswith(
        ":oidc-provider/token.actions.githubusercontent.com"
    )


HOME = ("111122223333", "eu-west-1")
ELSEWHERE = {
    "same account and region": HOME,
    "other region": ("111122223333", "us-east-1"),
    "other account": ("444455556666", "eu-west-1"),
    "other account and region": ("444455556666", "us-east-1"),
}


@pytest.mark.parametrize("place", ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_should_promote_to_any_account_and_region(place: tuple[str, str]) -> None:
    given = environments(dev=HOME, prod=place)
    stages = STAGE.format("dev", "false") + STAGE.format("prod", "true")

    found = promotion_assembly(HEAD + "github = true\n" + CONNECTION + stages, given)

    (pipeline,) = of_type(template(found, "Pipeline"), "AWS::CodePipeline::Pipeline")
    stores = [
        each["ArtifactStore"] for each in pipeline["Properties"].get("ArtifactStores", [])
    ] or [pipeline["Properties"]["ArtifactStore"]]
    assert len(stores) == len({HOME[1], place[1]})
    assert all(store["EncryptionKey"]["Type"] == "KMS" for store in stores)
    for templates in read_templates(found):
        reference = shipped_reference()
        assert unknown(Templates(templates, reference).statements(), reference) == []


def test_should_release_to_the_regions_of_a_wave_at_the_same_time() -> None:
    later = {"prod-us": (HOME[0], "us-east-1"), "prod-ap": (HOME[0], "ap-southeast-2")}
    given = environments(prod=HOME, **later)
    wave = STAGE.format("{}", "true") + 'wave = "later-regions"\n'
    stages = STAGE.format("prod", "true") + "".join(wave.format(name) for name in later)

    found = promotion_assembly(HEAD + "github = true\n" + CONNECTION + stages, given)

    first, second = list(actions(found).items())[-2:]
    assert (first[0], second[0]) == ("Lifestream-prod", "later-regions")
    order = {action["Name"]: action["RunOrder"] for action in second[1]}
    assert [name for name in order if "Approve" in name] == ["Approve-later-regions"]
    for name in later:
        assert order[f"Guard-{name}"] < order["Approve-later-regions"]
        assert (
            order["Approve-later-regions"]
            < order[f"Lifestream-{name}.lifestream-{name}-network.Prepare"]
        )
    assert len({order[n] for n in order if n.endswith("-storage.Deploy")}) == 1
    assert {a.get("Region") for a in second[1] if "storage.Deploy" in a["Name"]} == {
        "us-east-1",
        "ap-southeast-2",
    }
