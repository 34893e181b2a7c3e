import json
from typing import Any

import pytest

from runtime.protection.testing.agent import AgentTask, Answer, Ecs, EcsError, answer
from runtime.protection.testing.faults import NO_FAULT, Fault

TASK = AgentTask("arn:any-task", has_role=True)


class FakeEcs:
    def __init__(self, failure: str | None = None, error: EcsError | None = None) -> None:
        self.enabled = False
        self.minutes: int | None = None
        self._failure = failure
        self._error = error

    def get(self, arn: str) -> dict[str, Any]:
        if self._error:
            raise self._error
        if self._failure:
            return {"protectedTasks": [], "failures": [{"arn": arn, "reason": self._failure}]}
        expiry = {"expirationDate": 1_900_000_000.25} if self.enabled else {}
        state = {"taskArn": arn, "protectionEnabled": self.enabled, **expiry}
        return {"protectedTasks": [state], "failures": []}

    def update(self, arn: str, enabled: bool, minutes: int | None) -> dict[str, Any]:  # noqa: FBT001 - as the agent calls it
        if not (self._error or self._failure):
            self.enabled, self.minutes = enabled, minutes
        return self.get(arn)


def ask(
    body: bytes = b"",
    *,
    task: AgentTask | None = TASK,
    ecs: FakeEcs | None = None,
    fault: Fault = NO_FAULT,
) -> Answer:
    behind = ecs or FakeEcs()
    method = "PUT" if body else "GET"
    return answer(method, body, task, Ecs(behind.get, behind.update), fault)


def put(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def test_should_answer_protection_with_the_agents_spelling() -> None:
    ecs = FakeEcs()
    status, said = ask(put(ProtectionEnabled=True, ExpiresInMinutes=7), ecs=ecs)
    assert (status, ecs.minutes) == (200, 7)
    assert said == {
        "protection": {
            "ExpirationDate": "2030-03-17T17:46:40.250Z",
            "ProtectionEnabled": True,
            "TaskArn": "arn:any-task",
        }
    }
    assert ask(ecs=ecs) == (200, said)


def test_should_answer_without_an_expiry_when_off() -> None:
    assert ask(put(ProtectionEnabled=False))[1]["protection"] == {
        "ExpirationDate": None,
        "ProtectionEnabled": False,
        "TaskArn": "arn:any-task",
    }


def test_should_not_mind_the_case_of_a_field() -> None:
    ecs = FakeEcs()
    assert ask(put(protectionEnabled=True, expiresinminutes=1), ecs=ecs)[0] == 200
    assert (ecs.enabled, ecs.minutes) == (True, 1)


@pytest.mark.parametrize(
    "body",
    [
        b"not JSON",
        b"[]",
        put(ProtectionEnabled=True, Reason="any"),
        put(ProtectionEnabled="true"),
        put(ProtectionEnabled=True, ExpiresInMinutes=7.5),
        put(ProtectionEnabled=True, ExpiresInMinutes=True),
    ],
)
def test_should_refuse_a_body_that_it_cannot_decode(body: bytes) -> None:
    ecs = FakeEcs()
    message = "UpdateTaskProtection: failed to decode request"
    expected = {"error": {"Code": "InvalidParameterException", "Message": message}}
    assert ask(body, ecs=ecs) == (400, expected)
    assert not ecs.enabled


@pytest.mark.parametrize("body", [b"{}", b"null", put(ExpiresInMinutes=7)])
def test_should_ask_for_the_field_that_is_required(body: bytes) -> None:
    status, said = ask(body)
    assert (status, said["error"]["Arn"]) == (400, "arn:any-task")
    assert "'ProtectionEnabled'" in said["error"]["Message"]


def test_should_not_find_the_task_of_an_unknown_address() -> None:
    message = "Failed to find a task for the request"
    expected = {"error": {"Code": "ResourceNotFoundException", "Message": message}}
    assert ask(task=None) == (404, expected)


def test_should_have_no_credentials_without_a_task_role() -> None:
    status, said = ask(put(ProtectionEnabled=True), task=AgentTask("arn:any-task", has_role=False))
    assert (status, said["error"]["Code"]) == (403, "AccessDeniedException")


def test_should_answer_a_failure_of_ecs_with_200() -> None:
    status, said = ask(put(ProtectionEnabled=True), ecs=FakeEcs(failure="TASK_NOT_VALID"))
    failure = {"Arn": "arn:any-task", "Detail": None, "Reason": "TASK_NOT_VALID"}
    assert (status, said) == (200, {"failure": failure})


def test_should_pass_on_an_error_of_ecs() -> None:
    ecs = FakeEcs(error=EcsError(400, "ClusterNotFoundException", "Cluster not found."))
    status, said = ask(put(ProtectionEnabled=True), ecs=ecs)
    assert (status, said["error"]["Code"]) == (400, "ClusterNotFoundException")


FAULTS = [
    (Fault(latency_seconds=4.0), 504, "RequestCanceled"),
    (Fault(error=(400, "ThrottlingException", "Rate exceeded")), 400, "ThrottlingException"),
    (Fault(error=(500, "ServerException", "any")), 500, "ServerException"),
]


@pytest.mark.parametrize(("fault", "status", "code"), FAULTS)
@pytest.mark.parametrize("lands", [False, True])
def test_should_err_as_told_whether_the_call_lands_or_not(
    fault: Fault,
    status: int,
    code: str,
    lands: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    ecs = FakeEcs()
    injected = Fault(error=fault.error, latency_seconds=fault.latency_seconds, lands=lands)
    answered, said = ask(put(ProtectionEnabled=True), ecs=ecs, fault=injected)
    assert (answered, said["error"]["Code"]) == (status, code)
    assert said["error"]["Arn"] == "arn:any-task"
    assert ecs.enabled is lands


def test_should_refuse_as_told() -> None:
    ecs = FakeEcs()
    fault = Fault(failure="DEPLOYMENT_BLOCKED")
    status, said = ask(put(ProtectionEnabled=True), ecs=ecs, fault=fault)
    assert (status, said["failure"]["Reason"]) == (200, "DEPLOYMENT_BLOCKED")
    assert not ecs.enabled
