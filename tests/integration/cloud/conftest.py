import uuid
from collections.abc import Sequence
from typing import Any

import pytest

from local.cloud import LocalCloud
from tests.integration.cloud.stacks import Stacks
from tests.integration.cloud.waiting import until

Task = dict[str, Any]


class Containers:
    """Registers task definitions of the image `probe`, runs them and looks at them."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.ecs = cloud.client("ecs")
        self.logs = cloud.client("logs")
        self.name = f"probe-{uuid.uuid4().hex[:8]}"
        self.ecs.create_cluster(clusterName=self.name)
        self.logs.create_log_group(logGroupName=f"/ecs/{self.name}")

    def definition(self, *action: str, **changes: Any) -> dict[str, Any]:
        """Return a container that runs an action of `image/probe.py`."""
        return {
            "name": "probe",
            "image": "000000000000.dkr.ecr.us-east-1.amazonaws.com/probe:v1",
            "command": ["python", "-m", "probe", *action],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": f"/ecs/{self.name}",
                    "awslogs-region": "us-east-1",
                    "awslogs-stream-prefix": "task",
                },
            },
            **changes,
        }

    def register(self, containers: list[dict[str, Any]], **task: Any) -> str:
        """Register a task definition and return its ARN."""
        registered = self.ecs.register_task_definition(
            family=self.name, containerDefinitions=containers, networkMode="bridge", **task
        )
        arn: str = registered["taskDefinition"]["taskDefinitionArn"]
        return arn

    def define(self, *action: str, **changes: Any) -> str:
        """Register a task of one container and return its ARN."""
        return self.register([self.definition(*action, **changes)])

    def run(self, definition: str, **options: Any) -> Task:
        """Run one task."""
        answer = self.ecs.run_task(cluster=self.name, taskDefinition=definition, **options)
        task: Task = answer["tasks"][0]
        return task

    def describe(self, task: Task) -> Task:
        described: Task = self.ecs.describe_tasks(cluster=self.name, tasks=[task["taskArn"]])[
            "tasks"
        ][0]
        return described

    def await_status(self, task: Task, status: str) -> Task:
        def reached() -> Task | None:
            described = self.describe(task)
            return described if described["lastStatus"] == status else None

        return until(reached, f"the task is {status}")

    def lines(self, task: Task, container: str = "probe") -> list[str]:
        """Return a container's log lines so far, none before it has started."""
        stream = f"task/{container}/{task['taskArn'].rsplit('/', 1)[-1]}"
        try:
            found = self.logs.get_log_events(
                logGroupName=f"/ecs/{self.name}", logStreamName=stream, startFromHead=True
            )
        except self.logs.exceptions.ResourceNotFoundException:
            return []  # the stream comes with the process
        return [event["message"] for event in found["events"]]

    def run_to_end(self, action: Sequence[str], **changes: Any) -> tuple[Task, list[str]]:
        """Run an action to its end; return the stopped task and its log."""
        task = self.run(self.define(*action, **changes))
        return self.await_status(task, "STOPPED"), self.lines(task)


@pytest.fixture
def containers(cloud: LocalCloud) -> Containers:
    return Containers(cloud)


@pytest.fixture
def stacks(cloud: LocalCloud) -> Stacks:
    return Stacks(cloud)
