"""The quotas of an account that AWS has just opened."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local import toolchain
from local.cloud import LocalCloud
from local.emulator.settings import NEW_ACCOUNT
from tests.integration.cloud.conftest import Containers
from tests.integration.cloud.services import Service
from tests.integration.cloud.stacks import Stacks, resource
from tests.integration.cloud.test_functions import Functions
from tests.integration.cloud.waiting import until
from tests.integration.conftest import probe_images

pytestmark = pytest.mark.cloud

LIMIT_REACHED = "reached the limit on the number of vCPUs you can run concurrently"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud.start(
        state_dir=tmp_path_factory.mktemp("cloud"),
        images=probe_images(),
        lambda_python=toolchain.LAMBDA_PYTHON,
        quotas=NEW_ACCOUNT,
    ) as started:
        yield started


@pytest.fixture
def large(containers: Containers) -> str:
    """A task of four of the account's six vCPUs."""
    return containers.register([containers.definition("wait", "0")], cpu="4096", memory="8192")


def launched(containers: Containers, definition: str, provider: str) -> dict[str, Any]:
    answer: dict[str, Any] = containers.ecs.run_task(
        cluster=containers.name,
        taskDefinition=definition,
        capacityProviderStrategy=[{"capacityProvider": provider, "weight": 1}],
    )
    return answer


def test_should_refuse_vcpus_beyond_the_quota_of_each_provider_apart(
    containers: Containers, large: str
) -> None:
    tasks = []
    for provider in ("FARGATE", "FARGATE_SPOT"):
        answer = launched(containers, large, provider)
        assert answer["failures"] == []
        tasks += answer["tasks"]
        refused = launched(containers, large, provider)
        assert refused["tasks"] == []
        assert LIMIT_REACHED in refused["failures"][0]["reason"]
    for task in tasks:
        containers.ecs.stop_task(cluster=containers.name, task=task["taskArn"])
        containers.await_status(task, "STOPPED")
    again = launched(containers, large, "FARGATE")
    assert again["failures"] == []
    containers.ecs.stop_task(cluster=containers.name, task=again["tasks"][0]["taskArn"])
    containers.await_status(again["tasks"][0], "STOPPED")


def test_should_place_a_services_task_once_there_is_room(
    containers: Containers, large: str
) -> None:
    (first,) = launched(containers, large, "FARGATE")["tasks"]
    service = Service(containers, 1, large, launchType="FARGATE")
    message = until(
        lambda: [
            e["message"] for e in service.describe()["events"] if LIMIT_REACHED in e["message"]
        ],
        "the service cannot place its task",
    )
    assert len(message) == 1
    assert service.tasks() == []
    containers.ecs.stop_task(cluster=containers.name, task=first["taskArn"])
    service.await_steady()
    assert len(service.tasks()) == 1
    service.delete()


def test_should_refuse_to_reserve_what_new_accounts_do_not_have(
    cloud: LocalCloud, stacks: Stacks
) -> None:
    functions = Functions(cloud)
    name = functions.create("report")
    with pytest.raises(ClientError, match=r"below its minimum value of \[10\]"):
        functions.client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=5)
    function = resource(
        "Lambda::Function",
        Runtime="python3.12",
        Handler="index.handle",
        Role=functions.role,
        Code={"ZipFile": "def handle(event, context): pass"},
        ReservedConcurrentExecutions=5,
    )
    assert "below its minimum value of [10]" in stacks.failed_creation({"Function": function})
