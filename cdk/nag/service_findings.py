"""The acknowledged findings of the service tier."""

from cdk.config import EnvironmentConfig
from cdk.config.service import EVERYONE
from cdk.nag.acknowledge import AcknowledgedFinding

_TASKS_OF = "arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:task"
_EXPORTED_CLUSTER = "lifestream-{environment}-processing:ExportsOutputRefClusterEB0386A796A0E3FE"


def _has_service(environment: EnvironmentConfig) -> bool:
    return environment.services is not None


def _in_containers(environment: EnvironmentConfig) -> bool:
    return environment.services is not None and environment.services.hosting == "containers"


def _in_functions(environment: EnvironmentConfig) -> bool:
    return environment.services is not None and environment.services.hosting == "lambda"


def _open_to_everyone(environment: EnvironmentConfig) -> bool:
    return _in_containers(environment) and EVERYONE in environment.services.ingress  # type: ignore[union-attr]


def _disposable_service(environment: EnvironmentConfig) -> bool:
    return _in_containers(environment) and not environment.retain_data


def _own_public_subnets(environment: EnvironmentConfig) -> bool:
    return _in_containers(environment) and environment.network.vpc_id is None


def _with_user_pool(environment: EnvironmentConfig) -> bool:
    return environment.services is not None and environment.services.oidc_issuer is None


def _optional_second_factor(environment: EnvironmentConfig) -> bool:
    return _with_user_pool(environment) and not environment.retain_data


def _takes_over_at_once(environment: EnvironmentConfig) -> bool:
    return _in_containers(environment) and environment.services.deployment == "blue_green"  # type: ignore[union-attr]


def _service_scales_workers(environment: EnvironmentConfig) -> bool:
    return _has_service(environment) and bool(environment.workers or environment.gpu)


SERVICE_FINDINGS = (
    AcknowledgedFinding(
        path="Service/Balancer/SecurityGroup",
        finding="AwsSolutions-EC23",
        reason="A public website: HTTPS, and the redirect to it, are open to everyone by setting.",
        when=_open_to_everyone,
    ),
    AcknowledgedFinding(
        path="Service/Balancer/LoadBalancer",
        finding="NIST.800.53.R5-ELBDeletionProtectionEnabled",
        reason="This environment is deleted as a whole; the load balancer holds no data.",
        when=_disposable_service,
    ),
    AcknowledgedFinding(
        path="Service/Balancer/LoadBalancer/Http",
        finding="NIST.800.53.R5-ELBv2ACMCertificateRequired",
        reason="This listener only redirects to HTTPS.",
        when=_in_containers,
    ),
    AcknowledgedFinding(
        path="Service/Public",
        finding="NIST.800.53.R5-VPCNoUnrestrictedRouteToIGW",
        reason="Load balancer and services face the internet; security groups admit what may.",
        when=_own_public_subnets,
    ),
    AcknowledgedFinding(
        path="Service/Events/Function/Function",
        finding="NIST.800.53.R5-LambdaConcurrency",
        reason="It reads one stream, so there is at most one run for each shard.",
        when=_has_service,
    ),
    AcknowledgedFinding(
        path="Service/Events/Function/Function",
        finding="NIST.800.53.R5-LambdaDLQ",
        reason="Batches it fails on for good go to a queue, by its event source's destination.",
        when=_has_service,
    ),
    AcknowledgedFinding(
        path="Service/Events/DeadLetters",
        finding="AwsSolutions-SQS3",
        reason="It is the dead-letter queue of an event source.",
        when=_has_service,
    ),
    AcknowledgedFinding(
        path="Service/Api/TaskRole/DefaultPolicy",
        finding=f"AwsSolutions-IAM5[Resource::{_TASKS_OF}/{_EXPORTED_CLUSTER}/*]",
        reason="A task learns its own id only while running; protection ends at the cluster.",
        when=_in_containers,
    ),
    AcknowledgedFinding(
        path="Service/Api/TaskRole/DefaultPolicy",
        finding=(
            "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:application-autoscaling:"
            "<AWS::Region>:<AWS::AccountId>:scalable-target/*]"
        ),
        reason="A target's id is random; conditions limit it to task counts of ECS services.",
        when=_service_scales_workers,
    ),
    AcknowledgedFinding(
        path="Service",
        finding=(
            "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/"
            "AmazonECSInfrastructureRolePolicyForLoadBalancers]"
        ),
        reason="AWS keeps what ECS needs to switch target groups; only ECS can assume the role.",
        when=_takes_over_at_once,
    ),
    AcknowledgedFinding(
        path="Service/Api/Gateway",
        finding="AwsSolutions-APIG4",
        reason="The application checks tokens, keys and sessions itself, as in a container.",
        when=_in_functions,
    ),
    AcknowledgedFinding(
        path="Service/Api/Function",
        finding="NIST.800.53.R5-LambdaConcurrency",
        reason="The gateway's throttle bounds it; a reserve would take runs from other functions.",
        when=_in_functions,
    ),
    AcknowledgedFinding(
        path="Service/Api/Function",
        finding="NIST.800.53.R5-LambdaDLQ",
        reason="Its caller sees a failure; the webhook queue has dead letters of its own.",
        when=_in_functions,
    ),
    AcknowledgedFinding(
        path="Service/Web/Gateway",
        finding="AwsSolutions-APIG4",
        reason="The application checks tokens, keys and sessions itself, as in a container.",
        when=_in_functions,
    ),
    AcknowledgedFinding(
        path="Service/Web/Function",
        finding="NIST.800.53.R5-LambdaConcurrency",
        reason="The gateway's throttle bounds it; a reserve would take runs from other functions.",
        when=_in_functions,
    ),
    AcknowledgedFinding(
        path="Service/Web/Function",
        finding="NIST.800.53.R5-LambdaDLQ",
        reason="Its caller sees a failure; the webhook queue has dead letters of its own.",
        when=_in_functions,
    ),
    AcknowledgedFinding(
        path="Service/Users/Pool",
        finding="AwsSolutions-COG2",
        reason="For trying: a second factor is offered here, and demanded in other environments.",
        when=_optional_second_factor,
    ),
    AcknowledgedFinding(
        path="Service/Users/Pool",
        finding="AwsSolutions-COG8",
        reason="The plus plan costs for each user; administrators create users, with two factors.",
        when=_with_user_pool,
    ),
    AcknowledgedFinding(
        path="Service/Api/Broken",
        finding="NIST.800.53.R5-CloudWatchAlarmAction",
        reason="ECS reads its state to roll a deployment back; another alarm notifies people.",
        when=_in_containers,
    ),
    AcknowledgedFinding(
        path="Service/Web/Broken",
        finding="NIST.800.53.R5-CloudWatchAlarmAction",
        reason="ECS reads its state to roll a deployment back; another alarm notifies people.",
        when=_in_containers,
    ),
)
