"""Summaries by a model: what a table [summary] adds, and nothing more."""

from typing import Any

import pytest

from runtime.core.contract import SPEND_PREFIX, EnvVar
from tests.infra.conftest import ROOT, synthesize
from tests.infra.gpu import PUBLIC
from tests.infra.templates import Deployment

PROFILE = "eu.any-vendor.any-model-v1:0"
BEDROCK = f"""
[summary]
summarizer = "bedrock"
model = "{PROFILE}"
foundation_model = "any-vendor.any-model-v1:0"
model_regions = ["eu-central-1", "eu-west-1"]
guardrail = "abc123:2"
prompt_caching = true
input_usd = 1
output_usd = 5.0
cache_read_usd = 0.1
cache_write_usd = 1.25
job_usd = 0.5
month_usd = 50
seconds = 180
"""
SERVER = """
[summary]
summarizer = "openai"
model = "any-local-model"
endpoint = "http://10.20.0.9:8000/v1"
api_key_secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:any-AbCdEf"
input_usd = 0
output_usd = 0
job_usd = 0
month_usd = 0
seconds = 300
"""


def with_table(table: str) -> str:
    text = (ROOT / "environments" / "dev.toml").read_text()
    for before, after in (
        (PUBLIC, "nat_gateways = 0"),
        ("interface_endpoints = false", "interface_endpoints = true"),
        ("bedrock_endpoint = false", "bedrock_endpoint = true"),
    ):
        assert before in text
        text = text.replace(before, after)
    return text + table


@pytest.fixture(scope="module")
def bedrock() -> Deployment:
    return synthesize(with_table(BEDROCK))


@pytest.fixture(scope="module")
def server() -> Deployment:
    return synthesize(with_table(SERVER))


def statements(deployment: Deployment, action: str) -> list[dict[str, Any]]:
    return [
        deployment.render(statement)
        for policy in deployment.of_type("AWS::IAM::Policy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if action in ([a] if isinstance(a := statement["Action"], str) else a)
    ]


def container(deployment: Deployment) -> dict[str, Any]:
    _, definition = deployment.only("AWS::ECS::TaskDefinition")
    (found,) = definition["Properties"]["ContainerDefinitions"]
    return dict(found)


def variables(deployment: Deployment) -> dict[str, Any]:
    return {v["Name"]: v["Value"] for v in container(deployment)["Environment"]}


def endpoints(deployment: Deployment) -> list[str]:
    return [
        str(deployment.render(endpoint["Properties"]["ServiceName"]))
        for endpoint in deployment.of_type("AWS::EC2::VPCEndpoint").values()
    ]


def test_should_let_the_processor_call_its_profile_alone(bedrock: Deployment) -> None:
    profile, model = statements(bedrock, "bedrock:InvokeModel")
    assert str(profile["Resource"]).endswith(f":inference-profile/{PROFILE}")
    assert "Condition" not in profile
    assert {str(arn).split(":bedrock:")[1].split(":")[0] for arn in model["Resource"]} == {
        "eu-central-1",
        "eu-west-1",
    }
    assert all(
        str(arn).endswith("::foundation-model/any-vendor.any-model-v1:0")
        for arn in model["Resource"]
    )
    allowed = model["Condition"]["StringLike"]["bedrock:InferenceProfileArn"]
    assert str(allowed).endswith(PROFILE)
    (guardrail,) = statements(bedrock, "bedrock:ApplyGuardrail")
    assert str(guardrail["Resource"]).endswith(":guardrail/abc123")


def test_should_let_the_processor_read_the_months_spending_alone(bedrock: Deployment) -> None:
    reads = [s for s in statements(bedrock, "dynamodb:GetItem") if "Condition" in s]
    assert [s["Condition"] for s in reads] == [
        {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"{SPEND_PREFIX}*"]}}
    ]


def test_should_name_model_prices_and_budget(bedrock: Deployment) -> None:
    found = variables(bedrock)
    assert found[EnvVar.SUMMARIZER] == "bedrock"
    assert found[EnvVar.SUMMARY_MODEL] == PROFILE
    assert found[EnvVar.SUMMARY_PRICES] == "1,5,0.1,1.25"
    assert float(found[EnvVar.SUMMARY_JOB_USD]) == 0.5
    assert float(found[EnvVar.SUMMARY_MONTH_USD]) == 50
    assert found[EnvVar.SUMMARY_GUARDRAIL] == "abc123:2"
    assert found[EnvVar.SUMMARY_PROMPT_CACHING] == "true"


def test_should_watch_fallbacks_and_have_the_endpoint(bedrock: Deployment) -> None:
    _, alarm = bedrock.only("AWS::CloudWatch::Alarm", AlarmName="lifestream-dev-summary-fallbacks")
    assert alarm["Properties"]["MetricName"] == "SummaryFallbacks"
    assert any(service.endswith(".bedrock-runtime") for service in endpoints(bedrock))


def test_should_show_what_summaries_cost(bedrock: Deployment) -> None:
    _, dashboard = bedrock.only("AWS::CloudWatch::Dashboard")
    body = str(dashboard["Properties"]["DashboardBody"])
    assert all(name in body for name in ("SummaryUsd", "SummarySentencesRejected"))


def test_should_give_the_key_of_a_server_by_its_secret(server: Deployment) -> None:
    (secret,) = container(server)["Secrets"]
    assert secret["Name"] == EnvVar.SUMMARY_API_KEY
    assert statements(server, "bedrock:InvokeModel") == []
    assert statements(server, "secretsmanager:GetSecretValue")
    assert any(service.endswith(".secretsmanager") for service in endpoints(server))
    assert variables(server)[EnvVar.SUMMARY_ENDPOINT] == "http://10.20.0.9:8000/v1"


def test_should_add_nothing_without_the_table(deployments: dict[str, Deployment]) -> None:
    for deployment in deployments.values():
        assert statements(deployment, "bedrock:InvokeModel") == []
        assert not statements(deployment, "secretsmanager:GetSecretValue")
