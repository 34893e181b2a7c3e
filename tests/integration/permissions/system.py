"""The deployed system with its permissions enforced, and the calls that scenarios are made of."""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cdk.naming import Names
from local.deployed import Deployed, job_store
from runtime.aws.job_store import DynamoJobStore
from runtime.aws.object_store import S3ObjectStore
from runtime.core.clock import SystemClock
from runtime.core.contract import (
    PROCESSOR_CONTAINER_NAME,
    UPLOADS_PREFIX,
    EnvVar,
    Output,
    stack_prefix,
)
from runtime.core.jobs import Job, Source
from runtime.core.messages import Upload, confirm_message
from tests.integration.cloud.waiting import until
from tests.integration.permissions.grants import Role

ON_DEMAND, POOLED = "prod", "staging"
"""The environments: each job has a task in one, jobs wait for workers in the other."""

PROGRAM_MODULE = "given_program"
"""Beside the processor's code in the local cloud: runs the program that it is given."""

MAPPING_SETTINGS = (
    "EventSourceArn",
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "ScalingConfig",
    "FunctionResponseTypes",
)


class BrokenError(AssertionError):
    """The system does not do what it is for; the message is what an operator would find."""


@dataclass(frozen=True)
class System:
    """An environment whose roles are really limited. The caller is the account's administrator."""

    deployed: Deployed
    environment: str
    clip: bytes

    def client(self, service: str) -> Any:
        """Return the administrator's client."""
        return self.deployed.cloud.client(service)

    @property
    def names(self) -> Names:
        """The environment's physical names."""
        return Names(self.environment)

    @cached_property
    def jobs(self) -> DynamoJobStore:
        """The job records."""
        return job_store(self.deployed)

    @cached_property
    def roles(self) -> Mapping[str, Role]:
        """The roles of the main path, by what they are for."""
        functions = {
            "dispatcher": self._function(Output.DISPATCHER_FUNCTION),
            "reaper": self._function(Output.REAPER_FUNCTION),
        }
        definition = self.client("ecs").describe_task_definition(
            taskDefinition=self.task_definition
        )["taskDefinition"]
        arns = {
            **{name: function["Role"] for name, function in functions.items()},
            "task": definition["taskRoleArn"],
            "execution": definition["executionRoleArn"],
        }
        names = {
            definition["taskRoleArn"]: "task role",
            definition["executionRoleArn"]: "execution role",
            f"{definition['taskDefinitionArn'].rpartition(':')[0]}:*": "task definition",
            f"arn:aws:s3:::{self.deployed.bucket}": "media",
        }
        iam = self.client("iam")
        return {name: Role(iam, arn, names) for name, arn in arns.items()}

    def deployed_roles(self) -> dict[str, str]:
        """Return the names of all roles of the environment's stacks, by logical id."""
        cloudformation = self.client("cloudformation")
        return {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"].rsplit("/", 1)[-1]
            for stack in cloudformation.describe_stacks()["Stacks"]
            if stack["StackName"].startswith(stack_prefix(self.environment))
            for resource in cloudformation.list_stack_resources(StackName=stack["StackName"])[
                "StackResourceSummaries"
            ]
            if resource["ResourceType"] == "AWS::IAM::Role"
        }

    @cached_property
    def task_definition(self) -> str:
        """The revision that the dispatcher starts."""
        variables = self._function(Output.DISPATCHER_FUNCTION)["Environment"]["Variables"]
        return str(variables[EnvVar.TASK_DEFINITION_ARN])

    @cached_property
    def network(self) -> dict[str, Any]:
        """Where tasks run."""
        variables = self._function(Output.DISPATCHER_FUNCTION)["Environment"]["Variables"]
        return {
            "awsvpcConfiguration": {
                "subnets": variables[EnvVar.TASK_SUBNET_IDS].split(","),
                "securityGroups": variables[EnvVar.TASK_SECURITY_GROUP_IDS].split(","),
            }
        }

    @staticmethod
    def now() -> float:
        """Return the time, in seconds since the epoch."""
        return SystemClock().now()

    def put(self, content: bytes | None = None) -> Source:
        """Upload a video under a new name."""
        store = S3ObjectStore(self.client("s3"))
        key = f"{UPLOADS_PREFIX}{uuid.uuid4().hex}.mp4"
        store.write_bytes(content or self.clip, self.deployed.bucket, key, "video/mp4")
        return store.head(self.deployed.bucket, key)

    def dispatch(self, key: str) -> list[str]:
        """Give the dispatcher a message about an upload; return the messages it failed on."""
        body = confirm_message(Upload(self.deployed.bucket, key))
        answer = self.invoke(
            Output.DISPATCHER_FUNCTION,
            {"Records": [{"messageId": key, "body": body, "eventSource": "aws:sqs"}]},
        )
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def invoke(self, function: Output, event: Mapping[str, Any]) -> Any:
        """Invoke a function and return its answer; raise `BrokenError` when it fails."""
        answer = self.client("lambda").invoke(
            FunctionName=self.deployed.outputs[function], Payload=json.dumps(event)
        )
        content = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer:
            raise BrokenError(f"{function} failed: {content}")
        return content

    def job(self, source: Source) -> Job:
        """Return an upload's job, which must be there."""
        job = self.jobs.get(source.job_id)
        if job is None:
            raise BrokenError(f"no job is known of {source.key}")
        return job

    def launched_task(self, source: Source) -> str:
        """Return the ARN of the task that the dispatcher says it started for an upload."""
        said = self.function_lines(Output.DISPATCHER_FUNCTION, source.job_id)
        arns = [json.loads(line).get("task_arn") for line in said]
        if not any(arns):
            raise BrokenError(f"no task was started for {source.key}, or nothing logged: {said}")
        return str(next(arn for arn in arns if arn))

    def run(self, program: str, *, started_by: str, definition: str | None = None) -> str:
        """Start a Python program as a task, by default of the processor's definition.

        Return the task's ARN.
        """
        answer = self.client("ecs").run_task(
            cluster=self.deployed.outputs[Output.CLUSTER],
            taskDefinition=definition or self.task_definition,
            startedBy=started_by,
            networkConfiguration=self.network,
            overrides={
                "containerOverrides": [
                    {"name": PROCESSOR_CONTAINER_NAME, "command": [PROGRAM_MODULE, program]}
                ]
            },
        )
        arn: str = answer["tasks"][0]["taskArn"]
        return arn

    def task(self, arn: str) -> Mapping[str, Any]:
        """Return a task as it is now."""
        found: Mapping[str, Any] = self.client("ecs").describe_tasks(
            cluster=self.deployed.outputs[Output.CLUSTER], tasks=[arn]
        )["tasks"][0]
        return found

    def ended(self, arn: str) -> Mapping[str, Any]:
        """Wait for a task's end and return it."""

        def stopped() -> Mapping[str, Any] | None:
            task = self.task(arn)
            return task if task["lastStatus"] == "STOPPED" else None

        return until(stopped, f"{arn} has stopped")

    def lines(self, group: str, about: str, *, since: float = 0.0) -> list[str]:
        """Return the lines of a log group that mention something, from a time on."""
        events = self.client("logs").filter_log_events(
            logGroupName=group, startTime=int(since * 1000)
        )["events"]
        return [event["message"] for event in events if about in event["message"]]

    def function_lines(self, function: Output, about: str) -> list[str]:
        """Return a function's log lines that mention something."""
        return self.lines(f"/aws/lambda/{self.deployed.outputs[function]}", about)

    def untraced(self, role: str, *, since: float) -> set[str]:
        """Return the codes with which the code of a role says that it could not send traces."""
        function = self._function_of(role)
        group = (
            self.deployed.outputs[Output.PROCESSOR_LOG_GROUP]
            if function is None
            else f"/aws/lambda/{function}"
        )
        lines = self.lines(group, "traces.not_sent", since=since)
        return {json.loads(line)["code"] for line in lines}

    def start_anew(self, role: str) -> None:
        """Have the next call of a role's function run in a new environment; tasks do so anyway."""
        if function := self._function_of(role):
            client = self.client("lambda")
            seconds = client.get_function_configuration(FunctionName=function)["Timeout"]
            client.update_function_configuration(FunctionName=function, Timeout=seconds)
            client.get_waiter("function_updated_v2").wait(FunctionName=function)

    def _function_of(self, role: str) -> str | None:
        functions = {
            "dispatcher": Output.DISPATCHER_FUNCTION,
            "reaper": Output.REAPER_FUNCTION,
        }
        output = functions.get(role.removeprefix("pool "))
        return None if output is None else self.deployed.outputs[output]

    @cached_property
    def _mapping(self) -> dict[str, Any]:
        """What the deployed mapping of the jobs queue to the dispatcher was made of."""
        found = self.client("lambda").list_event_source_mappings(
            FunctionName=self.deployed.outputs[Output.DISPATCHER_FUNCTION]
        )["EventSourceMappings"][0]
        return {name: found[name] for name in ("UUID", *MAPPING_SETTINGS) if name in found}

    def stop_polling(self) -> None:
        """Take the deployed mapping away, so that messages wait until a scenario takes them."""
        self.client("lambda").delete_event_source_mapping(UUID=self._mapping["UUID"])

    @contextmanager
    def polling(self) -> Iterator[Callable[[], str]]:
        """Have Lambda poll the jobs queue, emptied before, until the block ends.

        Yield what shows the result of the last poll; it knows nothing of earlier mappings.
        """
        client = self.client("lambda")
        self.client("sqs").purge_queue(QueueUrl=self.deployed.outputs[Output.JOBS_QUEUE_URL])
        settings = {name: self._mapping[name] for name in MAPPING_SETTINGS if name in self._mapping}
        try:
            made = client.create_event_source_mapping(
                FunctionName=self.deployed.outputs[Output.DISPATCHER_FUNCTION], **settings
            )["UUID"]
        except client.exceptions.InvalidParameterValueException as error:
            raise BrokenError(str(error)) from error
        try:
            yield lambda: str(
                client.get_event_source_mapping(UUID=made).get("LastProcessingResult")
            )
        finally:
            client.delete_event_source_mapping(UUID=made)

    def messages(self, queue: Output) -> list[str]:
        """Take the bodies of all messages of a queue."""
        return self.messages_of(self.deployed.outputs[queue])

    def messages_of(self, url: str) -> list[str]:
        """Take the bodies of all messages of the queue at a URL."""
        sqs = self.client("sqs")
        bodies = []
        while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in found:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            bodies += [message["Body"] for message in found]
        return bodies

    def dead_events(self) -> list[str]:
        """Take the bodies of the events that the reaper failed on for good."""
        return self.messages_of(self._reaper_dead_letters)

    def sum_of(self, namespace: str, metric: str, **dimensions: str) -> int:
        """Return the sum of a metric so far."""
        found = self.client("cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=self.now() - 3600,
            EndTime=self.now() + 60,
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"]
        return int(sum(point["Sum"] for point in found))

    @cached_property
    def _reaper_dead_letters(self) -> str:
        name = self.names.reaper_dlq
        url: str = self.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
        return url

    def _function(self, output: Output) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.client("lambda").get_function_configuration(
            FunctionName=self.deployed.outputs[output]
        )
        return found
