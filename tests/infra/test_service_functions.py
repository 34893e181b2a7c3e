"""What must hold of the service tier where its services are functions behind API Gateway."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from cdk.assembly import read_templates
from cdk.config import ConfigError, load_environment
from cdk.policies.check import unknown
from cdk.policies.reference import shipped_reference
from cdk.policies.statements import Templates
from runtime.api.settings import read_settings as read_api_settings
from runtime.core.contract import API_HANDLER, WEB_HANDLER, Output
from runtime.web.settings import read_settings as read_web_settings
from tests.assemblies import app_assembly
from tests.infra.alarms import alarms
from tests.infra.conftest import ROOT
from tests.infra.service import SERVICE, dead_letter_rights
from tests.infra.templates import Deployment, read_deployment
from tests.infra.test_snapshots import without_asset_hashes

GIVEN = {**SERVICE, "hosting": "lambda", "cache": False}
HANDLERS = {"api": API_HANDLER, "web": WEB_HANDLER}
ALWAYS_ON = (
    "AWS::ECS::Service",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::WAFv2::WebACL",
    "AWS::ElastiCache::ServerlessCache",
)
"""What costs by the hour; a pool of workers has a service of its own in the environments below."""

REFERENCE = shipped_reference()


@pytest.fixture(scope="session")
def functions() -> Deployment:
    path = ROOT / "environments" / "dev.toml"
    return read_deployment(
        app_assembly(only="dev", service=GIVEN), load_environment(path, service=GIVEN)
    )


def all_of(deployment: Deployment, kind: str) -> Iterator[Mapping[str, Any]]:
    for resource in deployment.of_type(kind).values():
        yield deployment.render(resource["Properties"])


def variables(deployment: Deployment, name: str) -> dict[str, str]:
    found: dict[str, str] = deployment.render(deployment.function(name)["Environment"]["Variables"])
    # Lambda sets it, and refuses a template that does.
    assert "AWS_REGION" not in found
    return {**found, "AWS_REGION": "us-east-1"}


@pytest.mark.parametrize("stack", ["service", "observability"])
def test_should_synthesize_the_accepted_template(
    stack: str, functions: Deployment, snapshot: SnapshotAssertion
) -> None:
    template = without_asset_hashes(functions.stacks[stack])

    assert template == snapshot(extension_class=JSONSnapshotExtension)


def test_should_have_nothing_that_costs_by_the_hour(functions: Deployment) -> None:
    assert not {kind: functions.of_type(kind) for kind in ALWAYS_ON if functions.of_type(kind)}


@pytest.mark.parametrize("name", sorted(HANDLERS))
def test_should_run_the_services_image(functions: Deployment, name: str) -> None:
    function = functions.render(functions.function(name))

    assert function["PackageType"] == "Image"
    assert function["ImageConfig"] == {
        "Command": [HANDLERS[name]],
        "EntryPoint": ["python", "-m", "awslambdaric"],
    }
    settings = functions.config.service
    assert settings is not None
    assert str(function["Code"]["ImageUri"]).endswith(f":{settings.image_tag}")
    assert function["MemorySize"] == settings.memory_mib
    assert function["Timeout"] == 29


def test_should_give_both_all_that_they_read(functions: Deployment) -> None:
    api = read_api_settings(variables(functions, "api"))
    web = read_web_settings(variables(functions, "web"))

    assert api.webhook_queue_url
    assert web.api_url == SERVICE["api_url"]
    assert web.sessions_table


def test_should_answer_at_its_names_alone(functions: Deployment) -> None:
    for api in all_of(functions, "AWS::ApiGatewayV2::Api"):
        assert api["ProtocolType"] == "HTTP"
        assert api["DisableExecuteApiEndpoint"] is True
    domains = {
        each["DomainName"]: each for each in all_of(functions, "AWS::ApiGatewayV2::DomainName")
    }
    assert set(domains) == {"api.videos.example.com", "videos.example.com"}
    for domain in domains.values():
        (configured,) = domain["DomainNameConfigurations"]
        assert configured["CertificateArn"] == SERVICE["certificate_arn"]
    mappings = list(all_of(functions, "AWS::ApiGatewayV2::ApiMapping"))
    assert len({mapping["ApiId"] for mapping in mappings}) == len(mappings) == 2


def test_should_bound_requests_and_log_no_query(functions: Deployment) -> None:
    stages = list(all_of(functions, "AWS::ApiGatewayV2::Stage"))

    assert len(stages) == 2
    for stage in stages:
        limits = stage["DefaultRouteSettings"]
        assert 0 < limits["ThrottlingRateLimit"] < limits["ThrottlingBurstLimit"]
        log = json.loads(stage["AccessLogSettings"]["Format"])
        assert log["path"] == "$context.path"
        # It would have tokens that a browser puts there.
        assert "query" not in stage["AccessLogSettings"]["Format"].lower()


def test_should_let_the_gateway_alone_call_a_function(functions: Deployment) -> None:
    principals = [each["Principal"] for each in all_of(functions, "AWS::Lambda::Permission")]
    gateways = [principal for principal in principals if "apigateway" in principal]

    assert len(gateways) == 2
    assert "*" not in principals


def test_should_work_on_webhooks_one_at_a_time(functions: Deployment) -> None:
    (mapping,) = [
        each
        for each in all_of(functions, "AWS::Lambda::EventSourceMapping")
        if "Webhooks" in str(each["EventSourceArn"])
    ]

    assert mapping["BatchSize"] == 1
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"]["MaximumConcurrency"] >= 2


def test_should_hold_no_right_of_a_container(functions: Deployment) -> None:
    granted = {
        action
        for statement in functions.of_role(functions.role_of_function("api"))
        for action in statement.actions
    }

    assert "sqs:ReceiveMessage" in granted
    assert not {action for action in granted if "TaskProtection" in action}


def test_should_let_the_api_look_at_dead_letters_and_remove_none(functions: Deployment) -> None:
    rights = dead_letter_rights(functions, functions.role_of_function("api"))

    assert rights == {"sqs:ReceiveMessage", "sqs:GetQueueAttributes"}


def test_should_watch_what_answers(functions: Deployment) -> None:
    found = alarms(functions)

    assert {"service-errors", "service-slow", "webhook-dead-letters"} <= set(found)
    assert not {name for name in found if name.endswith("service-tasks-missing")}
    assert "AWS/ApiGateway" in str(found["service-errors"])


def test_should_publish_its_gateways(functions: Deployment) -> None:
    outputs = set(functions.outputs())

    assert {Output.API_GATEWAY, Output.WEB_GATEWAY, Output.API_DOMAIN} <= outputs
    assert not {Output.API_SERVICE, Output.LOAD_BALANCER} & outputs


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("cache", True),
        ("ingress", ["203.0.113.0/24"]),
        ("memory_mib", 16384),
        (
            "oidc_client_secret_arn",
            "arn:aws:secretsmanager:us-east-1:111122223333:secret:any-AbCdEf",
        ),
    ],
)
def test_should_refuse_what_a_function_cannot_have(setting: str, value: Any) -> None:
    given = {**GIVEN, "cpu": 4096, "memory_mib": 8192, setting: value}
    path = ROOT / "environments" / "dev.toml"

    with pytest.raises(ConfigError, match=setting):
        load_environment(path, service=given)


def test_should_grant_what_aws_knows(functions: Deployment) -> None:
    (templates,) = read_templates(functions.assets)

    assert unknown(Templates(templates, REFERENCE).statements(), REFERENCE) == []
