"""What must hold where tasks run."""

import json
import re
from collections.abc import Mapping

import pytest

from runtime.core.contract import EnvVar
from tests.infra.conftest import ROOT, synthesize
from tests.infra.gpu import PUBLIC
from tests.infra.templates import Deployment, Resource

DEV = (ROOT / "environments" / "dev.toml").read_text()
PINNED = 'account = "123456789012"\nregion = "us-east-1"\n'


def without_ways_out(network: str, *, endpoints: bool) -> str:
    """Return `dev` in a network without NAT gateways, with more settings of the network."""
    text = DEV.replace(PUBLIC, f"nat_gateways = 0\n{network}")
    answer = "true" if endpoints else "false"
    return PINNED + text.replace("interface_endpoints = false", f"interface_endpoints = {answer}")


@pytest.fixture(scope="module")
def closed() -> Deployment:
    """Workers and a model on Bedrock in a network that ends at its endpoints.

    It is about to give up its third zone.
    """
    network = 's3_prefix_list = "pl-0a1b2c3d"\ndynamodb_prefix_list = "pl-4e5f6a7b"\n'
    text = without_ways_out(network, endpoints=True)
    text = text.replace("bedrock_endpoint = false", "bedrock_endpoint = true")
    text = text.replace("zones = 2", "zones = 3\nzones_in_use = 2")
    return synthesize(text.replace('launch = "on_demand"', 'launch = "pool"'))


@pytest.fixture(scope="module")
def joined() -> Deployment:
    """An environment in a VPC that is there already."""
    network = (
        'vpc_id = "vpc-0a1b2c3d"\n'
        'task_subnet_ids = ["subnet-0a1b2c3d", "subnet-4e5f6a7b"]\n'
        'task_subnet_zones = ["us-east-1a", "us-east-1b"]\n'
    )
    return synthesize(without_ways_out(network, endpoints=False))


def task_subnets(deployment: Deployment) -> list[str]:
    variables = deployment.render(deployment.function("dispatcher")["Environment"]["Variables"])
    joined: str = variables[EnvVar.TASK_SUBNET_IDS]
    return [subnet.strip("<>") for subnet in joined.split(",")]


def test_should_run_tasks_in_one_private_subnet_for_each_zone(on_demand: Deployment) -> None:
    subnets = on_demand.of_type("AWS::EC2::Subnet")
    chosen = task_subnets(on_demand)
    zones = {str(subnets[subnet]["Properties"]["AvailabilityZone"]) for subnet in chosen}

    assert len(chosen) == len(zones) == on_demand.config.network.zones
    for subnet in chosen:
        assert subnets[subnet]["Properties"]["MapPublicIpOnLaunch"] is False


def test_should_give_task_subnets_a_route_to_the_internet_only_where_tasks_are_public(
    on_demand: Deployment,
) -> None:
    gateways = {f"<{gateway}>" for gateway in on_demand.of_type("AWS::EC2::InternetGateway")}
    open_tables = {
        on_demand.render(route["Properties"]["RouteTableId"])
        for route in on_demand.of_type("AWS::EC2::Route").values()
        if on_demand.render(route["Properties"].get("GatewayId")) in gateways
    }
    tables = {
        on_demand.render(link["Properties"]["SubnetId"]): on_demand.render(
            link["Properties"]["RouteTableId"]
        )
        for link in on_demand.of_type("AWS::EC2::SubnetRouteTableAssociation").values()
    }

    for subnet in task_subnets(on_demand):
        reachable = tables[f"<{subnet}>"] in open_tables
        # Then the security group alone keeps the internet out, which it does everywhere.
        assert reachable is on_demand.config.network.public_tasks


