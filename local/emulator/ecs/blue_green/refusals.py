"""Gap (1.5.33, upstream): services deploy rolling only; what AWS refuses of their settings.

The messages are AWS's where it documents them ("Troubleshooting Amazon ECS blue/green
deployments").
"""

from collections.abc import Mapping, Sequence
from typing import Any

from local.emulator.ecs.blue_green.traffic import Balanced, Rules, balanced, rule_weights
from local.emulator.ecs.records import configuration_of

Settings = Mapping[str, Any]

BLUE_GREEN, ROLLING = "BLUE_GREEN", "ROLLING"
LONGEST_BAKE_MINUTES = 1440
RULE = ":listener-rule/app/"
RULES = ("productionListenerRule", "testListenerRule")
REQUIRED = ("alternateTargetGroupArn", "productionListenerRule", "roleArn")


def strategy(service: Settings) -> str:
    """Return a service's deployment strategy."""
    return configuration_of(service).get("strategy") or ROLLING


def refusal(service: Settings, rules: Rules) -> str | None:
    """Return why AWS refuses the settings of a service as they would be, else None."""
    entries = service.get("loadBalancers") or ()
    configured = [each.get("advancedConfiguration") or {} for each in entries]
    return (
        _wrong_configuration(configuration_of(service))
        or _wrong_controller(service)
        or _wrong_presence(strategy(service), configured)
        or next(filter(None, map(_wrong_entry, filter(None, configured))), None)
        or _duplicates(balanced(service))
        or _missing_test_rule(balanced(service), rules)
    )


def _wrong_configuration(configuration: Settings) -> str | None:
    named = configuration.get("strategy") or ROLLING
    if named not in (ROLLING, BLUE_GREEN):
        return f"The local cloud deploys {ROLLING} and {BLUE_GREEN} only, not {named}."
    minutes = configuration.get("bakeTimeInMinutes")
    if minutes is not None and not 0 <= int(minutes) <= LONGEST_BAKE_MINUTES:
        return f"bakeTimeInMinutes must be between 0 and {LONGEST_BAKE_MINUTES}."
    return None


def _wrong_controller(service: Settings) -> str | None:
    controller = (service.get("deploymentController") or {}).get("type", "ECS")
    if strategy(service) == BLUE_GREEN and controller != "ECS":
        return f"The deployment strategy {BLUE_GREEN} needs the deployment controller ECS."
    return None


def _wrong_presence(named: str, configured: Sequence[Settings]) -> str | None:
    if named == BLUE_GREEN and not all(configured):
        return (
            "advancedConfiguration field is required for all loadBalancers when using a "
            "non-ROLLING deployment strategy"
        )
    if any(configured) and not all(configured):
        return (
            "Either all or none of the provided loadBalancers must have advancedConfiguration "
            "defined"
        )
    return None


def _wrong_entry(advanced: Settings) -> str | None:
    for name in REQUIRED:
        if not advanced.get(name):
            return f"{name} is required in advancedConfiguration"
    for name in RULES:
        arn = str(advanced.get(name) or "")
        if arn and RULE not in arn:
            return (
                f"{name} has an invalid ARN format. Must be RuleArn for ALB or ListenerArn for "
                f"NLB. Got: {arn}"
            )
    if advanced["productionListenerRule"] == advanced.get("testListenerRule"):
        return (
            "The following rules cannot be used as both production and test listener rules: "
            f"{advanced['productionListenerRule']}"
        )
    return None


def _duplicates(balancers: Sequence[Balanced]) -> str | None:
    groups = [group for each in balancers for group in each.groups]
    twice = [group for group in groups if groups.count(group) > 1]
    return f"Duplicate targetGroupArn found: {twice[0]}" if twice else None


def _missing_test_rule(balancers: Sequence[Balanced], rules: Rules) -> str | None:
    for each in balancers:
        known = rule_weights(rules, each.production_rule)
        if not each.test_rule and known and not set(each.groups) <= set(known):
            return (
                "For Application LoadBalancer, testListenerRule is required when "
                "productionListenerRule is not associated with both targetGroup and "
                "alternateTargetGroup"
            )
    return None
