"""What must hold of the service tier, in production's shape and in that of development."""

from collections.abc import Mapping

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from cdk.assembly import read_templates
from cdk.constructs.network.firewall import MANAGED, SECRET_HEADERS
from cdk.policies.check import unknown
from cdk.policies.reference import shipped_reference
from cdk.policies.statements import Templates
from runtime.api.settings import read_settings as read_api_settings
from runtime.core.contract import (
    API_COMMAND,
    SERVICE_METRICS_NAMESPACE,
    WEB_COMMAND,
    EnvVar,
    Output,
    ServiceMetric,
)
from runtime.web.settings import read_settings as read_web_settings
from tests.infra.alarms import alarms
from tests.infra.conftest import with_service
from tests.infra.service import (
    GIVEN,
    ISSUER,
    SERVICE,
    all_of,
    container,
    dead_letter_rights,
    definition,
    ecs_service,
    media_name,
    properties,
    variables,
)
from tests.infra.templates import Deployment
from tests.infra.test_application import SERVICE_OUTPUTS, USER_POOL_OUTPUTS
from tests.infra.test_snapshots import without_asset_hashes

REFERENCE = shipped_reference()
CHANGED = ("storage", "ingest", "service", "observability")
SERVICES = ("api", "web")


@pytest.fixture(params=sorted(GIVEN))
def service(request: pytest.FixtureRequest, served: Mapping[str, Deployment]) -> Deployment:
    return served[request.param]


@pytest.mark.parametrize("stack", CHANGED)
def test_should_synthesize_the_accepted_template(
    stack: str, service: Deployment, snapshot: SnapshotAssertion
) -> None:
    template = without_asset_hashes(service.stacks[stack])

    assert template == snapshot(extension_class=JSONSnapshotExtension)


def test_should_publish_its_outputs(served: Mapping[str, Deployment]) -> None:
    prod, dev = (set(served[name].outputs()) for name in ("prod", "dev"))

    assert set(map(str, SERVICE_OUTPUTS)) <= prod
    assert {str(each) for each in Output if each in dev} >= SERVICE_OUTPUTS - USER_POOL_OUTPUTS
    assert not USER_POOL_OUTPUTS & dev


@pytest.mark.parametrize("name", SERVICES)
def test_should_run_as_the_definition_asks(service: Deployment, name: str) -> None:
    task, found = definition(service, name), container(service, name)

    assert (task["Cpu"], task["Memory"], task["NetworkMode"]) == ("1024", "2048", "awsvpc")
    assert found["Command"] == list({"api": API_COMMAND, "web": WEB_COMMAND}[name])
    assert found["Ulimits"] == [{"Name": "nofile", "SoftLimit": 65536, "HardLimit": 65536}]
    assert found["StopTimeout"] == 30
    assert found["ReadonlyRootFilesystem"] is True
    assert found["User"] == "10001:10001"
    check = found["HealthCheck"]
    assert (check["Interval"], check["Timeout"], check["Retries"]) == (30, 5, 3)
    assert check["StartPeriod"] == 60
    assert "/health" in check["Command"][-1]
    assert task["TaskRoleArn"] != task["ExecutionRoleArn"]


@pytest.mark.parametrize("name", SERVICES)
def test_should_log_to_a_group_of_its_own(service: Deployment, name: str) -> None:
    group = f"/ecs/lifestream-{name}-{service.config.name}"
    logical_id, _ = service.only("AWS::Logs::LogGroup", LogGroupName=group)

    options = container(service, name)["LogConfiguration"]["Options"]
    assert options["awslogs-group"] == f"<{logical_id}>"


def test_should_give_the_api_all_that_it_reads(service: Deployment) -> None:
    settings = read_api_settings(variables(service, "api"))

    assert settings.environment == service.config.name
    assert settings.port == 8080
    assert settings.max_media_bytes == service.config.media.max_gb * 10**9
    assert settings.cors_origins == (SERVICE["web_url"],)
    assert (settings.cache_url is not None) == service.config.service.cache  # type: ignore[union-attr]
    assert (settings.worker_service is not None) == (service.config.workers is not None)


def test_should_give_the_pages_all_that_they_read(service: Deployment) -> None:
    settings = read_web_settings(variables(service, "web"))

    assert settings.public_url == SERVICE["web_url"]
    assert settings.api_url == "http://api:8080"
    assert settings.sessions_table
    assert any(".s3." in origin or "Media" in origin for origin in settings.media_origins)


def test_should_accept_tokens_of_one_issuer(served: Mapping[str, Deployment]) -> None:
    own, pool = (variables(served[name], "api") for name in ("dev", "prod"))

    assert own[EnvVar.OIDC_ISSUER] == ISSUER["oidc_issuer"]
    assert own[EnvVar.OIDC_AUDIENCE] == ISSUER["oidc_client_id"]
    assert "ProviderURL" in pool[EnvVar.OIDC_ISSUER]
    assert not served["dev"].of_type("AWS::Cognito::UserPool")


