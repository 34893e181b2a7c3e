"""A service of the local cloud, and what becomes of its tasks."""

from typing import Any

from tests.integration.cloud.conftest import Containers, Task
from tests.integration.cloud.waiting import until

NAME = "any"


class Service:
    """A service of tasks that wait until they are stopped."""

    def __init__(
        self, containers: Containers, tasks: int, definition: str | None = None, **options: Any
    ) -> None:
        self.containers = containers
        self.ecs = containers.ecs
        self.ecs.create_service(
            cluster=containers.name,
            serviceName=NAME,
            taskDefinition=definition or containers.define("wait", "0"),
            desiredCount=tasks,
            **options,
        )

    def update(self, **options: Any) -> None:
        self.ecs.update_service(cluster=self.containers.name, service=NAME, **options)

    def scale_to(self, tasks: int) -> None:
        self.update(desiredCount=tasks)

    def delete(self) -> None:
        self.ecs.delete_service(cluster=self.containers.name, service=NAME, force=True)

    def describe(self) -> dict[str, Any]:
        described: dict[str, Any] = self.ecs.describe_services(
            cluster=self.containers.name, services=[NAME]
        )["services"][0]
        return described

    def deployment(self) -> dict[str, Any]:
        """Return the primary deployment; while another one becomes it, there may be none."""

        def primary() -> dict[str, Any] | None:
            deployments: list[dict[str, Any]] = self.describe()["deployments"]
            return next((d for d in deployments if d["status"] == "PRIMARY"), None)

        return until(primary, "a deployment is the primary one")

    def tasks(self, desired_status: str = "RUNNING") -> list[Task]:
        """Return the service's tasks of a desired status."""
        listed = self.ecs.list_tasks(
            cluster=self.containers.name, serviceName=NAME, desiredStatus=desired_status
        )["taskArns"]
        if not listed:
            return []
        found: list[Task] = self.ecs.describe_tasks(cluster=self.containers.name, tasks=listed)[
            "tasks"
        ]
        return found

    def running(self) -> list[str]:
        return [
            task["taskArn"]
            for task in self.tasks()
            if (task["lastStatus"], task["desiredStatus"]) == ("RUNNING", "RUNNING")
        ]

    def await_running(self, tasks: int) -> list[str]:
        def reached() -> tuple[list[str]] | None:
            running = self.running()
            return (running,) if len(running) == tasks else None

        (running,) = until(reached, f"{tasks} tasks are running")
        return running

    def await_steady(self) -> None:
        until(lambda: self.deployment()["rolloutState"] == "COMPLETED", "the deployment is over")

    def protect(self, task: str, *, enabled: bool = True) -> None:
        answer = self.ecs.update_task_protection(
            cluster=self.containers.name,
            tasks=[task],
            protectionEnabled=enabled,
            **({"expiresInMinutes": 7} if enabled else {}),
        )
        assert answer["protectedTasks"][0]["protectionEnabled"] is enabled
