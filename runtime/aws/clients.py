"""SDK clients whose every call is bounded; a composition root makes each once per process."""

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
"""At least as many as the threads of any caller, so that none waits for another's socket."""


POLL_TIMEOUT_SECONDS = 25
"""For the answer to a long poll, which SQS gives after 20 s at the latest."""

TRACE_TIMEOUT_SECONDS = 1
"""To connect, and again for the answer: sending a trace takes at most about 2 s."""


def config(*, attempts: int = ATTEMPTS, read_timeout: int = READ_TIMEOUT_SECONDS) -> Config:
    """Return limits under which a call takes at most about 14 s, however sick the network is."""
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


def dynamodb(region: str) -> "DynamoDBClient":
    """Return a client of DynamoDB."""
    return boto3.client("dynamodb", region_name=region, config=config())


def ecs(region: str) -> "ECSClient":
    """Return a client of ECS that never retries by itself.

    `EcsTaskLauncher` retries, because it must know whether any attempt may have started a task.
    """
    return boto3.client("ecs", region_name=region, config=config(attempts=1))


def sqs(region: str) -> "SQSClient":
    """Return a client of SQS."""
    return boto3.client("sqs", region_name=region, config=config())


def sqs_polling(region: str) -> "SQSClient":
    """Return a client of SQS for long polls; it never retries by itself.

    A poll whose answer was lost hides a message that nobody has, and the next poll is a retry.
    """
    limits = config(attempts=1, read_timeout=POLL_TIMEOUT_SECONDS)
    return boto3.client("sqs", region_name=region, config=limits)


def xray(region: str) -> Any:
    """Return a client of X-Ray that gives up at once: nothing is worth waiting for a trace."""
    limits = Config(
        connect_timeout=TRACE_TIMEOUT_SECONDS,
        read_timeout=TRACE_TIMEOUT_SECONDS,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )
    connect: Callable[..., Any] = boto3.client
    return connect("xray", region_name=region, config=limits)