def test_should_let_administrators_alone_create_users(served: Mapping[str, Deployment]) -> None:
    found = properties(served["prod"], "AWS::Cognito::UserPool")
    client = properties(served["prod"], "AWS::Cognito::UserPoolClient")

    assert found["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert found["MfaConfiguration"] == "ON"
    assert found["DeletionProtection"] == "ACTIVE"
    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["CallbackURLs"] == [f"{SERVICE['web_url']}/callback"]


@pytest.mark.parametrize("name", SERVICES)
def test_should_keep_serving_while_it_is_deployed(service: Deployment, name: str) -> None:
    found = ecs_service(service, name)
    rules = found["DeploymentConfiguration"]

    assert rules["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert rules["Alarms"]["Enable"] is True
    assert rules["Alarms"]["Rollback"] is True
    assert rules["MinimumHealthyPercent"] == 100
    assert found["HealthCheckGracePeriodSeconds"] == 60
    assert "DesiredCount" not in found


def test_should_switch_at_once_where_that_is_set(served: Mapping[str, Deployment]) -> None:
    prod, dev = (ecs_service(served[name], "api") for name in ("prod", "dev"))

    assert prod["DeploymentConfiguration"]["Strategy"] == "BLUE_GREEN"
    assert prod["DeploymentConfiguration"]["BakeTimeInMinutes"] == 10
    alternate = prod["LoadBalancers"][0]["AdvancedConfiguration"]
    assert {"ProductionListenerRule", "TestListenerRule", "RoleArn"} <= set(alternate)
    assert "Strategy" not in dev["DeploymentConfiguration"]
    assert len(served["prod"].of_type("AWS::ElasticLoadBalancingV2::TargetGroup")) == 4
    assert len(served["dev"].of_type("AWS::ElasticLoadBalancingV2::TargetGroup")) == 2


@pytest.mark.parametrize("name", SERVICES)
def test_should_scale_by_processor_and_by_requests(service: Deployment, name: str) -> None:
    settings = service.config.service
    assert settings is not None
    targets = [
        target
        for target in all_of(service, "AWS::ApplicationAutoScaling::ScalableTarget")
        if f"{name.capitalize()}Service" in str(target["ResourceId"])
    ]
    (target,) = targets
    assert (target["MinCapacity"], target["MaxCapacity"]) == (settings.min_tasks, 10)
    goals = {
        policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"]
        for policy in all_of(service, "AWS::ApplicationAutoScaling::ScalingPolicy")
        if "TargetTrackingScalingPolicyConfiguration" in policy
    }
    assert goals == {75, settings.requests_per_task}


def test_should_stop_outside_of_office_hours_where_that_is_set() -> None:
    given = {**SERVICE, "off_hours_begin": "19:30", "off_hours_end": "06:00"}
    deployment = with_service("dev", given)

    for target in all_of(deployment, "AWS::ApplicationAutoScaling::ScalableTarget"):
        begin, end = target["ScheduledActions"]
        assert begin["Schedule"] == "cron(30 19 ? * * *)"
        assert begin["ScalableTargetAction"] == {"MinCapacity": 0, "MaxCapacity": 0}
        assert end["Schedule"] == "cron(0 6 ? * MON-FRI *)"
        assert end["ScalableTargetAction"] == {"MinCapacity": 1, "MaxCapacity": 10}


def test_should_speak_https_alone(service: Deployment) -> None:
    listeners = {
        each["Port"]: each for each in all_of(service, "AWS::ElasticLoadBalancingV2::Listener")
    }

    (redirect,) = listeners.pop(80)["DefaultActions"]
    assert redirect["RedirectConfig"]["Protocol"] == "HTTPS"
    assert set(listeners) == ({443, 8443} if service.config.name == "prod" else {443})
    for listener in listeners.values():
        assert listener["Protocol"] == "HTTPS"
        assert "TLS13-1-2" in listener["SslPolicy"]
        (unknown_host,) = listener["DefaultActions"]
        assert unknown_host["FixedResponseConfig"]["StatusCode"] == "404"


def test_should_admit_the_networks_given_and_no_other(served: Mapping[str, Deployment]) -> None:
    for name, network in (("prod", "0.0.0.0/0"), ("dev", "203.0.113.0/24")):
        groups = [
            rule
            for group in all_of(served[name], "AWS::EC2::SecurityGroup")
            if "load balancer:" in group["GroupDescription"]
            for rule in group["SecurityGroupIngress"]
        ]
        assert {rule["CidrIp"] for rule in groups} == {network}
        assert {rule["FromPort"] for rule in groups} <= {80, 443, 8443}


def test_should_reach_tasks_through_the_load_balancer_alone(service: Deployment) -> None:
    for group in all_of(service, "AWS::EC2::SecurityGroup"):
        if "from the load balancer" in group["GroupDescription"]:
            assert "SecurityGroupIngress" not in group
    sources = [
        rule
        for rule in all_of(service, "AWS::EC2::SecurityGroupIngress")
        if rule["FromPort"] in {8080, 9000}
    ]
    assert len(sources) == 3, "load balancer to both, pages to API"
    assert all("SourceSecurityGroupId" in rule for rule in sources)


def test_should_filter_requests(service: Deployment) -> None:
    acl = properties(service, "AWS::WAFv2::WebACL")
    rate, *managed = sorted(acl["Rules"], key=lambda rule: rule["Priority"])
    settings = service.config.service
    assert settings is not None

    limit = rate["Statement"]["RateBasedStatement"]
    assert (limit["Limit"], limit["AggregateKeyType"]) == (settings.requests_per_address, "IP")
    assert {rule["Name"] for rule in managed} == set(MANAGED)
    assert len(service.of_type("AWS::WAFv2::WebACLAssociation")) == 1


def test_should_keep_tokens_out_of_the_firewalls_log(service: Deployment) -> None:
    logging = properties(service, "AWS::WAFv2::LoggingConfiguration")
    headers = {
        each["SingleHeader"]["Name"] for each in logging["RedactedFields"] if "SingleHeader" in each
    }

    assert headers == set(SECRET_HEADERS)
    assert {"QueryString": {}} in logging["RedactedFields"]


def test_should_log_access_to_the_bucket_of_logs(service: Deployment) -> None:
    balancer = properties(service, "AWS::ElasticLoadBalancingV2::LoadBalancer")
    attributes = {each["Key"]: each["Value"] for each in balancer["LoadBalancerAttributes"]}

    assert attributes["access_logs.s3.enabled"] == "true"
    assert "AccessLogs" in attributes["access_logs.s3.bucket"]
    assert len(balancer["Subnets"]) == service.config.network.zones
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"


def test_should_keep_records_as_safely_as_jobs(service: Deployment) -> None:
    for kind in ("uploads", "api-keys", "webhooks", "sessions", "reads"):
        name = f"lifestream-{kind}-{service.config.name}"
        _, table = service.only("AWS::DynamoDB::Table", TableName=name)
        found = table["Properties"]
        assert found["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
        assert found["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
        assert [key["AttributeName"] for key in found["KeySchema"]] == ["pk", "sk"]


def test_should_list_jobs_by_owner_and_announce_their_changes(service: Deployment) -> None:
    name = f"lifestream-jobs-{service.config.name}"
    _, table = service.only("AWS::DynamoDB::Table", TableName=name)
    found = table["Properties"]
    indexes = {each["IndexName"]: each for each in found["GlobalSecondaryIndexes"]}

    assert found["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert indexes["by_owner"]["Projection"]["ProjectionType"] == "INCLUDE"
    assert any(
        "StreamArn" in str(mapping["EventSourceArn"])
        for mapping in all_of(service, "AWS::Lambda::EventSourceMapping")
    )


def test_should_let_pages_upload_to_the_bucket(service: Deployment) -> None:
    bucket = properties(service, "AWS::S3::Bucket", BucketName=media_name(service))
    (rule,) = bucket["CorsConfiguration"]["CorsRules"]

    assert SERVICE["web_url"] in rule["AllowedOrigins"]


def test_should_have_an_alarm_for_each_bad_end(service: Deployment) -> None:
    assert {
        *("service-errors", "service-slow", "api-service-tasks-missing"),
        *("web-service-tasks-missing", "webhook-dead-letters", "events-dead-letters"),
        *("service-error-rate", "service-database-slow", "service-sockets-full"),
    } <= set(alarms(service))


def test_should_let_the_api_look_at_dead_letters_and_remove_none(service: Deployment) -> None:
    role: str = definition(service, "api")["TaskRoleArn"]
    rights = dead_letter_rights(service, role.removeprefix("<").removesuffix(".Arn>"))

    assert rights == {"sqs:ReceiveMessage", "sqs:GetQueueAttributes"}


@pytest.mark.parametrize("metric", ServiceMetric)
def test_should_show_every_metric_of_its_own(service: Deployment, metric: ServiceMetric) -> None:
    body = properties(service, "AWS::CloudWatch::Dashboard")["DashboardBody"]

    assert f'"{SERVICE_METRICS_NAMESPACE}","{metric}"' in body


def test_should_grant_what_aws_knows(service: Deployment) -> None:
    (templates,) = read_templates(service.assets)

    assert unknown(Templates(templates, REFERENCE).statements(), REFERENCE) == []
