"""What every task launcher promises, on the fake and on ECS's API."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pytest

from runtime.aws import clients
from runtime.aws.tasks import ATTEMPTS, EcsTaskLauncher, LaunchTarget
from runtime.core.jobs import Job, Source, claim_new, take_over
from runtime.core.ports import LaunchFailedError, LaunchUncertainError, TaskLauncher
from tests.fakes.aws_endpoint import aws_endpoint
from tests.fakes.clock import FakeClock
from tests.fakes.ecs import CLUSTER_ARN, FakeEcs
from tests.fakes.launcher import FakeLauncher, Fault

NOW = 1_700_000_000.0
SOURCE = Source(bucket="any-bucket", key="uploads/any.mp4", etag="any-etag", size_bytes=1)
JOB = claim_new(SOURCE, now=NOW, lease_seconds=60)
TARGET = LaunchTarget(
    cluster=CLUSTER_ARN,
    task_definition="any-task:1",
    subnet_ids=("subnet-any",),
    security_group_ids=("sg-any",),
    capacity_providers=("FARGATE_SPOT", "FARGATE"),
)


@dataclass(frozen=True, slots=True)
class LauncherUnderTest:
    """`fault` makes the next launch fail in a certain way."""

    launcher: TaskLauncher
    fault: Callable[[Fault], None]


@contextmanager
def _fake() -> Iterator[LauncherUnderTest]:
    launcher = FakeLauncher()
    yield LauncherUnderTest(launcher, launcher.faults.append)


@contextmanager
def _ecs() -> Iterator[LauncherUnderTest]:
    service = FakeEcs()
    with aws_endpoint(service) as endpoint, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", endpoint.url)
        client = clients.ecs("us-east-1")
        yield LauncherUnderTest(
            EcsTaskLauncher(client, TARGET, sleeper=FakeClock()),
            lambda fault: service.faults.extend([fault] * ATTEMPTS),
        )
        client.close()


@pytest.fixture(params=[_fake, _ecs])
def under_test(
    request: pytest.FixtureRequest,
    aws_environment: None,  # noqa: ARG001 - credentials for the client
) -> Iterator[LauncherUnderTest]:
    make: Callable[[], AbstractContextManager[LauncherUnderTest]] = request.param
    with make() as made:
        yield made


def next_attempt(job: Job) -> Job:
    return take_over(job, now=NOW + 61, lease_seconds=60)


def test_should_start_one_task_for_a_job_and_attempt(under_test: LauncherUnderTest) -> None:
    first = under_test.launcher.launch(JOB)
    assert under_test.launcher.launch(JOB) == first


def test_should_start_another_task_for_another_attempt(under_test: LauncherUnderTest) -> None:
    first = under_test.launcher.launch(JOB)
    assert under_test.launcher.launch(next_attempt(JOB)) != first


def test_should_find_the_task_of_exactly_this_attempt(under_test: LauncherUnderTest) -> None:
    task = under_test.launcher.launch(JOB)
    assert under_test.launcher.find(JOB) == task
    assert under_test.launcher.find(next_attempt(JOB)) is None


def test_should_say_that_nothing_was_started(under_test: LauncherUnderTest) -> None:
    under_test.fault(Fault.REFUSED)
    with pytest.raises(LaunchFailedError, match="Capacity is unavailable"):
        under_test.launcher.launch(JOB)
    assert under_test.launcher.find(JOB) is None


def test_should_not_know_whether_a_task_was_started_but_find_it(
    under_test: LauncherUnderTest,
) -> None:
    under_test.fault(Fault.ANSWER_LOST)
    with pytest.raises(LaunchUncertainError):
        under_test.launcher.launch(JOB)
    found = under_test.launcher.find(JOB)
    assert found is not None
    assert under_test.launcher.launch(JOB) == found


def test_should_not_find_what_was_never_started(under_test: LauncherUnderTest) -> None:
    under_test.fault(Fault.REQUEST_LOST)
    with pytest.raises(LaunchUncertainError):
        under_test.launcher.launch(JOB)
    assert under_test.launcher.find(JOB) is None
