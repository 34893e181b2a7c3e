"""A service behind a load balancer that can deploy blue/green, as ministack records it."""

from typing import Any

from local.emulator.load_balancing.weighted_rules import forward

ACCOUNT = "arn:aws:elasticloadbalancing:us-east-1:000000000000"
PRIMARY, ALTERNATE = f"{ACCOUNT}:targetgroup/blue/1", f"{ACCOUNT}:targetgroup/green/2"
OTHER = f"{ACCOUNT}:targetgroup/other/3"
PRODUCTION = f"{ACCOUNT}:listener-rule/app/any/1/2/production"
TEST = f"{ACCOUNT}:listener-rule/app/any/1/3/test"
ROLE = "arn:aws:iam::000000000000:role/any"
OLD, NEW = "ecs-svc/00000000000000000001", "ecs-svc/00000000000000000002"

Record = dict[str, Any]


def load_balancer(**changes: Any) -> Record:
    advanced = {
        "alternateTargetGroupArn": ALTERNATE,
        "productionListenerRule": PRODUCTION,
        "testListenerRule": TEST,
        "roleArn": ROLE,
        **changes,
    }
    return {
        "targetGroupArn": PRIMARY,
        "containerName": "any",
        "containerPort": 80,
        "advancedConfiguration": {k: v for k, v in advanced.items() if v is not None},
    }


def deployment(identifier: str, *, primary: bool, over: bool = False) -> Record:
    return {
        "id": identifier,
        "status": "PRIMARY" if primary else "ACTIVE",
        "taskDefinition": f"any:{identifier[-1]}",
        "rolloutState": "COMPLETED" if over else "IN_PROGRESS",
        "createdAt": "2026-01-01T00:00:00Z",
        "failedTasks": 0,
    }


def service(**changes: Any) -> Record:
    return {
        "serviceArn": "arn:aws:ecs:us-east-1:000000000000:service/here/any",
        "clusterArn": "arn:aws:ecs:us-east-1:000000000000:cluster/here",
        "serviceName": "any",
        "status": "ACTIVE",
        "desiredCount": 2,
        "taskDefinition": "any:2",
        "loadBalancers": [load_balancer()],
        "deploymentConfiguration": {
            "strategy": "BLUE_GREEN",
            "bakeTimeInMinutes": 10,
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "alarms": {"enable": True, "rollback": True, "alarmNames": ["broken"]},
        },
        "deployments": [
            deployment(NEW, primary=True),
            deployment(OLD, primary=False, over=True),
        ],
        "events": [],
        **changes,
    }


def rules(production: str = PRIMARY, test: str = PRIMARY) -> dict[str, Record]:
    def rule(arn: str, group: str) -> Record:
        weights = {each: 100 * (each == group) for each in (PRIMARY, ALTERNATE)}
        return {"RuleArn": arn, "Actions": [forward(weights)]}

    return {PRODUCTION: rule(PRODUCTION, production), TEST: rule(TEST, test)}
