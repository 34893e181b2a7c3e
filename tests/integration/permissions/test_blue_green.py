"""A blue/green deployment moves weights by the rights of the role that its service names."""

from typing import Any

import pytest

from local.cloud import LocalCloud
from tests.integration.cloud.waiting import until
from tests.integration.permissions.identities import allow, policy, trust

pytestmark = pytest.mark.cloud

CLUSTER = "test-blue-green"
MANAGED = "arn:aws:iam::aws:policy/AmazonECSInfrastructureRolePolicyForLoadBalancers"


class BlueGreen:
    """A load balancer with rules for two target groups, and services behind it without tasks."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.ecs, self.iam = cloud.client("ecs"), cloud.client("iam")
        self.balancing = cloud.client("elbv2")
        self.ecs.create_cluster(clusterName=CLUSTER)
        self.definition = self.ecs.register_task_definition(
            family=CLUSTER, containerDefinitions=[{"name": "any", "image": "any", "memory": 64}]
        )["taskDefinition"]["taskDefinitionArn"]
        made = self.balancing.create_load_balancer(Name=CLUSTER)
        self.balancer = made["LoadBalancers"][0]["LoadBalancerArn"]

    def role(self, name: str, *, service: str = "ecs.amazonaws.com") -> str:
        """Create a role that a service may take on, without rights."""
        made = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(Service=service))
        arn: str = made["Role"]["Arn"]
        return arn

    def deploy(self, name: str, role: str) -> tuple[str, str, str]:
        """Create a service; return its deployment's status and reason, and who gets requests."""
        blue, green = (
            self.balancing.create_target_group(
                Name=f"{name}-{side}", Protocol="HTTP", Port=80, VpcId="vpc-any", TargetType="ip"
            )["TargetGroups"][0]["TargetGroupArn"]
            for side in ("blue", "green")
        )
        groups = [{"TargetGroupArn": arn, "Weight": w} for arn, w in ((blue, 1), (green, 0))]
        listener = self.balancing.create_listener(
            LoadBalancerArn=self.balancer,
            Protocol="HTTP",
            Port=80,
            DefaultActions=[
                {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
            ],
        )["Listeners"][0]["ListenerArn"]
        rule = self.balancing.create_rule(
            ListenerArn=listener,
            Priority=1,
            Conditions=[{"Field": "path-pattern", "Values": [f"/{name}"]}],
            Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}],
        )["Rules"][0]["RuleArn"]
        self.ecs.create_service(
            cluster=CLUSTER,
            serviceName=name,
            taskDefinition=self.definition,
            desiredCount=0,
            deploymentConfiguration={"strategy": "BLUE_GREEN"},
            loadBalancers=[
                {
                    "targetGroupArn": blue,
                    "containerName": "any",
                    "containerPort": 80,
                    "advancedConfiguration": {
                        "alternateTargetGroupArn": green,
                        "productionListenerRule": rule,
                        "roleArn": role,
                    },
                }
            ],
        )
        ended = until(lambda: self.ended(name), "its deployment is over")
        (described,) = self.balancing.describe_rules(RuleArns=[rule])["Rules"]
        led_to = described["Actions"][0]["ForwardConfig"]["TargetGroups"]
        (there,) = [group["TargetGroupArn"] for group in led_to if group["Weight"]]
        return ended["status"], ended.get("statusReason", ""), "green" if there == green else "blue"

    def ended(self, name: str) -> dict[str, Any] | None:
        listed = self.ecs.list_service_deployments(cluster=CLUSTER, service=name)
        found: list[dict[str, Any]] = listed["serviceDeployments"]
        return found[0] if found and "finishedAt" in found[0] else None


def test_should_shift_traffic_with_the_rights_of_the_role_only(enforcing: LocalCloud) -> None:
    services = BlueGreen(enforcing)
    right = services.role("test-blue-green")
    services.iam.attach_role_policy(RoleName="test-blue-green", PolicyArn=MANAGED)
    assert services.deploy("right", right) == ("SUCCESSFUL", "", "green")

    # All but changing rules, then all of it for another service.
    narrow = services.role("test-blue-green-narrow")
    reading = allow(["elasticloadbalancing:Describe*", "elasticloadbalancing:*Targets"])
    services.iam.put_role_policy(
        RoleName="test-blue-green-narrow", PolicyName="test", PolicyDocument=policy(reading)
    )
    strange = services.role("test-blue-green-strange", service="lambda.amazonaws.com")
    services.iam.attach_role_policy(RoleName="test-blue-green-strange", PolicyArn=MANAGED)
    for name, role in (("narrow", narrow), ("strange", strange)):
        status, reason, there = services.deploy(name, role)
        assert (status, there) == ("ROLLBACK_FAILED", "blue")
        assert f"missing permissions on ECS Infrastructure Role '{role}'" in reason
