import pytest

from local.cloud import LocalCloud
from tests.integration.cloud.conftest import Containers, Task
from tests.integration.cloud.waiting import until

pytestmark = pytest.mark.cloud


class Service:
    """A service of tasks that wait until they are stopped."""

    def __init__(self, containers: Containers, tasks: int) -> None:
        self.containers = containers
        self.ecs = containers.ecs
        self.ecs.create_service(
            cluster=containers.name,
            serviceName="any",
            taskDefinition=containers.define("wait", "0"),
            desiredCount=tasks,
        )
        self.await_running(tasks)

    def running(self) -> list[str]:
        listed = self.ecs.list_tasks(cluster=self.containers.name, serviceName="any")["taskArns"]
        if not listed:
            return []
        tasks: list[Task] = self.ecs.describe_tasks(cluster=self.containers.name, tasks=listed)[
            "tasks"
        ]
        return [
            task["taskArn"]
            for task in tasks
            if (task["lastStatus"], task["desiredStatus"]) == ("RUNNING", "RUNNING")
        ]

    def await_running(self, tasks: int) -> list[str]:
        until(lambda: len(self.running()) == tasks, f"{tasks} tasks are running")
        return self.running()

    def scale_to(self, tasks: int) -> None:
        self.ecs.update_service(cluster=self.containers.name, service="any", desiredCount=tasks)

    def protect(self, task: str, *, enabled: bool = True) -> None:
        answer = self.ecs.update_task_protection(
            cluster=self.containers.name,
            tasks=[task],
            protectionEnabled=enabled,
            **({"expiresInMinutes": 7} if enabled else {}),
        )
        assert answer["protectedTasks"][0]["protectionEnabled"] is enabled


def test_should_spare_protected_tasks_when_a_service_scales_in(containers: Containers) -> None:
    service = Service(containers, tasks=3)
    protected = service.running()[0]
    service.protect(protected)
    service.scale_to(1)
    assert service.await_running(1) == [protected]
    service.scale_to(0)
    service.protect(protected, enabled=False)
    service.scale_to(0)
    service.await_running(0)


def test_should_stop_a_protected_task_when_a_person_asks(containers: Containers) -> None:
    service = Service(containers, tasks=1)
    protected = service.running()[0]
    service.protect(protected)
    containers.ecs.stop_task(cluster=containers.name, task=protected)
    stopped = containers.await_status({"taskArn": protected}, "STOPPED")
    assert stopped["stopCode"] == "UserInitiated"
    service.scale_to(0)


def test_should_refuse_to_protect_a_task_of_no_service(
    containers: Containers, cloud: LocalCloud
) -> None:
    task = containers.run(containers.define("wait", "0"))
    answer = cloud.client("ecs").update_task_protection(
        cluster=containers.name, tasks=[task["taskArn"]], protectionEnabled=True
    )
    assert answer["protectedTasks"] == []
    assert answer["failures"] == [{"arn": task["taskArn"], "reason": "TASK_NOT_VALID"}]