def test_should_let_nothing_in_and_https_out(on_demand: Deployment) -> None:
    variables = on_demand.render(on_demand.function("dispatcher")["Environment"]["Variables"])
    group_id = variables[EnvVar.TASK_SECURITY_GROUP_IDS].strip("<>").removesuffix(".GroupId")
    group = on_demand.of_type("AWS::EC2::SecurityGroup")[group_id]["Properties"]

    assert "SecurityGroupIngress" not in group
    assert [(rule["FromPort"], rule["ToPort"]) for rule in group["SecurityGroupEgress"]] == [
        (443, 443)
    ]
    assert not on_demand.of_type("AWS::EC2::SecurityGroupIngress")
    assert not on_demand.of_type("AWS::EC2::SecurityGroupEgress")


def test_should_have_as_many_nat_gateways_as_configured(deployment: Deployment) -> None:
    gateways = deployment.of_type("AWS::EC2::NatGateway")

    assert len(gateways) == deployment.config.network.nat_gateways


def test_should_reach_s3_and_dynamodb_without_leaving_aws(deployment: Deployment) -> None:
    services = endpoint_services(deployment, "Gateway")

    assert services == {"s3", "dynamodb"}


def test_should_reach_what_a_closed_network_needs(deployment: Deployment) -> None:
    services = endpoint_services(deployment, "Interface")

    expected = {"ecr.api", "ecr.dkr", "logs"}
    if deployment.config.workers:
        expected |= {"ecs", "sqs"}
    if deployment.config.observability.tracing:
        expected |= {"xray"}
    assert services == (expected if deployment.config.network.interface_endpoints else set())


def test_should_reach_what_workers_and_models_need(closed: Deployment) -> None:
    assert endpoint_services(closed, "Interface") == {
        *("ecr.api", "ecr.dkr", "logs", "ecs", "sqs", "xray", "bedrock-runtime"),
    }


def test_should_let_only_own_data_through_the_gateways(deployment: Deployment) -> None:
    name = deployment.config.name
    media = f"arn:<AWS::Partition>:s3:::lifestream-media-{name}-<AWS::AccountId>-<AWS::Region>"
    tables = "arn:<AWS::Partition>:dynamodb:<AWS::Region>:<AWS::AccountId>:table"
    passing = {
        (action, resource)
        for endpoint in gateways(deployment)
        for statement in deployment.document(endpoint)
        for action in statement.actions
        for resource in statement.resources
    }

    assert passing == {
        ("s3:GetObject", f"{media}/*"),
        ("s3:PutObject", f"{media}/*"),
        ("s3:DeleteObject", f"{media}/*"),
        ("s3:AbortMultipartUpload", f"{media}/*"),
        ("s3:ListBucket", media),
        (
            "s3:GetObject",
            "arn:<AWS::Partition>:s3:::prod-<AWS::Region>-starport-layer-bucket/*",
        ),
        ("dynamodb:GetItem", f"{tables}/lifestream-*-{name}"),
        ("dynamodb:PutItem", f"{tables}/lifestream-*-{name}"),
    }


def test_should_let_everything_through_that_tasks_may_do(deployment: Deployment) -> None:
    passing = {
        action
        for endpoint in gateways(deployment)
        for statement in deployment.document(endpoint)
        for action in statement.actions
    }
    roles = {
        deployment.render(definition["Properties"]["TaskRoleArn"]).strip("<>").partition(".")[0]
        for definition in deployment.of_type("AWS::ECS::TaskDefinition").values()
    }

    allowed = {
        action
        for role in roles
        for statement in deployment.of_role(role)
        for action in statement.actions
        if action.startswith(("s3:", "dynamodb:"))
    }

    assert allowed
    assert allowed <= passing


