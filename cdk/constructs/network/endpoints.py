"""Private ways from the VPC to AWS's own services, and what may pass through them."""

from collections.abc import Callable
from dataclasses import dataclass

from aws_cdk import Aws
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam

from cdk.config import EnvironmentConfig
from cdk.naming import Names, bucket_arn
from runtime.core.contract import SERVICE_NAME


def _always(_environment: EnvironmentConfig) -> bool:
    return True


def _with_workers(environment: EnvironmentConfig) -> bool:
    return environment.workers is not None or environment.gpu is not None


def _with_machines(environment: EnvironmentConfig) -> bool:
    return environment.gpu is not None


def _with_bedrock(environment: EnvironmentConfig) -> bool:
    return environment.network.bedrock_endpoint


def _with_traces(environment: EnvironmentConfig) -> bool:
    return environment.observability.tracing


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An interface endpoint: which service, what needs it, and when."""

    name: str
    service: ec2.InterfaceVpcEndpointAwsService
    needed_by: str
    when: Callable[[EnvironmentConfig], bool] = _always


_SERVICES = ec2.InterfaceVpcEndpointAwsService

INTERFACE_ENDPOINTS = (
    Endpoint(name="EcrApi", service=_SERVICES.ECR, needed_by="ECS, to be told an image's layers"),
    Endpoint(name="EcrDocker", service=_SERVICES.ECR_DOCKER, needed_by="ECS, to pull an image"),
    Endpoint(name="Logs", service=_SERVICES.CLOUDWATCH_LOGS, needed_by="the log driver of tasks"),
    Endpoint(
        name="Ecs",
        service=_SERVICES.ECS,
        needed_by="workers that protect themselves, where no task agent does it for them",
        when=_with_workers,
    ),
    Endpoint(
        name="Sqs",
        service=_SERVICES.SQS,
        needed_by="workers that receive jobs and put them back",
        when=_with_workers,
    ),
    Endpoint(
        name="EcsAgent",
        service=_SERVICES.ECS_AGENT,
        needed_by="machines with a GPU, to be given tasks",
        when=_with_machines,
    ),
    Endpoint(
        name="EcsTelemetry",
        service=_SERVICES.ECS_TELEMETRY,
        needed_by="machines with a GPU, to report how they are",
        when=_with_machines,
    ),
    Endpoint(
        name="XRay",
        service=_SERVICES.XRAY,
        needed_by="processors, to tell a job's trace what they did",
        when=_with_traces,
    ),
    Endpoint(
        name="Bedrock",
        service=_SERVICES.BEDROCK_RUNTIME,
        needed_by="summaries from a model",
        when=_with_bedrock,
    ),
)
"""What tasks call besides S3 and DynamoDB, whose gateway endpoints cost nothing.

Not among them: KMS, which S3, SQS and DynamoDB ask themselves; CloudWatch metrics, which are made
of log lines; Lambda and EventBridge, which no task calls.
"""


def chosen(environment: EnvironmentConfig) -> list[Endpoint]:
    """Return the interface endpoints of an environment, none if it goes without."""
    wanted = environment.network.interface_endpoints
    return [endpoint for endpoint in INTERFACE_ENDPOINTS if wanted and endpoint.when(environment)]


def s3_policy(names: Names) -> list[iam.PolicyStatement]:
    """Let only our own bucket be reached, and the one that ECR keeps layers in.

    A role's policy says what we may do; this keeps whoever broke into a task, with keys of an
    account of their own, from carrying anything out to a bucket of their own.
    """
    media = bucket_arn(names.media_bucket)
    return [
        _anyone("OurObjects", ["GetObject", "PutObject", "AbortMultipartUpload"], f"{media}/*"),
        _anyone("OurBucket", ["ListBucket"], media),
        _anyone(
            "ImageLayers",
            ["GetObject"],
            f"arn:{Aws.PARTITION}:s3:::prod-{Aws.REGION}-starport-layer-bucket/*",
        ),
    ]


def dynamodb_policy(names: Names) -> list[iam.PolicyStatement]:
    """Let only tables of this environment be reached."""
    tables = f"arn:{Aws.PARTITION}:dynamodb:{Aws.REGION}:{Aws.ACCOUNT_ID}:table"
    return [
        _anyone(
            "OurTables",
            ["GetItem", "PutItem"],
            f"{tables}/{SERVICE_NAME}-*-{names.environment}",
            service="dynamodb",
        )
    ]


def _anyone(
    sid: str, actions: list[str], resource: str, *, service: str = "s3"
) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid=sid,
        # An endpoint's policy only takes away: who may do what is for the policies of roles.
        principals=[iam.AnyPrincipal()],
        actions=[f"{service}:{action}" for action in actions],
        resources=[resource],
    )
