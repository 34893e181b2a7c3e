"""The deployed system with a pool: a worker that stays, and what it says of its work."""

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from runtime.core.contract import Output
from runtime.core.jobs import Source
from tests.integration.cloud.waiting import until
from tests.integration.permissions.grants import Role
from tests.integration.permissions.system import BrokenError, System


class Pool(System):
    """An environment whose jobs wait in a queue for workers."""

    @cached_property
    def roles(self) -> Mapping[str, Role]:
        """The roles by what they are for, tasks' being the workers'."""
        return {f"pool {name}": role for name, role in super().roles.items()}

    @cached_property
    def task_definition(self) -> str:
        """The revision of the workers."""
        return str(self._service["taskDefinition"])

    @cached_property
    def network(self) -> dict[str, Any]:
        """Where workers run."""
        found: dict[str, Any] = self._service["networkConfiguration"]
        return found

    def scale(self, workers: int) -> None:
        """Have so many workers, whatever the policies make of an idle pool.

        A message that a worker receives while it is scaled in waits for its visibility timeout.
        """
        cluster = self.deployed.outputs[Output.CLUSTER]
        self.client("application-autoscaling").register_scalable_target(
            ServiceNamespace="ecs",
            ScalableDimension="ecs:service:DesiredCount",
            ResourceId=f"service/{cluster}/{self.names.worker}",
            MinCapacity=workers,
            MaxCapacity=workers,
        )

    def send(self, body: str) -> str:
        """Put a message into the work queue; return its id."""
        sent = self.client("sqs").send_message(QueueUrl=self.work_queue, MessageBody=body)
        return str(sent["MessageId"])

    def said(self, *, since: float, about: str) -> list[Mapping[str, Any]]:
        """Return what workers have logged about something since a time."""
        group = self.deployed.outputs[Output.PROCESSOR_LOG_GROUP]
        return [json.loads(line) for line in self.lines(group, about, since=since)]

    def complaint(self, *, since: float, source: Source) -> str | None:
        """Return what a worker was refused since a time, for a job or while polling."""
        for line in self.said(since=since, about="AccessDenied"):
            if line.get("job_id") == source.job_id or line["action"] == "worker.poll_failed":
                return json.dumps(line)
        return None

    def worked_on(self, source: Source, *, since: float) -> None:
        """Wait for the end of a job; raise `BrokenError` at the first complaint."""

        def ended() -> str | None:
            job = self.jobs.get(source.job_id)
            if job is not None and job.ended:
                return str(job.state)
            return self.complaint(since=since, source=source)

        if (outcome := until(ended, f"{source.key} is worked on")) != "SUCCEEDED":
            raise BrokenError(outcome)

    @cached_property
    def work_queue(self) -> str:
        """The URL of the work queue."""
        url: str = self.client("sqs").get_queue_url(QueueName=self.names.work_queue)["QueueUrl"]
        return url

    @cached_property
    def _service(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.client("ecs").describe_services(
            cluster=self.deployed.outputs[Output.CLUSTER], services=[self.names.worker]
        )["services"][0]
        return found
