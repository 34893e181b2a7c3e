"""The cheapest way out for tasks: a public address each, and no connection that is accepted."""

from collections.abc import Mapping

import pytest

from runtime.core.contract import TRUE, EnvVar
from scripts.cost.bill import idle_month, total
from scripts.cost.prices import load
from tests.infra.templates import Deployment

CHEAPEST_USD = 10


@pytest.fixture
def public(deployments: Mapping[str, Deployment]) -> Deployment:
    """`dev` as it is."""
    return deployments["dev"]


def test_should_cost_less_than_ten_dollars_a_month_when_idle(public: Deployment) -> None:
    assert total(idle_month(list(public.stacks.values()), load())) < CHEAPEST_USD
    assert not public.of_type("AWS::EC2::NatGateway")


def test_should_give_tasks_an_address_and_nothing_else_one(public: Deployment) -> None:
    variables = public.render(public.function("dispatcher")["Environment"]["Variables"])
    subnets = public.of_type("AWS::EC2::Subnet").values()

    assert variables[EnvVar.TASK_PUBLIC_ADDRESS] == TRUE
    assert subnets
    assert not any(subnet["Properties"]["MapPublicIpOnLaunch"] for subnet in subnets)


def test_should_accept_no_connection(public: Deployment) -> None:
    for group in public.of_type("AWS::EC2::SecurityGroup").values():
        assert "SecurityGroupIngress" not in group["Properties"]
    assert not public.of_type("AWS::EC2::SecurityGroupIngress")


def test_should_keep_tasks_private_otherwise(on_demand: Deployment) -> None:
    if on_demand.config.network.public_tasks:
        return
    variables = on_demand.render(on_demand.function("dispatcher")["Environment"]["Variables"])

    assert EnvVar.TASK_PUBLIC_ADDRESS not in variables
