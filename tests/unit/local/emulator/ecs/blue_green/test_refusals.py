"""What is refused of a service's settings, and what ends its deployment, in AWS's words."""

from typing import Any

import pytest

from local.emulator.ecs.blue_green.refusals import refusal
from local.emulator.ecs.blue_green.traffic import balanced, networking_problem
from local.emulator.load_balancing.weighted_rules import forward
from tests.unit.local.emulator.ecs.blue_green.services import (
    ALTERNATE,
    OTHER,
    PRIMARY,
    PRODUCTION,
    TEST,
    load_balancer,
    rules,
    service,
)

BLUE_GREEN = {"strategy": "BLUE_GREEN"}
PLAIN = {"targetGroupArn": PRIMARY, "containerName": "any", "containerPort": 80}
LISTENER = PRODUCTION.replace("listener-rule", "listener")


def test_should_accept_a_service_that_can_shift_its_traffic() -> None:
    assert refusal(service(), rules()) is None
    assert refusal(service(deploymentConfiguration={}), rules()) is None
    without_test = load_balancer(testListenerRule=None)
    assert refusal(service(loadBalancers=[without_test]), rules()) is None
    assert refusal({"deploymentConfiguration": BLUE_GREEN}, {}) is None
    assert refusal({"loadBalancers": [PLAIN]}, {}) is None


REFUSED: dict[str, dict[str, Any]] = {
    "advancedConfiguration field is required": {"loadBalancers": [PLAIN]},
    "Either all or none": {
        "loadBalancers": [PLAIN, load_balancer()],
        "deploymentConfiguration": {},
    },
    "alternateTargetGroupArn is required": {
        "loadBalancers": [load_balancer(alternateTargetGroupArn=None)]
    },
    "productionListenerRule is required": {
        "loadBalancers": [load_balancer(productionListenerRule=None)]
    },
    "roleArn is required": {"loadBalancers": [load_balancer(roleArn=None)]},
    "productionListenerRule has an invalid ARN format": {
        "loadBalancers": [load_balancer(productionListenerRule=LISTENER)]
    },
    "testListenerRule has an invalid ARN format": {
        "loadBalancers": [load_balancer(testListenerRule=LISTENER)]
    },
    "cannot be used as both": {"loadBalancers": [load_balancer(testListenerRule=PRODUCTION)]},
    "Duplicate targetGroupArn found": {
        "loadBalancers": [load_balancer(alternateTargetGroupArn=PRIMARY)]
    },
    "between 0 and 1440": {"deploymentConfiguration": {**BLUE_GREEN, "bakeTimeInMinutes": 1441}},
    "only, not CANARY": {"deploymentConfiguration": {"strategy": "CANARY"}},
    "needs the deployment controller ECS": {"deploymentController": {"type": "EXTERNAL"}},
}


@pytest.mark.parametrize("message", REFUSED)
def test_should_refuse_what_aws_refuses(message: str) -> None:
    refused = refusal(service(**REFUSED[message]), rules())
    assert refused is not None
    assert message in refused


def test_should_ask_for_a_test_rule_where_production_knows_one_group_only() -> None:
    known = rules()
    known[PRODUCTION]["Actions"] = [forward({PRIMARY: 1})]
    without_test = load_balancer(testListenerRule=None)
    refused = refusal(service(loadBalancers=[without_test]), known)
    assert refused is not None
    assert "testListenerRule is required" in refused


def problem(known: dict[str, Any]) -> str:
    return networking_problem(known, balanced(service()))


def test_should_find_nothing_wrong_with_rules_for_both_groups() -> None:
    assert problem(rules()) == ""
    assert problem(rules(production=ALTERNATE, test=PRIMARY)) == ""
    apart = rules()
    apart[PRODUCTION]["Actions"] = [forward({PRIMARY: 1})]
    apart[TEST]["Actions"] = [forward({ALTERNATE: 1})]
    assert problem(apart) == ""


def test_should_find_a_rule_that_is_gone() -> None:
    known = rules()
    del known[TEST]
    assert "One or more rules not found" in problem(known)


@pytest.mark.parametrize(
    ("production", "message"),
    [
        ({PRIMARY: 1}, "is not associated with either"),
        ({PRIMARY: 1, ALTERNATE: 1}, "but found 2 target groups"),
        ({PRIMARY: 0, ALTERNATE: 0}, "but found 0 target groups"),
        ({PRIMARY: 0, ALTERNATE: 0, OTHER: 1}, f"unexpected target group {OTHER}"),
    ],
)
def test_should_find_rules_that_cannot_be_shifted(production: dict[str, int], message: str) -> None:
    known = rules()
    known[PRODUCTION]["Actions"] = [forward(production)]
    known[TEST]["Actions"] = [forward({PRIMARY: 1})]
    assert message in problem(known)
