"""One suite for the fake, the agent's client and the API's client."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import boto3
import pytest
from botocore.config import Config

from local.ports import free_port
from runtime.protection.agent_client import AgentClient
from runtime.protection.answers import (
    Failed,
    Protected,
    ProtectionClient,
    Refused,
    Unprotected,
)
from runtime.protection.ecs_api import EcsProtectionClient
from tests.fakes.clock import FakeClock
from tests.fakes.protection import FakeProtection
from tests.unit.protection.endpoints import (
    ARN,
    NOW,
    AgentHandler,
    ApiHandler,
    Task,
    agent_error,
    agent_failure,
    api_error,
    api_failure,
    serving,
)

IMPATIENT_SECONDS = 0.05


@dataclass
class Given:
    client: ProtectionClient
    refuse: Callable[[str], None]
    fail: Callable[[str, bool], None]
    """(code, server_error): have the next calls fail like this."""


@pytest.fixture
def fake() -> Given:
    client = FakeProtection(clock=FakeClock(now=NOW.timestamp()))

    def refuse(reason: str) -> None:
        client.always = Refused(reason, None)

    def fail(code: str, server_error: bool) -> None:  # noqa: FBT001 - one of two shapes
        client.always = Failed(code, "", uncertain=server_error, permanent=not server_error)

    return Given(client, refuse, fail)


@pytest.fixture
def agent() -> Iterator[Given]:
    task = Task()

    def refuse(reason: str) -> None:
        task.say = (200, agent_failure(reason))

    def fail(code: str, server_error: bool) -> None:  # noqa: FBT001 - one of two shapes
        task.say = (500 if server_error else 400, agent_error(code, "any message"))

    with serving(AgentHandler, task) as address:
        yield Given(AgentClient(f"{address}/api/any-id"), refuse, fail)


@pytest.fixture
def api() -> Iterator[Given]:
    task = Task()

    def refuse(reason: str) -> None:
        task.say = (200, api_failure(reason))

    def fail(code: str, server_error: bool) -> None:  # noqa: FBT001 - one of two shapes
        task.say = (500 if server_error else 400, api_error(code, "any message"))

    with serving(ApiHandler, task) as address:
        yield Given(api_client(address), refuse, fail)


def api_client(address: str) -> EcsProtectionClient:
    sdk = boto3.client(
        "ecs",
        region_name="eu-west-1",
        endpoint_url=address,
        aws_access_key_id="any",
        aws_secret_access_key="any",  # noqa: S106 - a local server checks no signature
        config=Config(
            connect_timeout=60,
            read_timeout=IMPATIENT_SECONDS if "silent" in address else 60,
            retries={"total_max_attempts": 1},
        ),
    )
    return EcsProtectionClient(client=sdk, cluster="any-cluster", task_arn=ARN)


@pytest.fixture(params=["fake", "agent", "api"])
def given(request: pytest.FixtureRequest) -> Given:
    chosen: Given = request.getfixturevalue(request.param)
    return chosen


def test_should_be_off_at_first(given: Given) -> None:
    assert given.client.read() == Unprotected()


def test_should_protect_for_the_minutes_asked_for(given: Given) -> None:
    expected = Protected(NOW.timestamp() + 7 * 60, NOW.timestamp())
    assert given.client.enable(7) == expected
    assert given.client.read() == expected


def test_should_count_anew_at_each_request(given: Given) -> None:
    given.client.enable(120)
    answer = given.client.enable(1)
    assert isinstance(answer, Protected)
    assert answer.expires_at == NOW.timestamp() + 60


def test_should_stop_protecting(given: Given) -> None:
    given.client.enable(7)
    assert given.client.disable() == Unprotected()
    assert given.client.read() == Unprotected()


@pytest.mark.parametrize("reason", ["DEPLOYMENT_BLOCKED", "TASK_NOT_VALID"])
def test_should_take_a_200_with_a_failure_for_a_refusal(given: Given, reason: str) -> None:
    given.refuse(reason)
    for answer in (given.client.enable(7), given.client.disable(), given.client.read()):
        assert answer == Refused(reason, None)


def test_should_call_a_missing_permission_permanent_and_certain(given: Given) -> None:
    given.fail("AccessDeniedException", False)
    answer = given.client.enable(7)
    assert isinstance(answer, Failed)
    assert (answer.code, answer.permanent) == ("AccessDeniedException", True)
    assert not answer.uncertain


def test_should_call_a_server_error_passing_and_uncertain(given: Given) -> None:
    given.fail("ServerException", True)
    answer = given.client.enable(7)
    assert isinstance(answer, Failed)
    assert (answer.code, answer.permanent) == ("ServerException", False)
    assert answer.uncertain


AGENT_ANSWERS = [
    (504, agent_error("RequestCanceled", "Timed out calling ECS Task Protection API"), True, False),
    (403, agent_error("AccessDeniedException", "no task IAM role"), False, True),
    (404, agent_error("ResourceNotFoundException", "Failed to find a task"), False, True),
    (400, agent_error("ThrottlingException", "Rate exceeded"), False, False),
    (429, b"Too Many Requests", False, False),
    (500, b"", True, False),
    (200, b"", True, False),
    (200, b"[]", True, False),
    (200, b'"protection"', True, False),
    (200, b"{}", True, False),
    (200, b'{"protection": {}}', True, False),
    (200, b'{"protection": {"ProtectionEnabled": "yes"}}', True, False),
    (200, b'{"protection": {"ProtectionEnabled": true, "ExpirationDate": null}}', True, False),
    (200, b'{"protection": {"ProtectionEnabled": true, "ExpirationDate": "soon"}}', True, False),
    (200, b'{"protection": {"ProtectionEnabled": false}}', True, False),
]


@pytest.mark.parametrize(("status", "body", "uncertain", "permanent"), AGENT_ANSWERS)
def test_should_never_take_another_answer_of_the_agent_for_protection(
    status: int,
    body: bytes,
    uncertain: bool,  # noqa: FBT001 - a parameter of the test
    permanent: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    with serving(AgentHandler, Task(say=(status, body))) as address:
        answer = AgentClient(f"{address}/api/any-id").enable(7)
    assert isinstance(answer, Failed)
    assert (answer.uncertain, answer.permanent) == (uncertain, permanent)


def test_should_send_the_agent_nothing_but_the_fields_it_knows() -> None:
    task = Task()
    with serving(AgentHandler, task) as address:
        client = AgentClient(f"{address}/api/any-id")
        client.enable(7)
        client.disable()
    assert task.requests == [
        (
            "PUT",
            "/api/any-id/task-protection/v1/state",
            {"ProtectionEnabled": True, "ExpiresInMinutes": 7},
        ),
        ("PUT", "/api/any-id/task-protection/v1/state", {"ProtectionEnabled": False}),
    ]


def test_should_not_know_what_became_of_a_request_the_agent_never_answers() -> None:
    with serving(AgentHandler, Task(silent=True)) as address:
        client = AgentClient(f"{address}/api/any-id", timeout_seconds=IMPATIENT_SECONDS)
        answer = client.enable(7)
    assert isinstance(answer, Failed)
    assert (answer.code, answer.uncertain) == ("agent_silent", True)


def test_should_know_that_nothing_became_of_a_request_no_one_listened_to() -> None:
    answer = AgentClient(f"http://127.0.0.1:{free_port()}/api/any-id").enable(7)
    assert isinstance(answer, Failed)
    assert (answer.code, answer.uncertain) == ("agent_unreachable", False)


def test_should_understand_fractions_of_seconds_from_the_agent() -> None:
    body = {"ProtectionEnabled": True, "ExpirationDate": "2030-01-01T12:07:00.5Z"}
    say = (200, json.dumps({"protection": body}).encode())
    with serving(AgentHandler, Task(say=say)) as address:
        answer = AgentClient(f"{address}/api/any-id").enable(7)
    assert isinstance(answer, Protected)
    assert answer.expires_at == NOW.timestamp() + 420.5


@pytest.mark.parametrize(
    "body",
    [
        b'{"protectedTasks": [], "failures": []}',
        b'{"protectedTasks": [{"protectionEnabled": false}], "failures": []}',
        b'{"protectedTasks": [{"protectionEnabled": true}], "failures": []}',
    ],
)
def test_should_never_take_another_answer_of_the_api_for_protection(body: bytes) -> None:
    with serving(ApiHandler, Task(say=(200, body))) as address:
        answer = api_client(address).enable(7)
    assert isinstance(answer, Failed)
    assert answer.uncertain


def test_should_not_know_what_became_of_a_request_the_api_never_answers() -> None:
    with serving(ApiHandler, Task(silent=True)) as address:
        answer = api_client(address.replace("127.0.0.1", "localhost") + "/silent").enable(7)
    assert isinstance(answer, Failed)
    assert (answer.code, answer.uncertain) == ("ReadTimeoutError", True)


def test_should_know_that_nothing_became_of_a_request_to_an_api_that_is_gone() -> None:
    answer = api_client(f"http://127.0.0.1:{free_port()}").enable(7)
    assert isinstance(answer, Failed)
    assert (answer.code, answer.uncertain) == ("EndpointConnectionError", False)
