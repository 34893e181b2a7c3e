"""Blue/green deployments by stacks and by the API; `tests/integration/service` has requests too."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.cloud import LocalCloud
from tests.integration.cloud.conftest import Containers
from tests.integration.cloud.stacks import Stacks, resource
from tests.integration.cloud.test_stack_services import running, service
from tests.integration.cloud.waiting import until

pytestmark = pytest.mark.cloud

TWO_FAILURES = {"Type": "COUNT", "Value": 2}
PORTS = {"Production": 443, "Test": 8443}


def deployed(containers: Containers, *action: str) -> dict[str, Any]:
    """Return a service that deploys blue/green behind a load balancer, as a template has it."""
    found = service(containers, *action)
    made = found["Service"]["Properties"]
    configuration = made["DeploymentConfiguration"]
    configuration |= {"Strategy": "BLUE_GREEN", "BakeTimeInMinutes": 0}
    configuration["DeploymentCircuitBreaker"]["ThresholdConfiguration"] = TWO_FAILURES
    made["LoadBalancers"] = [
        {
            "TargetGroupArn": {"Ref": "Blue"},
            "ContainerName": "probe",
            "ContainerPort": 80,
            "AdvancedConfiguration": {
                "AlternateTargetGroupArn": {"Ref": "Green"},
                "ProductionListenerRule": {"Ref": "ProductionRule"},
                "TestListenerRule": {"Ref": "TestRule"},
                "RoleArn": "arn:aws:iam::000000000000:role/any",
            },
        }
    ]
    for name in ("Blue", "Green"):
        found[name] = resource(
            "ElasticLoadBalancingV2::TargetGroup",
            Name=f"{containers.name}-{name.lower()}",
            Port=80,
            Protocol="HTTP",
            TargetType="ip",
            VpcId="vpc-any",
        )
    found["Balancer"] = resource("ElasticLoadBalancingV2::LoadBalancer", Name=containers.name)
    groups = [{"TargetGroupArn": {"Ref": n}, "Weight": w} for n, w in (("Blue", 1), ("Green", 0))]
    for name, port in PORTS.items():
        found[name] = resource(
            "ElasticLoadBalancingV2::Listener",
            LoadBalancerArn={"Ref": "Balancer"},
            Port=port,
            Protocol="HTTP",
            DefaultActions=[
                {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
            ],
        )
        found[f"{name}Rule"] = resource(
            "ElasticLoadBalancingV2::ListenerRule",
            ListenerArn={"Ref": name},
            Priority=1,
            Conditions=[{"Field": "path-pattern", "Values": ["*"]}],
            Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}],
        )
    return found


def unhealthy(template: dict[str, Any]) -> dict[str, Any]:
    """Return a template whose container runs for a while before it fails its health check."""
    (container,) = template["Definition"]["Properties"]["ContainerDefinitions"]
    container["HealthCheck"] = {"Command": ["CMD", "false"], "Interval": 5, "Retries": 8}
    return template


def test_should_deploy_and_roll_back_by_a_stack(
    cloud: LocalCloud, stacks: Stacks, containers: Containers
) -> None:
    made = stacks.create(deployed(containers, "wait", "0"))
    assert production(cloud, made) == made["Green"], "where no requests went before"

    reasons = stacks.failed_update(unhealthy(deployed(containers, "wait", "1")))

    assert "rolled back because the circuit breaker threshold was exceeded" in reasons
    assert running(containers) == [made["Definition"]]
    assert production(cloud, made) == made["Green"]
    (failed, first) = containers.ecs.list_service_deployments(
        cluster=containers.name, service=made["Service"]
    )["serviceDeployments"]
    assert (failed["status"], first["status"]) == ("ROLLBACK_SUCCESSFUL", "SUCCESSFUL")
    (revision,) = containers.ecs.describe_service_revisions(
        serviceRevisionArns=[first["targetServiceRevisionArn"]]
    )["serviceRevisions"]
    (there,) = revision["resolvedConfiguration"]["loadBalancers"]
    assert there["targetGroupArn"] == made["Green"]
    refused_changes(containers, made)
    stopped_deployment(cloud, containers, made)
    stacks.delete()


def refused_changes(containers: Containers, made: dict[str, str]) -> None:
    """See that the API refuses what cannot shift traffic, and changes nothing then."""
    balancers = containers.ecs.describe_services(
        cluster=containers.name, services=[made["Service"]]
    )["services"][0]["loadBalancers"]
    plain = [{k: v for k, v in balancers[0].items() if k != "advancedConfiguration"}]
    with pytest.raises(ClientError, match="advancedConfiguration field is required"):
        containers.ecs.update_service(
            cluster=containers.name, service=made["Service"], loadBalancers=plain
        )
    with pytest.raises(ClientError, match="advancedConfiguration field is required"):
        containers.ecs.create_service(
            cluster=containers.name,
            serviceName="refused",
            taskDefinition=made["Definition"],
            loadBalancers=plain,
            deploymentConfiguration={"strategy": "BLUE_GREEN"},
        )
    listed = containers.ecs.list_services(cluster=containers.name)["serviceArns"]
    assert listed == [made["Service"]]


def stopped_deployment(cloud: LocalCloud, containers: Containers, made: dict[str, str]) -> None:
    """Roll a deployment back by the API while it is under way."""
    containers.ecs.update_service(
        cluster=containers.name,
        service=made["Service"],
        forceNewDeployment=True,
        # It cannot end before it is stopped.
        deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1440},
    )

    def latest() -> dict[str, Any]:
        listed = containers.ecs.list_service_deployments(
            cluster=containers.name, service=made["Service"], status=["IN_PROGRESS"]
        )["serviceDeployments"]
        found: dict[str, Any] = listed[0] if listed else {}
        return found

    arn = until(latest, "it is under way")["serviceDeploymentArn"]
    with pytest.raises(ClientError, match="while a deployment is in progress"):
        containers.ecs.update_service(
            cluster=containers.name,
            service=made["Service"],
            deploymentConfiguration={"strategy": "ROLLING"},
        )
    containers.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")

    def ended() -> dict[str, Any] | None:
        (found,) = containers.ecs.describe_service_deployments(serviceDeploymentArns=[arn])[
            "serviceDeployments"
        ]
        return found if "finishedAt" in found else None

    found = until(ended, "it is rolled back")
    assert (found["status"], "StopServiceDeployment" in found["statusReason"]) == (
        "ROLLBACK_SUCCESSFUL",
        True,
    )
    assert production(cloud, made) == made["Green"]


def production(cloud: LocalCloud, made: dict[str, str]) -> str:
    """Return the target group that gets the requests."""
    (rule,) = cloud.client("elbv2").describe_rules(RuleArns=[made["ProductionRule"]])["Rules"]
    groups = rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
    (found,) = [group["TargetGroupArn"] for group in groups if group["Weight"]]
    return str(found)
