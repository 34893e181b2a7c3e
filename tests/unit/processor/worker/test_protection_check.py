"""What a worker logs of the self-test of protection at its start."""

from runtime.processor.worker.main import log_report
from runtime.protection.environment import ProtectionEnvironment
from runtime.protection.selfcheck import run_check
from tests.fakes.clock import FakeClock
from tests.fakes.log import CapturedLog
from tests.fakes.protection import DENIED, FakeProtection

HERE = ProtectionEnvironment(
    switch=None, agent_uri="http://any", cluster=None, task_arn=None, region="eu-west-1"
)


def logged(ecs: FakeProtection) -> CapturedLog:
    log = CapturedLog()
    log_report(run_check(environment=HERE, choose=lambda _found: ecs), log)
    return log


def test_should_log_one_line_when_every_step_passes() -> None:
    log = logged(FakeProtection(clock=FakeClock()))

    (line,) = log.lines
    assert (line.level, line.action) == ("INFO", "protection.checked")
    assert line.fields["passed"] is True
    assert "enable" in line.fields["steps"]


def test_should_log_the_step_that_failed_with_its_fix() -> None:
    ecs = FakeProtection(clock=FakeClock())
    ecs.answers.append(DENIED)

    failed, checked = logged(ecs).lines

    assert (failed.level, failed.action) == ("ERROR", "protection.check_failed")
    assert "ecs:UpdateTaskProtection" in failed.fields["fix"]
    assert checked.fields["passed"] is False
