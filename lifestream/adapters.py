"""SDK clients, and one environment composed of all its adapters."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import boto3
from botocore.exceptions import ClientError

from lifestream.environment import Stack, outputs_of, stacks_of_environment
from lifestream.ports import Operations
from runtime.aws import clients
from runtime.aws.dead_letters import SqsDeadLetters
from runtime.aws.erasures import DynamoErasures
from runtime.aws.job_store import DynamoJobStore
from runtime.aws.object_store import S3ObjectStore
from runtime.aws.queues import SqsQueue
from runtime.aws.sdk_errors import error_code, typed_faults
from runtime.aws.tasks import EcsTasks
from runtime.aws.xray import XRayTraces
from runtime.core.clock import SystemClock
from runtime.core.contract import EnvVar, Output
from runtime.core.errors import Permanent

T = TypeVar("T")

SDK_ATTEMPTS = 4
"""A person waits, so throttling is retried rather than reported."""


class Clients:
    """SDK clients by service, each made once, for the account and region of the AWS variables.

    Raises `Permanent` when no region is set.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._session = boto3.Session()
        region = variables.get(EnvVar.AWS_REGION) or self._session.region_name
        if not region:
            raise Permanent(
                "aws.no_region",
                "No AWS region is set.",
                "Set AWS_REGION, or AWS_PROFILE to a profile that has one.",
            )
        self.region = region
        self.endpoint_url = variables.get("AWS_ENDPOINT_URL", "")
        self._made: dict[str, Any] = {}

    @property
    def place(self) -> str:
        """The region or the local cloud's URL, for messages."""
        return f"the local cloud at {self.endpoint_url}" if self.endpoint_url else self.region

    def __call__(self, service: str) -> Any:
        """Return the client of a service."""
        if service not in self._made:
            connect: Callable[..., Any] = self._session.client
            self._made[service] = connect(
                service, region_name=self.region, config=clients.config(attempts=SDK_ATTEMPTS)
            )
        return self._made[service]

    def close(self) -> None:
        """Close the connections of all clients."""
        for client in self._made.values():
            client.close()


def unless_absent(code: str, read: Callable[[], T]) -> T | None:
    """Return what is read, or None if the service's error code says that it is absent."""
    try:
        return read()
    except ClientError as error:
        if code in error_code(error):
            return None
        raise


def stacks(aws: Clients, environment: str) -> list[Stack]:
    """Return an environment's stacks; raise `Permanent` if there is none.

    Each is described by its name: to describe all stacks of an account takes the right to see all
    of them.
    """
    listed = stacks_of_environment(list(listed_stacks(aws)), environment, place=aws.place)
    return [_described(aws, stack.name) for stack in listed]


def _described(aws: Clients, name: str) -> Stack:
    with typed_faults(f"reading the stack {name}"):
        (stack,) = aws("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return Stack(
        name=name,
        status=stack["StackStatus"],
        outputs={each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])},
        protected=bool(stack.get("EnableTerminationProtection")),
    )


class LambdaReaper:
    """The reaper's function in AWS Lambda."""

    def __init__(self, client: Any, function: str) -> None:
        self._client = client
        self._function = function

    def invoke(self, detail_type: str) -> None:
        """Have it handle an event of this type soon, without waiting for it."""
        with typed_faults(f"invoking {self._function}"):
            self._client.invoke(
                FunctionName=self._function,
                InvocationType="Event",
                Payload=json.dumps({"detail-type": detail_type}).encode(),
            )


def listed_stacks(aws: Clients) -> Iterator[Stack]:
    """Yield every stack of the account and region, without its outputs and its protection."""
    pages = aws("cloudformation").get_paginator("list_stacks").paginate()
    with typed_faults(f"listing the stacks in {aws.place}"):
        for page in pages:
            for stack in page["StackSummaries"]:
                if stack["StackStatus"] != "DELETE_COMPLETE":
                    yield Stack(name=stack["StackName"], status=stack["StackStatus"], outputs={})


def operations(aws: Clients, environment: str) -> Operations:
    """Return an environment to work on, found by its stacks; raise `Permanent` if there is none."""
    outputs = outputs_of(stacks(aws, environment), environment, place=aws.place)
    return operations_of(aws, environment, outputs)


def operations_of(aws: Clients, environment: str, outputs: Mapping[str, str]) -> Operations:
    """Return an environment to work on, given the outputs of its stacks."""
    return Operations(
        environment=environment,
        bucket=outputs[Output.MEDIA_BUCKET],
        log_group=outputs[Output.PROCESSOR_LOG_GROUP],
        jobs=DynamoJobStore(
            aws("dynamodb"),
            jobs_table=outputs[Output.JOBS_TABLE],
            idempotency_table=outputs[Output.IDEMPOTENCY_TABLE],
        ),
        objects=S3ObjectStore(aws("s3")),
        queue=SqsQueue(aws("sqs"), outputs[Output.JOBS_QUEUE_URL]),
        dead_letters=SqsDeadLetters(aws("sqs"), outputs[Output.JOBS_DLQ_URL]),
        tasks=EcsTasks(aws("ecs"), outputs[Output.CLUSTER]),
        traces=XRayTraces(aws("xray")),
        erasures=DynamoErasures(
            aws("dynamodb"),
            jobs_table=outputs[Output.JOBS_TABLE],
            idempotency_table=outputs[Output.IDEMPOTENCY_TABLE],
        ),
        reaper=LambdaReaper(aws("lambda"), outputs[Output.REAPER_FUNCTION]),
        clock=SystemClock(),
        object_days=int(outputs.get(Output.OBJECT_DAYS, "0")),
    )


def clients_of_this_process() -> Clients:
    """Return the clients that the process's own AWS variables lead to."""
    return Clients(os.environ)
