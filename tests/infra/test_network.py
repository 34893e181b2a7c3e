"""What must hold where tasks run."""

from runtime.core.contract import EnvVar
from tests.infra.templates import Deployment


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


def test_should_give_no_task_subnet_a_way_in_from_the_internet(on_demand: Deployment) -> None:
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
        assert tables[f"<{subnet}>"] not in open_tables


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

    expected = {"ecr.api", "ecr.dkr", "logs", "ecs"}
    assert services == (expected if deployment.config.network.interface_endpoints else set())


def test_should_record_all_traffic_of_the_vpc(deployment: Deployment) -> None:
    vpc, _ = deployment.only("AWS::EC2::VPC")
    _, flow_log = deployment.only("AWS::EC2::FlowLog")

    assert deployment.render(flow_log["Properties"]["ResourceId"]) == f"<{vpc}>"
    assert flow_log["Properties"]["TrafficType"] == "ALL"


def endpoint_services(deployment: Deployment, kind: str) -> set[str]:
    return {
        deployment.render(endpoint["Properties"]["ServiceName"])
        .removeprefix("com.amazonaws.")
        .removeprefix("<AWS::Region>.")
        for endpoint in deployment.of_type("AWS::EC2::VPCEndpoint").values()
        if endpoint["Properties"]["VpcEndpointType"] == kind
    }
