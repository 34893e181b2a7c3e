"""Resources of one environment as ARN patterns, and statements that are limited to them.

Names are those of `cdk.naming.Names`. CloudFormation names roles and instance profiles itself, and
begins with the stack's name, of which it may keep the first characters only.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cdk.policies.check import fits
from cdk.policies.reference import ServiceReference
from cdk.policies.statements import PSEUDO_PARAMETERS
from runtime.core.contract import SERVICE_NAME

_REGIONAL = "arn:${AWS::Partition}:{service}:${AWS::Region}:${AWS::AccountId}:"
_GLOBAL = "arn:${AWS::Partition}:{service}::${AWS::AccountId}:"

_ANY_REGION = ("iam", "budgets", "ce")
"""Services whose calls arrive in one region for all of them."""

ANY = "*"

_KEPT = 24
"""Characters of a stack's name that CloudFormation keeps in a generated name of 64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentScope:
    """The resources of an environment. `role_path` is the path of its roles."""

    environment: str
    role_path: str = "/"

    def arns(self, service: str) -> list[str]:
        """Return the patterns of a service's ARNs, none where their names are not distinct."""
        prefix = _GLOBAL if service in _ANY_REGION else _REGIONAL
        base = prefix.replace("{service}", service)
        return [
            found if found.startswith("arn:") else base + found
            for pattern in _SCOPES.get(service, ())
            for found in [self._named(pattern)]
        ]

    def _named(self, pattern: str) -> str:
        return (
            pattern.replace("{kind}", f"{SERVICE_NAME}-*-{self.environment}")
            .replace("{name}", f"{SERVICE_NAME}-{self.environment}")
            .replace("{stack}", f"{SERVICE_NAME}-{self.environment}-"[:_KEPT])
            .replace("{promoter}", f"{SERVICE_NAME}-promoter-{self.environment}")
            .replace("{path}", self.role_path)
        )


_SCOPES: Mapping[str, Sequence[str]] = {
    "application-autoscaling": ("scalable-target/*",),
    "autoscaling": ("autoScalingGroup:*:autoScalingGroupName/{kind}",),
    "backup": ("backup-vault:{kind}", "backup-plan:*"),
    "budgets": ("budget/{name}",),
    "ce": ("anomalymonitor/*", "anomalysubscription/*"),
    "cloudformation": ("stack/{name}-*/*",),
    "cloudwatch": (
        "alarm:{name}-*",
        "arn:${AWS::Partition}:cloudwatch::${AWS::AccountId}:dashboard/{name}-${AWS::Region}",
    ),
    "cloudtrail": ("trail/{kind}",),
    "codedeploy": ("application:{kind}", "deploymentgroup:{kind}/*", "deploymentconfig:*"),
    "cognito-idp": ("userpool/*",),
    "dynamodb": ("table/{kind}", "table/{kind}/index/*", "table/{kind}/stream/*"),
    "ecr": ("repository/{kind}",),
    "ecs": (
        "cluster/{kind}",
        "service/{kind}/*",
        "task/{kind}/*",
        "task-definition/{kind}:*",
        "capacity-provider/{kind}",
        "service-deployment/{kind}/*",
    ),
    "elasticache": ("serverlesscache:{name}",),
    "events": ("event-bus/{name}", "rule/{name}-*"),
    "guardduty": ("malware-protection-plan/*",),
    "iam": (
        "role{path}{stack}*",
        "role/{promoter}",
        "instance-profile{path}{stack}*",
        "role/aws-service-role/*",
    ),
    "kms": ("alias/{name}", "key/*"),
    "lambda": ("function:{kind}", "function:{kind}:*", "event-source-mapping:*"),
    "logs": (
        "log-group:/*/{kind}",
        "log-group:/*/{kind}:*",
        "log-group:aws-waf-logs-{name}",
        "log-group:aws-waf-logs-{name}:*",
    ),
    "s3": (
        "arn:${AWS::Partition}:s3:::{kind}-${AWS::AccountId}-${AWS::Region}",
        "arn:${AWS::Partition}:s3:::{kind}-${AWS::AccountId}-${AWS::Region}/*",
    ),
    "sns": ("{kind}",),
    "sqs": ("{kind}",),
    "ssm": (
        "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/cdk-bootstrap/*",
    ),
}


UNSCOPED = {"cloudwatch:DescribeAlarms"}
"""Actions that AWS judges by `*` where a call asks for more than one kind: composite alarms."""


def scoped(
    actions: Iterable[str], scope: EnvironmentScope, reference: ServiceReference
) -> list[dict[str, Any]]:
    """Return statements that allow the actions on the environment's resources.

    Actions on the same resources share a statement. Where AWS or a service's generated names admit
    nothing narrower, the resource is `*` in the deployment's region.
    """
    grouped: dict[tuple[bool, tuple[str, ...]], list[str]] = {}
    for action in sorted(set(actions)):
        service = action.partition(":")[0]
        patterns = [
            pattern
            for each in reference.matching(action)
            for pattern in reference.resource_types(each)
        ]
        resources = tuple(
            arn
            for arn in scope.arns(service)
            if action not in UNSCOPED and fits(example(arn), patterns)
        )
        regional = not resources and service not in _ANY_REGION
        grouped.setdefault((regional, resources or (ANY,)), []).append(action)
    return [
        {
            "Effect": "Allow",
            "Action": found,
            "Resource": list(resources),
            **({"Condition": _IN_REGION} if regional else {}),
        }
        for (regional, resources), found in sorted(grouped.items())
    ]


def example(arn: str) -> str:
    """Return an ARN with the placeholders of account and region replaced."""
    for name, value in PSEUDO_PARAMETERS.items():
        arn = arn.replace(f"${{{name}}}", value)
    return arn


_IN_REGION = {"StringEquals": {"aws:RequestedRegion": "${AWS::Region}"}}
