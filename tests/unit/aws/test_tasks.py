"""How RunTask's answers, refusals and silences are distinguished."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from runtime.aws import clients
from runtime.aws.tasks import (
    PAUSE_SECONDS,
    EcsTaskLauncher,
    EcsTasks,
    LaunchTarget,
    client_token,
    started_by,
)
from runtime.core.errors import Permanent, Retryable
from runtime.core.jobs import Job, Source, claim_new
from runtime.core.ports import LaunchDelayedError, LaunchFailedError, LaunchUncertainError
from tests.fakes.aws_endpoint import LOST, Answer, AwsEndpoint, error_answer, json_answer
from tests.fakes.clock import FakeClock

LONGEST_KEY = "uploads/" + "ü" * 506 + ".mp4"
JOB = claim_new(
    Source(bucket="b" * 63, key=LONGEST_KEY, etag="any-etag-12345", size_bytes=1),
    now=1_700_000_000.0,
    lease_seconds=60,
)
STARTED = json_answer({"tasks": [{"taskArn": "arn:started"}], "failures": []})
THROTTLED = error_answer("ThrottlingException")
DENIED = error_answer("AccessDeniedException")
BROKEN = error_answer("ServerException", status=500)
NO_SPOT = json_answer(
    {"tasks": [], "failures": [{"reason": "Capacity is unavailable at this time."}]}
)
NO_MEMORY = json_answer(
    {"tasks": [], "failures": [{"reason": "RESOURCE:MEMORY", "detail": "any detail"}]}
)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def launcher(endpoint: AwsEndpoint, clock: FakeClock) -> Iterator[EcsTaskLauncher]:
    del endpoint
    client = clients.ecs("us-east-1")
    target = LaunchTarget(
        cluster="any-cluster",
        task_definition="any-task:1",
        subnet_ids=("subnet-1", "subnet-2"),
        security_group_ids=("sg-1",),
        capacity_providers=("FARGATE_SPOT", "FARGATE"),
    )
    yield EcsTaskLauncher(client, target, sleeper=clock)
    client.close()


@pytest.fixture
def tasks(endpoint: AwsEndpoint) -> Iterator[EcsTasks]:
    del endpoint
    client = clients.ecs("us-east-1")
    yield EcsTasks(client, "any-cluster")
    client.close()


def sent(endpoint: AwsEndpoint) -> dict[str, object]:
    return dict(endpoint.calls[0].json)


def test_should_ask_for_one_idempotent_findable_tagged_task(
    launcher: EcsTaskLauncher, endpoint: AwsEndpoint
) -> None:
    endpoint.script(STARTED)
    assert launcher.launch(JOB).task_arn == "arn:started"
    request = sent(endpoint)
    assert request["count"] == 1
    assert request["capacityProviderStrategy"] == [
        {"capacityProvider": "FARGATE_SPOT", "weight": 1}
    ]
    assert request["clientToken"] == client_token("FARGATE_SPOT", JOB)
    assert request["startedBy"] == started_by(JOB)
    assert request["tags"] == [{"key": "lifestream:job_id", "value": JOB.job_id}]
    assert request["networkConfiguration"] == {
        "awsvpcConfiguration": {
            "subnets": ["subnet-1", "subnet-2"],
            "securityGroups": ["sg-1"],
            "assignPublicIp": "DISABLED",
        }
    }


def test_should_give_a_task_an_address_and_ecs_exec_where_they_are_set(
    endpoint: AwsEndpoint,
) -> None:
    endpoint.script(STARTED)
    client = clients.ecs("us-east-1")
    target = LaunchTarget(
        cluster="any",
        task_definition="any:1",
        subnet_ids=("subnet-1",),
        security_group_ids=("sg-1",),
        capacity_providers=("FARGATE",),
        public_address=True,
        execute_command=True,
    )

    EcsTaskLauncher(client, target, sleeper=FakeClock()).launch(JOB)

    client.close()
    network: Any = sent(endpoint)["networkConfiguration"]
    assert network["awsvpcConfiguration"]["assignPublicIp"] == "ENABLED"
    assert sent(endpoint)["enableExecuteCommand"] is True


def test_should_stay_within_the_bounds_of_the_api_for_the_longest_key(
    launcher: EcsTaskLauncher, endpoint: AwsEndpoint
) -> None:
    endpoint.script(STARTED)
    launcher.launch(JOB)
    assert len(LONGEST_KEY.encode()) == 1024
    assert len(str(sent(endpoint)["overrides"])) <= 8192
    assert re.fullmatch(r"[!-~]{1,64}", client_token("FARGATE_SPOT", JOB))
    assert re.fullmatch(r"[A-Za-z0-9_/-]{1,128}", started_by(JOB))


@pytest.mark.parametrize("first", [LOST, BROKEN, THROTTLED])
def test_should_try_once_more_with_the_same_token(
    launcher: EcsTaskLauncher, endpoint: AwsEndpoint, clock: FakeClock, first: object
) -> None:
    endpoint.script(first, STARTED)  # type: ignore[arg-type] # parametrized
    assert launcher.launch(JOB).task_arn == "arn:started"
    tokens = {call.json["clientToken"] for call in endpoint.calls}
    assert (len(endpoint.calls), len(tokens)) == (2, 1)
    assert clock.slept == [PAUSE_SECONDS]


def test_should_not_repeat_a_refusal(launcher: EcsTaskLauncher, endpoint: AwsEndpoint) -> None:
    endpoint.script(DENIED)
    with pytest.raises(LaunchFailedError, match="AccessDenied"):
        launcher.launch(JOB)
    assert len(endpoint.calls) == 1


@pytest.mark.parametrize("second", [THROTTLED, DENIED])
def test_should_stay_uncertain_when_a_refusal_follows_a_lost_answer(
    launcher: EcsTaskLauncher, endpoint: AwsEndpoint, second: object
) -> None:
    endpoint.script(LOST, second)  # type: ignore[arg-type] # parametrized
    with pytest.raises(LaunchUncertainError):
        launcher.launch(JOB)


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        pytest.param([THROTTLED], "Throttling", id="throttled twice"),
        pytest.param([NO_SPOT, NO_SPOT], "Capacity is unavailable", id="no provider has capacity"),
        pytest.param([NO_MEMORY], "RESOURCE:MEMORY any detail", id="an answer without a task"),
    ],
)
def test_should_be_certain_and_give_the_reason(
    launcher: EcsTaskLauncher, endpoint: AwsEndpoint, answers: list[Answer], reason: str
) -> None:
    endpoint.script(*answers)
    with pytest.raises(LaunchFailedError, match=reason):
        launcher.launch(JOB)


def test_should_be_certain_when_no_one_listens(
    endpoint: AwsEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    del endpoint
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    client = clients.ecs("us-east-1")
    target = LaunchTarget(
        cluster="any",
        task_definition="any",
        subnet_ids=("any",),
        security_group_ids=("any",),
        capacity_providers=("FARGATE",),
    )
    with pytest.raises(LaunchFailedError, match="Could not connect"):
        EcsTaskLauncher(client, target, sleeper=FakeClock()).launch(JOB)
    client.close()


def test_should_take_the_task_that_a_conflict_names(
    launcher: EcsTaskLauncher, endpoint: AwsEndpoint
) -> None:
    endpoint.script(error_answer("ConflictException", resourceIds=["arn:earlier"]))
    assert launcher.launch(JOB).task_arn == "arn:earlier"


def test_should_be_uncertain_when_a_conflict_names_no_task(
    launcher: EcsTaskLauncher, endpoint: AwsEndpoint
) -> None:
    endpoint.script(error_answer("ConflictException"))
    with pytest.raises(LaunchUncertainError):
        launcher.launch(JOB)


def test_should_find_by_started_by_as_the_only_filter(
    launcher: EcsTaskLauncher, endpoint: AwsEndpoint
) -> None:
    endpoint.script(json_answer({"taskArns": ["arn:found"]}))
    task = launcher.find(JOB)
    assert task is not None
    assert task.task_arn == "arn:found"
    assert sent(endpoint) == {"cluster": "any-cluster", "startedBy": started_by(JOB)}


def test_should_never_take_a_failed_look_up_for_nothing_found(
    launcher: EcsTaskLauncher, endpoint: AwsEndpoint
) -> None:
    endpoint.script(THROTTLED)
    with pytest.raises(Retryable) as fault:
        launcher.find(JOB)
    assert isinstance(fault.value.__cause__, ClientError)


def test_should_stop_a_task_with_the_reason_that_people_read(
    tasks: EcsTasks, endpoint: AwsEndpoint
) -> None:
    assert tasks.stop("arn:any", "Any reason.")
    assert sent(endpoint) == {"cluster": "any-cluster", "task": "arn:any", "reason": "Any reason."}


def test_should_say_when_there_is_no_task_to_stop(tasks: EcsTasks, endpoint: AwsEndpoint) -> None:
    missing = "The referenced task was not found."
    endpoint.script(error_answer("InvalidParameterException", message=missing))
    assert not tasks.stop("arn:gone", "Any reason.")


def test_should_not_take_another_refusal_for_a_missing_task(
    tasks: EcsTasks, endpoint: AwsEndpoint
) -> None:
    endpoint.script(DENIED)
    with pytest.raises(Permanent, match="AccessDenied"):
        tasks.stop("arn:any", "Any reason.")


def test_should_give_every_attempt_its_own_token_and_mark() -> None:
    jobs = [
        Job(source=JOB.source, state=JOB.state, attempt=attempt, created_at=0.0, updated_at=0.0)
        for attempt in (1, 2)
    ]
    assert len({client_token("FARGATE", job) for job in jobs}) == 2
    assert len({started_by(job) for job in jobs}) == 2


def test_should_fall_back_to_on_demand_where_spot_has_no_capacity(
    launcher: EcsTaskLauncher, endpoint: AwsEndpoint
) -> None:
    endpoint.script(NO_SPOT, STARTED)
    assert launcher.launch(JOB).task_arn == "arn:started"
    asked = [
        call.json["capacityProviderStrategy"][0]["capacityProvider"] for call in endpoint.calls
    ]
    assert asked == ["FARGATE_SPOT", "FARGATE"]
    assert len({call.json["clientToken"] for call in endpoint.calls}) == 2


def test_should_not_fall_back_where_spot_may_have_started_a_task(
    launcher: EcsTaskLauncher, endpoint: AwsEndpoint
) -> None:
    endpoint.script(LOST, NO_SPOT, STARTED)
    with pytest.raises(LaunchUncertainError):
        launcher.launch(JOB)
    assert len(endpoint.calls) == 2


def test_should_not_fall_back_where_the_request_itself_is_wrong(
    launcher: EcsTaskLauncher, endpoint: AwsEndpoint
) -> None:
    endpoint.script(DENIED, STARTED)
    with pytest.raises(LaunchFailedError, match="AccessDenied"):
        launcher.launch(JOB)
    assert len(endpoint.calls) == 1


@pytest.mark.parametrize(
    "answer",
    [
        error_answer(
            "LimitExceededException",
            message="You've reached the limit on the number of tasks you can run concurrently",
        ),
        error_answer(
            "ClientException",
            message="You've reached the limit on the number of vCPUs you can run concurrently",
        ),
        NO_SPOT,
        json_answer({"tasks": [], "failures": [{"reason": "RESOURCE:ENI"}]}),
    ],
)
def test_should_try_the_next_provider_and_then_wait_for_capacity(
    launcher: EcsTaskLauncher, endpoint: AwsEndpoint, answer: Answer
) -> None:
    endpoint.script(answer)
    with pytest.raises(LaunchDelayedError) as delay:
        launcher.launch(JOB)
    assert delay.value.code == "launch.capacity"
    providers = [
        call.json["capacityProviderStrategy"][0]["capacityProvider"] for call in endpoint.calls
    ]
    assert list(dict.fromkeys(providers)) == ["FARGATE_SPOT", "FARGATE"]


def test_should_wait_when_it_is_throttled(launcher: EcsTaskLauncher, endpoint: AwsEndpoint) -> None:
    endpoint.script(THROTTLED)
    with pytest.raises(LaunchDelayedError) as delay:
        launcher.launch(JOB)
    assert delay.value.code == "launch.throttled"
