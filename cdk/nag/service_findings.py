"""The acknowledged findings of the service tier."""

from collections.abc import Callable, Iterator

from cdk.config import EnvironmentConfig
from cdk.config.service import EVERYONE, ServiceConfig
from cdk.nag.acknowledge import (
    TASKS,
    AcknowledgedFinding,
    Findings,
    acknowledged,
    local_wildcard,
)

_ANY_HOSTING = {
    "It reads one stream, so there is at most one run for each shard.": {
        "Service/Events/Function/Function": "NIST.800.53.R5-LambdaConcurrency"
    },
    "Batches it fails on for good go to a queue, by its event source's destination.": {
        "Service/Events/Function/Function": "NIST.800.53.R5-LambdaDLQ"
    },
    "It is the dead-letter queue of an event source.": {
        "Service/Events/DeadLetters": "AwsSolutions-SQS3"
    },
}
_SCALES_WORKERS = {
    "A target's id is random; conditions limit it to task counts of ECS services.": {
        "Service/Api/TaskRole/DefaultPolicy": local_wildcard(
            "application-autoscaling", "scalable-target/*"
        )
    },
}
_USER_POOL = {
    "The plus plan costs for each user; administrators create users, with two factors.": {
        "Service/Users/Pool": "AwsSolutions-COG8"
    },
}
_OPTIONAL_SECOND_FACTOR = {
    "For trying: a second factor is offered here, and demanded in other environments.": {
        "Service/Users/Pool": "AwsSolutions-COG2"
    },
}
_FUNCTIONS = {
    "The application checks tokens, keys and sessions itself, as in a container.": {
        "Service/Api/Gateway": "AwsSolutions-APIG4",
        "Service/Web/Gateway": "AwsSolutions-APIG4",
    },
    "The gateway's throttle bounds it; a reserve would take runs from other functions.": {
        "Service/Api/Function": "NIST.800.53.R5-LambdaConcurrency",
        "Service/Web/Function": "NIST.800.53.R5-LambdaConcurrency",
    },
    "Its caller sees a failure; the webhook queue has dead letters of its own.": {
        "Service/Api/Function": "NIST.800.53.R5-LambdaDLQ",
        "Service/Web/Function": "NIST.800.53.R5-LambdaDLQ",
    },
}
_CONTAINERS = {
    "This listener only redirects to HTTPS.": {
        "Service/Balancer/LoadBalancer/Http": "NIST.800.53.R5-ELBv2ACMCertificateRequired"
    },
    "A task learns its own id only while running; protection ends at the cluster.": {
        "Service/Api/TaskRole/DefaultPolicy": TASKS
    },
    "ECS reads its state to roll a deployment back; another alarm notifies people.": {
        "Service/Api/Broken": "NIST.800.53.R5-CloudWatchAlarmAction",
        "Service/Web/Broken": "NIST.800.53.R5-CloudWatchAlarmAction",
    },
}
_OPEN = {
    "A public website: HTTPS, and the redirect to it, are open to everyone by setting.": {
        "Service/Balancer/SecurityGroup": "AwsSolutions-EC23"
    },
}
_DISPOSABLE = {
    "This environment is deleted as a whole; the load balancer holds no data.": {
        "Service/Balancer/LoadBalancer": "NIST.800.53.R5-ELBDeletionProtectionEnabled"
    },
}
_OWN_SUBNETS = {
    "Load balancer and services face the internet; security groups admit what may.": {
        "Service/Public": "NIST.800.53.R5-VPCNoUnrestrictedRouteToIGW"
    },
}
_BLUE_GREEN = {
    "AWS keeps what ECS needs to switch target groups; only ECS can assume the role.": {
        "Service": "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/"
        "AmazonECSInfrastructureRolePolicyForLoadBalancers]"
    },
}


_When = Callable[[EnvironmentConfig, ServiceConfig], bool]


def _found(
    findings: Findings, hosting: str | None = None, when: _When = lambda _given, _service: True
) -> Iterator[AcknowledgedFinding]:
    """Yield what is acknowledged of services, in one hosting or in both."""

    def holds(given: EnvironmentConfig) -> bool:
        service = given.services
        return service is not None and hosting in (None, service.hosting) and when(given, service)

    return acknowledged(findings, holds)


SERVICE_FINDINGS = (
    *_found(_ANY_HOSTING),
    *_found(_SCALES_WORKERS, when=lambda given, _: bool(given.workers or given.gpu)),
    *_found(_USER_POOL, when=lambda _, service: service.oidc_issuer is None),
    *_found(
        _OPTIONAL_SECOND_FACTOR,
        when=lambda given, service: service.oidc_issuer is None and not given.retain_data,
    ),
    *_found(_FUNCTIONS, "lambda"),
    *_found(_CONTAINERS, "containers"),
    *_found(_OPEN, "containers", lambda _, service: EVERYONE in service.ingress),
    *_found(_DISPOSABLE, "containers", lambda given, _: not given.retain_data),
    *_found(_OWN_SUBNETS, "containers", lambda given, _: given.network.vpc_id is None),
    *_found(_BLUE_GREEN, "containers", lambda _, service: service.deployment == "blue_green"),
)