def test_should_let_tasks_of_a_closed_network_reach_endpoints_and_nothing_else(
    closed: Deployment,
) -> None:
    tasks, group = closed.only(
        "AWS::EC2::SecurityGroup", GroupDescription="Lifestream tasks: nothing in, HTTPS out"
    )
    endpoints, _ = closed.only(
        "AWS::EC2::SecurityGroup", GroupDescription="Lifestream endpoints: HTTPS from the VPC"
    )
    rules = [
        closed.render(rule["Properties"])
        for rule in closed.of_type("AWS::EC2::SecurityGroupEgress").values()
    ]

    assert "SecurityGroupEgress" not in group["Properties"]
    assert {
        (rule["GroupId"], rule["FromPort"], rule["ToPort"], reached(rule)) for rule in rules
    } == {
        (f"<{tasks}.GroupId>", 443, 443, f"<{endpoints}.GroupId>"),
        (f"<{tasks}.GroupId>", 443, 443, "pl-0a1b2c3d"),
        (f"<{tasks}.GroupId>", 443, 443, "pl-4e5f6a7b"),
    }


def test_should_make_nothing_but_a_group_in_a_network_that_is_there(joined: Deployment) -> None:
    made = {resource["Type"] for resource in joined.stacks["network"]["Resources"].values()}
    _, group = joined.only("AWS::EC2::SecurityGroup")
    variables = joined.render(joined.function("dispatcher")["Environment"]["Variables"])

    assert made == {"AWS::EC2::SecurityGroup"}
    assert group["Properties"]["VpcId"] == "vpc-0a1b2c3d"
    assert variables[EnvVar.TASK_SUBNET_IDS] == "subnet-0a1b2c3d,subnet-4e5f6a7b"


def task_blocks(deployment: Deployment) -> dict[str, str]:
    """Return the addresses of each task subnet by its logical id."""
    return {
        name: subnet["Properties"]["CidrBlock"]
        for name, subnet in deployment.of_type("AWS::EC2::Subnet").items()
        if "taskSubnet" in name
    }


def test_should_use_a_zone_no_more_before_it_is_given_up(closed: Deployment) -> None:
    """Else CloudFormation would refuse to delete an export that another stack imports."""
    exported = {
        output["Export"]["Name"]
        for output in closed.stacks["network"]["Outputs"].values()
        if "taskSubnet" in str(output["Value"])
    }
    imported = {
        name
        for stack in closed.stacks.values()
        for name in re.findall(r'"Fn::ImportValue": "([^"]*taskSubnet[^"]*)"', json.dumps(stack))
    }

    assert len(exported) == 3
    assert len(imported) == 2
    assert imported < exported
    assert not any("taskSubnet3" in name for name in imported)


def test_should_keep_a_zones_addresses_when_others_are_added_or_given_up(
    closed: Deployment, deployments: Mapping[str, Deployment]
) -> None:
    three, two = task_blocks(closed), task_blocks(deployments["dev"])

    assert len(three) == 3
    assert len(two) == 2
    assert two.items() < three.items()


def test_should_record_all_traffic_of_the_vpc(deployment: Deployment) -> None:
    vpc, _ = deployment.only("AWS::EC2::VPC")
    _, flow_log = deployment.only("AWS::EC2::FlowLog")

    assert deployment.render(flow_log["Properties"]["ResourceId"]) == f"<{vpc}>"
    assert flow_log["Properties"]["TrafficType"] == "ALL"


def reached(rule: Resource) -> str:
    found = rule.get("DestinationPrefixListId") or rule.get("DestinationSecurityGroupId")
    return str(found or rule["CidrIp"])


def gateways(deployment: Deployment) -> list[Resource]:
    return [
        endpoint
        for endpoint in deployment.of_type("AWS::EC2::VPCEndpoint").values()
        if endpoint["Properties"]["VpcEndpointType"] == "Gateway"
    ]


def endpoint_services(deployment: Deployment, kind: str) -> set[str]:
    return {
        deployment.render(endpoint["Properties"]["ServiceName"])
        .removeprefix("com.amazonaws.")
        .removeprefix(f"{deployment.config.region or '<AWS::Region>'}.")
        for endpoint in deployment.of_type("AWS::EC2::VPCEndpoint").values()
        if endpoint["Properties"]["VpcEndpointType"] == kind
    }
