import json
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from local.cloud import LocalCloud
from runtime.protection.agent_client import AgentClient
from runtime.protection.answers import Failed, Protected, Refused, Unprotected
from tests.integration.cloud.conftest import Containers
from tests.integration.cloud.waiting import until

pytestmark = pytest.mark.cloud

ROLE = "arn:aws:iam::000000000000:role/any"


@pytest.fixture
def faults(cloud: LocalCloud) -> Iterator["Faults"]:
    switch = Faults(cloud)
    yield switch
    switch.clear()


class Faults:
    """What the agent is to do wrong."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._url = cloud.endpoint_url + "/_local/agent-faults"

    def switch_on(self, **fault: Any) -> None:
        self._send("PUT", json.dumps(fault).encode())

    def clear(self) -> None:
        self._send("DELETE", b"")

    def _send(self, method: str, body: bytes) -> None:
        request = urllib.request.Request(self._url, method=method, data=body)  # noqa: S310 - our own
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own
            assert answer.status == 200


class Worker:
    """One task of a service and its agent's address."""

    def __init__(self, containers: Containers) -> None:
        self.containers = containers
        definition = containers.register([containers.definition("wait", "0")], taskRoleArn=ROLE)
        containers.ecs.create_service(
            cluster=containers.name, serviceName="any", taskDefinition=definition, desiredCount=1
        )
        self.arn = until(self._task, "the service has a task")
        task = {"taskArn": self.arn}
        until(lambda: "ready" in containers.lines(task), "the task is ready")
        self.environment = json.loads(containers.lines(task)[0])
        self.agent = AgentClient(self.environment["ECS_AGENT_URI"])

    def _task(self) -> str | None:
        listed = self.containers.ecs.list_tasks(cluster=self.containers.name)["taskArns"]
        return listed[0] if listed else None

    def protected(self) -> bool:
        """Tell what the ECS API says, whatever the agent does."""
        found = self.containers.ecs.get_task_protection(
            cluster=self.containers.name, tasks=[self.arn]
        )
        answer: bool = found["protectedTasks"][0]["protectionEnabled"]
        return answer


@pytest.fixture
def worker(containers: Containers) -> Iterator[Worker]:
    started = Worker(containers)
    yield started
    containers.ecs.delete_service(cluster=containers.name, service="any", force=True)


def test_should_protect_a_task_of_a_service(worker: Worker) -> None:
    assert worker.agent.read() == Unprotected()
    before = time.time()
    answer = worker.agent.enable(7)
    assert isinstance(answer, Protected)
    assert before + 7 * 60 - 1 < answer.expires_at < time.time() + 7 * 60 + 1
    assert answer.server_now is not None
    assert worker.protected()
    assert worker.agent.disable() == Unprotected()
    assert not worker.protected()


def test_should_name_the_service_in_the_tasks_metadata(worker: Worker) -> None:
    url = worker.environment["ECS_CONTAINER_METADATA_URI_V4"] + "/task"
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 - the emulator's own
        assert json.loads(answer.read())["ServiceName"] == "any"


def test_should_refuse_more_minutes_than_ecs_allows(worker: Worker) -> None:
    answer = worker.agent.enable(2881)
    assert isinstance(answer, Failed)
    assert answer.code == "InvalidParameterException"
    assert not worker.protected()


def test_should_refuse_to_protect_what_is_to_be_scaled_in(worker: Worker) -> None:
    containers = worker.containers
    worker.agent.enable(7)
    containers.ecs.update_service(cluster=containers.name, service="any", desiredCount=0)
    assert worker.agent.enable(7) == Refused("DEPLOYMENT_BLOCKED", None)
    assert worker.protected()


@pytest.mark.parametrize("reason", ["TASK_NOT_VALID", "DEPLOYMENT_BLOCKED"])
def test_should_refuse_when_told_to(worker: Worker, faults: Faults, reason: str) -> None:
    faults.switch_on(failure=reason, task=worker.arn, calls=1)
    assert worker.agent.enable(7) == Refused(reason, None)
    assert isinstance(worker.agent.enable(7), Protected)


def test_should_give_up_on_ecs_after_its_four_seconds(worker: Worker, faults: Faults) -> None:
    faults.switch_on(latency_seconds=60, lands=True)
    started = time.monotonic()
    answer = worker.agent.enable(7)
    assert 3.5 < time.monotonic() - started < 60
    assert isinstance(answer, Failed)
    assert (answer.code, answer.uncertain) == ("RequestCanceled", True)
    faults.clear()
    assert worker.protected()


def test_should_be_slow_or_silent_when_told_to(worker: Worker, faults: Faults) -> None:
    faults.switch_on(latency_seconds=0.3, calls=1)
    started = time.monotonic()
    assert isinstance(worker.agent.enable(7), Protected)
    assert time.monotonic() - started > 0.3
    faults.switch_on(silent=True)
    impatient = AgentClient(worker.environment["ECS_AGENT_URI"], timeout_seconds=0.2)
    answer = impatient.disable()
    assert isinstance(answer, Failed)
    assert (answer.code, answer.uncertain) == ("agent_silent", True)
    assert worker.protected()


def test_should_have_no_credentials_for_a_task_without_a_role(containers: Containers) -> None:
    task = containers.run(containers.define("show_environment"))
    containers.await_status(task, "STOPPED")
    waiting = containers.run(containers.define("wait", "0"))
    until(lambda: "ready" in containers.lines(waiting), "the task is ready")
    uri = json.loads(containers.lines(waiting)[0])["ECS_AGENT_URI"]
    answer = AgentClient(uri).enable(7)
    assert isinstance(answer, Failed)
    assert (answer.code, answer.permanent) == ("AccessDeniedException", True)
    containers.ecs.stop_task(cluster=containers.name, task=waiting["taskArn"])


def test_should_know_no_task_by_another_address(cloud: LocalCloud) -> None:
    answer = AgentClient(f"{cloud.endpoint_url}/api/no-such-task").read()
    assert isinstance(answer, Failed)
    assert (answer.code, answer.permanent) == ("ResourceNotFoundException", True)
