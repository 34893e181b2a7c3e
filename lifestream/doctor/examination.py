"""Examines an environment from its stacks to its jobs; one finding does not stop the others."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import TypeVar

from lifestream import adapters
from lifestream.adapters import Clients
from lifestream.default_groups import default_groups
from lifestream.doctor import aws_reader, resource_checks, work_checks
from lifestream.doctor.findings import Finding, unreadable
from lifestream.doctor.snapshot import Function, Queue
from lifestream.environment import merged_outputs
from runtime.aws.job_store import DynamoJobStore
from runtime.core.clock import WallClock
from runtime.core.contract import EnvVar, IdempotencyTable, JobsTable, Output
from runtime.core.errors import LifestreamError
from runtime.core.jobs import ENDED, Job, State

A = TypeVar("A")
T = TypeVar("T")

JOBS_LOOKED_AT = 200
"""Of each state, those that changed longest ago: what is stuck is among them."""

Resources = Mapping[str, list[str]]
"""Physical ids by type of resource."""


class Examination:
    """Examines one environment; `findings` grow on the way.

    What cannot be read becomes a finding of its own, and the rest is examined all the same.
    `retain` says whether the environment retains its data (None: unknown); `on_step` is called
    with the name of each step.
    """

    def __init__(
        self,
        aws: Clients,
        *,
        environment: str,
        retain: bool | None,
        clock: WallClock,
        on_step: Callable[[str], object],
    ) -> None:
        self._aws = aws
        self._environment = environment
        self._retain = retain
        self._clock = clock
        self._on_step = on_step
        self._command = f"python -m lifestream --environment {environment}"
        self._outputs: dict[str, str] = {}
        self.findings: list[Finding] = []

    def run(self) -> list[Finding]:
        """Examine everything; raise `LifestreamError` when there is no such environment."""
        self._on_step("stacks")
        stacks = adapters.stacks(self._aws, self._environment)
        self._outputs = merged_outputs(stacks)
        self.findings += resource_checks.check_stacks(stacks, self._environment)
        self.findings += resource_checks.check_protection(
            stacks, self._environment, retain=self._retain
        )
        resources: Resources = self._read("the stacks", aws_reader.resources, stacks) or {}
        functions = self._examine_functions(resources)
        wanted = self._outputs.get(Output.DISPATCHER_FUNCTION)
        dispatcher = next((each for each in functions if each.name == wanted), None)
        queue = self._examine_queues(dispatcher)
        self._examine_dispatcher(dispatcher, queue)
        self._examine_workers(resources)
        self._examine_stores(queue)
        self._examine_surroundings(resources, functions)
        self._examine_jobs()
        return self.findings

    def _examine_functions(self, resources: Resources) -> list[Function]:
        self._on_step("functions")
        names = resources.get("AWS::Lambda::Function", [])
        functions = list(self._each("function", names, aws_reader.function))
        for function in functions:
            self.findings += work_checks.check_function(function)
        return functions

    def _examine_queues(self, dispatcher: Function | None) -> Queue | None:
        self._on_step("queues")
        if dead_letters := self._read_output(Output.JOBS_DLQ_URL, aws_reader.queue):
            self.findings += resource_checks.check_dead_letters(dead_letters, command=self._command)
        if queue := self._read_output(Output.JOBS_QUEUE_URL, aws_reader.queue):
            self.findings += resource_checks.check_jobs_queue(
                queue,
                dead_letters=dead_letters,
                function_timeout_seconds=dispatcher.timeout_seconds if dispatcher else None,
            )
        return queue

    def _examine_dispatcher(self, dispatcher: Function | None, queue: Queue | None) -> None:
        if dispatcher is None:
            return
        self._on_step("what the dispatcher starts")
        self.findings += work_checks.check_dispatcher(
            dispatcher, queue_arn=queue.arn if queue else None, expected=self._expected_variables()
        )
        self._examine_definition(dispatcher.variables.get(EnvVar.TASK_DEFINITION_ARN, ""))

    def _examine_workers(self, resources: Resources) -> None:
        self._on_step("workers and their queue")
        if dead_letters := self._read_output(Output.WORK_DLQ_URL, aws_reader.queue):
            self.findings += resource_checks.check_work_dead_letters(dead_letters)
        if queue := self._read_output(Output.WORK_QUEUE_URL, aws_reader.queue):
            self.findings += resource_checks.check_jobs_queue(
                queue, dead_letters=dead_letters, function_timeout_seconds=None
            )
        services = resources.get("AWS::ECS::Service", [])
        for service in self._each("service", services, aws_reader.service):
            self.findings += work_checks.check_service(service)
            self._examine_definition(service.task_definition_arn)

    def _examine_definition(self, arn: str) -> None:
        arns = [arn] if arn else []
        for definition in self._each("task definition", arns, aws_reader.task_definition):
            self.findings += work_checks.check_task_definition(definition)
            for image in self._each("image", [definition.image_uri], aws_reader.image):
                self.findings += work_checks.check_image(image)
            self._examine_roles(definition.role_arns)

    def _examine_stores(self, queue: Queue | None) -> None:
        self._on_step("tables and bucket")
        for output, ttl, index in (
            (Output.JOBS_TABLE, JobsTable.TTL_ATTRIBUTE, JobsTable.STATE_INDEX),
            (Output.IDEMPOTENCY_TABLE, IdempotencyTable.TTL_ATTRIBUTE, None),
        ):
            if table := self._read_output(output, aws_reader.table):
                self.findings += resource_checks.check_table(
                    table, ttl_attribute=ttl, index=index, retain=self._retain
                )
        if bucket := self._read_output(Output.MEDIA_BUCKET, aws_reader.bucket):
            self.findings += resource_checks.check_bucket(
                bucket, queue_arn=queue.arn if queue else None
            )

    def _examine_surroundings(self, resources: Resources, functions: list[Function]) -> None:
        self._on_step("network, cluster, rules, roles and alarms")
        vpcs = resources.get("AWS::EC2::VPC", [])
        for group in self._read("the default security group", default_groups, vpcs) or []:
            self.findings += resource_checks.check_default_group(group, self._environment)
        if cluster := self._read_output(Output.CLUSTER, aws_reader.cluster):
            self.findings += work_checks.check_cluster(cluster)
        rules = list(self._each("rule", resources.get("AWS::Events::Rule", []), aws_reader.rule))
        for rule in rules:
            self.findings += work_checks.check_rule(rule)
        self.findings += work_checks.check_reaper(functions, rules)
        self._examine_roles(resources.get("AWS::IAM::Role", []))
        names = [
            *resources.get("AWS::CloudWatch::Alarm", []),
            *resources.get("AWS::CloudWatch::CompositeAlarm", []),
        ]
        for alarm in self._read("the alarms", aws_reader.alarms, names) or []:
            self.findings += work_checks.check_alarm(alarm)

    def _examine_roles(self, arns: Iterable[str]) -> None:
        for role in self._each("role", arns, aws_reader.role):
            self.findings += work_checks.check_role(role)

    def _examine_jobs(self) -> None:
        self._on_step("jobs")
        jobs = self._read_output(Output.JOBS_TABLE, self._unended_jobs)
        self.findings += work_checks.check_jobs(
            jobs or [], now=self._clock.now(), command=self._command
        )

    def _unended_jobs(self, aws: Clients, jobs_table: str) -> list[Job]:
        store = DynamoJobStore(
            aws("dynamodb"),
            jobs_table=jobs_table,
            idempotency_table=self._outputs.get(Output.IDEMPOTENCY_TABLE, ""),
        )
        return [
            job
            for state in State
            if state not in ENDED
            for job in islice(store.in_state(state), JOBS_LOOKED_AT)
        ]

    def _expected_variables(self) -> dict[EnvVar, str]:
        named = {
            EnvVar.MEDIA_BUCKET: Output.MEDIA_BUCKET,
            EnvVar.JOBS_TABLE: Output.JOBS_TABLE,
            EnvVar.IDEMPOTENCY_TABLE: Output.IDEMPOTENCY_TABLE,
            EnvVar.ECS_CLUSTER_NAME: Output.CLUSTER,
        }
        known = {
            variable: self._outputs[output]
            for variable, output in named.items()
            if output in self._outputs
        }
        return {EnvVar.ENVIRONMENT: self._environment, **known}

    def _read_output(self, output: Output, read: Callable[[Clients, str], T]) -> T | None:
        value = self._outputs.get(output)
        return None if value is None else self._read(value, read, value)

    def _each(
        self, kind: str, names: Iterable[str], read: Callable[[Clients, str], T]
    ) -> Iterator[T]:
        """Yield what can be read of these resources of one kind."""
        for name in names:
            if (found := self._read(f"{kind} {name}", read, name)) is not None:
                yield found

    def _read(self, subject: str, read: Callable[[Clients, A], T], given: A) -> T | None:
        try:
            return read(self._aws, given)
        except LifestreamError as error:
            self.findings.append(unreadable(subject, error))
            return None
