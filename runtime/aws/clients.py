"""SDK clients with bounded calls; a composition root makes each once per process.

A client is thread-safe, and the adapters may share one.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 5
ATTEMPTS = 2
CONNECTIONS = 16
"""At least the number of threads of any caller, so that none waits for a connection."""


POLL_TIMEOUT_SECONDS = 25
"""Read timeout of a long poll, which SQS answers within 20 s."""

MODEL_ATTEMPTS = 4
"""Tries of one question to a model; throttles of Bedrock last for seconds."""

TRACE_TIMEOUT_SECONDS = 1
"""Connect and read timeout each: sending a trace takes about 2 s at most."""


def config(*, attempts: int = ATTEMPTS, read_timeout: int = READ_TIMEOUT_SECONDS) -> Config:
    """Return limits that bound a call to about 14 s."""
    mode: Literal["standard"] = "standard"
    return Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=read_timeout,
        retries={"total_max_attempts": attempts, "mode": mode},
        max_pool_connections=CONNECTIONS,
    )


def s3(region: str) -> "S3Client":
    """Return a client of S3."""
    return boto3.client("s3", region_name=region, config=config())


def s3_signing(region: str) -> "S3Client":
    """Return a client of S3 that presigns by SigV4, without checksums of what it cannot see."""
    limits = config().merge(
        Config(signature_version="s3v4", request_checksum_calculation="when_required")
    )
    return boto3.client("s3", region_name=region, config=limits)


def dynamodb(region: str) -> "DynamoDBClient":
    """Return a client of DynamoDB."""
    return boto3.client("dynamodb", region_name=region, config=config())


def ecs(region: str) -> "ECSClient":
    """Return a client of ECS that does not retry.

    `EcsTaskLauncher` retries itself, because it must know whether an attempt may have succeeded.
    """
    return boto3.client("ecs", region_name=region, config=config(attempts=1))


def sqs(region: str) -> "SQSClient":
    """Return a client of SQS."""
    return boto3.client("sqs", region_name=region, config=config())


def sqs_polling(region: str) -> "SQSClient":
    """Return a client of SQS for long polls that does not retry.

    A lost answer to a poll hides a message until its visibility timeout; the next poll is a retry.
    """
    limits = config(attempts=1, read_timeout=POLL_TIMEOUT_SECONDS)
    return boto3.client("sqs", region_name=region, config=limits)


def bedrock(region: str, *, read_timeout: int) -> Any:
    """Return a client of Bedrock's models: long answers, and retries that slow down by themselves.

    Adaptive retries share a rate between all threads, so that a throttled job asks less often.
    """
    limits = Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=read_timeout,
        retries={"total_max_attempts": MODEL_ATTEMPTS, "mode": "adaptive"},
        max_pool_connections=CONNECTIONS,
    )
    return _untyped("bedrock-runtime", region, limits)


def events(region: str) -> Any:
    """Return a client of EventBridge."""
    return _untyped("events", region, config())


def scaling(region: str) -> Any:
    """Return a client of Application Auto Scaling."""
    return _untyped("application-autoscaling", region, config())


def xray(region: str) -> Any:
    """Return a client of X-Ray that gives up at once, because traces must not delay a job."""
    limits = Config(
        connect_timeout=TRACE_TIMEOUT_SECONDS,
        read_timeout=TRACE_TIMEOUT_SECONDS,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )
    return _untyped("xray", region, limits)


def _untyped(service: str, region: str, limits: Config) -> Any:
    """Return a client of a service whose types are not installed."""
    connect: Callable[..., Any] = boto3.client
    return connect(service, region_name=region, config=limits)
