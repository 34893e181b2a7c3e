import itertools
from collections import Counter
from typing import Any

import pytest

from tests.integration.cloud.conftest import Containers
from tests.integration.cloud.services import Service
from tests.integration.cloud.waiting import until

pytestmark = pytest.mark.cloud

BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}


def test_should_stop_as_the_scheduler_does_when_scaled_in(containers: Containers) -> None:
    service = Service(containers, tasks=2)
    first = set(service.await_running(2))
    service.await_steady()
    service.scale_to(1)
    kept = set(service.await_running(1))
    (gone,) = first - kept
    stopped = containers.await_status({"taskArn": gone}, "STOPPED")
    assert stopped["stopCode"] == "ServiceSchedulerInitiated"
    assert stopped["stoppedReason"].startswith("Scaling activity initiated by (deployment ecs-svc")
    assert stopped["group"] == "service:any"
    assert containers.lines(stopped)[-1] == "asked to stop"
    service.delete()


def test_should_replace_a_task_that_a_person_stops(containers: Containers) -> None:
    service = Service(containers, tasks=1)
    (first,) = service.await_running(1)
    containers.ecs.stop_task(cluster=containers.name, task=first)
    until(lambda: service.running() not in ([], [first]), "another task runs")
    service.delete()


def test_should_keep_protected_tasks_through_a_deployment(containers: Containers) -> None:
    service = Service(containers, tasks=2)
    protected, free = service.await_running(2)
    service.await_steady()
    service.protect(protected)
    service.update(taskDefinition=containers.define("wait", "0"))
    containers.await_status({"taskArn": free}, "STOPPED")
    assert protected in service.await_running(3)
    assert service.deployment()["rolloutState"] == "IN_PROGRESS"
    service.protect(protected, enabled=False)
    containers.await_status({"taskArn": protected}, "STOPPED")
    service.await_steady()
    assert len(service.describe()["deployments"]) == 1
    service.delete()


def test_should_roll_back_a_deployment_whose_tasks_fail(containers: Containers) -> None:
    service = Service(containers, tasks=1, deploymentConfiguration=BREAKER)
    (first,) = service.await_running(1)
    service.await_steady()
    good = service.deployment()
    service.update(taskDefinition=containers.define("end_with", "1"))

    def rolled_back() -> bool:
        return bool(service.deployment()["id"] == good["id"])

    until(rolled_back, "the first deployment is primary again")
    failed = [d for d in service.describe()["deployments"] if d["id"] != good["id"]]
    assert [d["rolloutState"] for d in failed] == ["FAILED"]
    service.await_steady()
    assert service.running() == [first]
    service.delete()


def test_should_restart_a_crashing_task_less_and_less_often(containers: Containers) -> None:
    service = Service(containers, 1, containers.define("end_with", "1"))
    until(lambda: len(service.tasks("STOPPED")) >= 4, "four tasks have failed")
    created = sorted(task["createdAt"] for task in service.tasks("STOPPED"))
    waits = [(after - before).total_seconds() for before, after in itertools.pairwise(created)]
    assert waits[1] >= 1  # ECS reports whole seconds
    assert waits[2] >= 2
    service.delete()


def test_should_fail_to_start_without_an_image(containers: Containers) -> None:
    service = Service(containers, 1, containers.define("wait", "0", image="unknown:v1"))
    until(lambda: service.tasks("STOPPED"), "a task has failed")
    assert service.tasks("STOPPED")[0]["stoppedReason"].startswith("CannotPullContainerError")
    service.delete()


def checked(containers: Containers, *command: str) -> str:
    check: dict[str, Any] = {"command": ["CMD", *command], "interval": 5, "retries": 1}
    return containers.define("wait", "0", healthCheck=check)


def test_should_be_steady_once_the_health_check_passes(containers: Containers) -> None:
    service = Service(
        containers, 1, checked(containers, "python", "-c", "import os; os.environ['FROM_IMAGE']")
    )
    service.await_steady()
    (task,) = service.tasks()
    assert (task["healthStatus"], task["containers"][0]["healthStatus"]) == ("HEALTHY", "HEALTHY")
    service.delete()


def test_should_replace_a_task_that_fails_its_health_check(containers: Containers) -> None:
    service = Service(containers, 1, checked(containers, "false"))
    until(lambda: service.tasks("STOPPED"), "the task is stopped")
    stopped = service.tasks("STOPPED")[0]
    assert stopped["stoppedReason"] == "Task failed container health checks"
    assert stopped["stopCode"] == "ServiceSchedulerInitiated"
    assert service.deployment()["rolloutState"] == "IN_PROGRESS"
    service.delete()


def test_should_roll_back_a_deployment_that_stays_unhealthy(containers: Containers) -> None:
    service = Service(containers, 1, deploymentConfiguration=BREAKER)
    (first,) = service.await_running(1)
    service.await_steady()
    good = service.deployment()
    service.update(taskDefinition=checked(containers, "false"))
    until(lambda: service.deployment()["id"] != good["id"], "the new deployment has begun")
    until(lambda: service.deployment()["id"] == good["id"], "it is rolled back")
    assert first in service.running()
    service.delete()


def test_should_accept_spot_and_on_demand_capacity(containers: Containers) -> None:
    strategy = [
        {"capacityProvider": "FARGATE", "base": 1, "weight": 1},
        {"capacityProvider": "FARGATE_SPOT", "weight": 3},
    ]
    service = Service(containers, tasks=2, capacityProviderStrategy=strategy)
    service.await_running(2)
    assert Counter(task["launchType"] for task in service.tasks()) == {"FARGATE": 2}
    service.delete()
