"""VPC endpoints of AWS services, and the policies of the gateway endpoints."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aws_cdk import Aws
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam

from cdk.config import EnvironmentConfig
from cdk.naming import Names, bucket_arn, local_arn
from runtime.core.contract import SERVICE_NAME


def _with_workers(environment: EnvironmentConfig) -> bool:
    return environment.workers is not None or environment.gpu is not None


def _with_machines(environment: EnvironmentConfig) -> bool:
    return environment.gpu is not None


def _with_model_key(environment: EnvironmentConfig) -> bool:
    return environment.summary is not None and environment.summary.api_key_secret is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An interface endpoint: its service, what needs it, and in which environments.

    `prefix` is that of the service's actions, None where it supports no endpoint policies.
    """

    name: str
    service: ec2.InterfaceVpcEndpointAwsService
    needed_by: str
    prefix: str | None
    when: Callable[[EnvironmentConfig], bool] = lambda _environment: True


_OUR_ACCOUNT = {"StringEquals": {"aws:PrincipalAccount": Aws.ACCOUNT_ID}}

_SERVICES = ec2.InterfaceVpcEndpointAwsService

INTERFACE_ENDPOINTS = (
    Endpoint(
        name="EcrApi",
        service=_SERVICES.ECR,
        prefix="ecr",
        needed_by="ECS, to list an image's layers",
    ),
    Endpoint(
        name="EcrDocker",
        service=_SERVICES.ECR_DOCKER,
        prefix="ecr",
        needed_by="ECS, to pull an image",
    ),
    Endpoint(
        name="Logs",
        service=_SERVICES.CLOUDWATCH_LOGS,
        prefix="logs",
        needed_by="the log driver of tasks",
    ),
    Endpoint(
        name="Ecs",
        service=_SERVICES.ECS,
        prefix="ecs",
        needed_by="workers that protect themselves, where no task agent does it for them",
        when=_with_workers,
    ),
    Endpoint(
        name="Sqs",
        service=_SERVICES.SQS,
        prefix="sqs",
        needed_by="workers that receive jobs and requeue them",
        when=_with_workers,
    ),
    Endpoint(
        name="EcsAgent",
        service=_SERVICES.ECS_AGENT,
        needed_by="machines with a GPU, to receive tasks",
        prefix=None,
        when=_with_machines,
    ),
    Endpoint(
        name="EcsTelemetry",
        service=_SERVICES.ECS_TELEMETRY,
        needed_by="machines with a GPU, to report their health",
        prefix=None,
        when=_with_machines,
    ),
    Endpoint(
        name="Commands",
        service=_SERVICES.SSM_MESSAGES,
        prefix="ssmmessages",
        needed_by="ECS Exec, for the sessions of its agent",
        when=lambda environment: environment.execute_command,
    ),
    Endpoint(
        name="XRay",
        service=_SERVICES.XRAY,
        prefix="xray",
        needed_by="processors, to send trace segments",
        when=lambda environment: environment.observability.tracing,
    ),
    Endpoint(
        name="Bedrock",
        service=_SERVICES.BEDROCK_RUNTIME,
        prefix="bedrock",
        needed_by="summaries from a model",
        when=lambda environment: environment.network.bedrock_endpoint,
    ),
    Endpoint(
        name="SecretsManager",
        service=_SERVICES.SECRETS_MANAGER,
        prefix="secretsmanager",
        needed_by="ECS, to read the API key of a model server",
        when=_with_model_key,
    ),
)
"""Services that tasks call besides S3 and DynamoDB, whose gateway endpoints cost nothing.

Not among them: KMS, which S3, SQS and DynamoDB call themselves; CloudWatch metrics, which are
extracted from log lines; Lambda and EventBridge, which no task calls.
"""


def chosen(environment: EnvironmentConfig) -> list[Endpoint]:
    """Return the interface endpoints of an environment, none if they are switched off."""
    wanted = environment.network.interface_endpoints
    return [endpoint for endpoint in INTERFACE_ENDPOINTS if wanted and endpoint.when(environment)]


def account_policy(prefix: str) -> iam.PolicyStatement:
    """Admit credentials of this account alone: those of others can carry no data out."""
    return iam.PolicyStatement(
        sid="OurAccount",
        principals=[iam.AnyPrincipal()],
        actions=[f"{prefix}:*"],
        resources=["*"],
        conditions=_OUR_ACCOUNT,
    )


def s3_policy(names: Names) -> list[iam.PolicyStatement]:
    """Admit only the media bucket, and the bucket that ECR serves layers from.

    Roles limit what our credentials may do. This limits credentials of another account: an
    attacker in a task cannot copy data to a bucket outside. Layers are read by URLs that ECR signs.
    """
    media = bucket_arn(names.media_bucket)
    return [
        _allow(
            "OurObjects",
            ["GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload"],
            f"{media}/*",
        ),
        _allow("OurBucket", ["ListBucket"], media),
        _allow(
            "ImageLayers",
            ["GetObject"],
            f"arn:{Aws.PARTITION}:s3:::prod-{Aws.REGION}-starport-layer-bucket/*",
            conditions={},
        ),
    ]


def dynamodb_policy(names: Names) -> list[iam.PolicyStatement]:
    """Admit only the tables of this environment."""
    return [
        _allow(
            "OurTables",
            ["GetItem", "PutItem"],
            local_arn("dynamodb", f"table/{SERVICE_NAME}-*-{names.environment}"),
            service="dynamodb",
        )
    ]


def _allow(
    sid: str,
    actions: list[str],
    resource: str,
    *,
    service: str = "s3",
    conditions: dict[str, Any] = _OUR_ACCOUNT,
) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid=sid,
        # An endpoint's policy grants nothing; the policies of roles do.
        principals=[iam.AnyPrincipal()],
        actions=[f"{service}:{action}" for action in actions],
        resources=[resource],
        conditions=conditions,
    )
