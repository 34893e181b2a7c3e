import os
import subprocess
import sys

import pytest

from runtime.protection.__main__ import main
from runtime.protection.answers import Answer, Failed, ProtectionClient, Unprotected
from runtime.protection.environment import NoClient, ProtectionEnvironment
from runtime.protection.selfcheck import Report, run_check
from tests.fakes.clock import FakeClock
from tests.fakes.protection import BLOCKED, DENIED, STANDALONE, FakeProtection
from tests.unit.protection.endpoints import AgentHandler, Task, serving

HERE = ProtectionEnvironment(
    switch=None, agent_uri="http://any", cluster=None, task_arn=None, region="eu-west-1"
)


def check(client: ProtectionClient) -> Report:
    return run_check(environment=HERE, choose=lambda _found: client)


@pytest.fixture
def ecs() -> FakeProtection:
    return FakeProtection(clock=FakeClock())


def test_should_pass_every_step_and_leave_protection_off(ecs: FakeProtection) -> None:
    report = check(ecs)
    assert report.passed
    assert ecs.calls == ["read", "enable 1", "read", "disable", "read"]
    assert not ecs.on
    assert report.lines()[-1] == "PASSED"


def test_should_leave_a_protected_task_alone(ecs: FakeProtection) -> None:
    ecs.enable(7)
    report = check(ecs)
    assert report.passed
    assert ecs.calls == ["enable 7", "read"]
    assert ecs.on
    assert "left alone" in "\n".join(report.lines())


@pytest.mark.parametrize(
    ("answers", "step", "fix"),
    [
        ([DENIED], "ask (permission to read)", "ecs:UpdateTaskProtection"),
        ([STANDALONE], "ask (permission to read)", "Only tasks of a service"),
        ([Unprotected(), BLOCKED], "enable", "raise its desired count"),
        (
            [Failed("RequestCanceled", "any", uncertain=True)],
            "ask (permission to read)",
            "route to ECS",
        ),
        ([Failed("NewError", "any", uncertain=True)], "ask (permission to read)", "Look the code"),
    ],
)
def test_should_say_what_failed_and_how_to_mend_it(
    ecs: FakeProtection, answers: list[Answer], step: str, fix: str
) -> None:
    ecs.answers = answers
    report = check(ecs)
    failed = next(result for result in report.results if not result.passed)
    assert failed.step == step
    assert fix in failed.fix
    assert report.lines()[-1] == "FAILED"


def test_should_take_protection_off_when_it_could_not_be_verified(ecs: FakeProtection) -> None:
    off = Unprotected()
    plain_read = ecs.read
    reads: list[Answer] = []

    def read() -> Answer:
        reads.append(plain_read())
        return off

    ecs.read = read  # type: ignore[method-assign] # something else changes protection meanwhile
    report = check(ecs)
    assert [result.step for result in report.results if not result.passed] == [
        "verify that it is on"
    ]
    assert not ecs.on


def test_should_pass_where_it_does_not_apply() -> None:
    report = check(NoClient("any reason"))
    assert report.passed
    assert "not applicable: any reason" in "\n".join(report.lines())


def test_should_test_a_real_endpoint_from_the_command_line() -> None:
    task = Task()
    with serving(AgentHandler, task) as address:
        done = subprocess.run(
            [sys.executable, "-m", "runtime.protection", "check"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": os.pathsep.join(sys.path),
                "ECS_AGENT_URI": f"{address}/api/any-id",
            },
        )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "PASSED"), done.stdout
    assert [method for method, _, _ in task.requests] == ["GET", "PUT", "GET", "PUT", "GET"]
    assert task.minutes is None


def test_should_say_what_is_wrong_with_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ECS_ENABLE_TASK_PROTECTION", "perhaps")
    assert main(["check"]) == 14
    assert "must be true, false or nothing" in capsys.readouterr().out
