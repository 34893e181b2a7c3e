import pytest

from local.cloud import LocalCloud
from tests.integration.cloud.conftest import Containers
from tests.integration.cloud.services import Service

pytestmark = pytest.mark.cloud


def test_should_spare_protected_tasks_when_a_service_scales_in(containers: Containers) -> None:
    service = Service(containers, tasks=3)
    protected = service.await_running(3)[0]
    service.protect(protected)
    service.scale_to(1)
    assert service.await_running(1) == [protected]
    service.scale_to(0)
    service.protect(protected, enabled=False)
    service.await_running(0)


def test_should_stop_a_protected_task_when_a_person_asks(containers: Containers) -> None:
    service = Service(containers, tasks=1)
    (protected,) = service.await_running(1)
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
