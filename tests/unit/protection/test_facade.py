from collections.abc import Iterator

import pytest

from runtime.protection.answers import Answer
from runtime.protection.facade import TaskProtection
from runtime.protection.keeper import LeaseKeeper
from runtime.protection.policy import service
from runtime.protection.slots import Slot
from tests.fakes.protection import BLOCKED, DENIED
from tests.unit.protection.benches import ManagerBench, running


class Server:
    """A job server that counts its active jobs."""

    def __init__(self, bench: ManagerBench) -> None:
        self.active = 0
        self.protection = TaskProtection(
            manager=bench.manager, active_jobs=lambda: self.active, log=bench.log
        )


@pytest.fixture
def long() -> Iterator[ManagerBench]:
    with running(service()) as made:
        yield made


def test_should_protect_for_two_hours_when_a_job_starts(long: ManagerBench) -> None:
    server = Server(long)
    assert not server.protection.manage()
    server.active = 1
    assert server.protection.manage()
    assert long.ecs.calls == ["enable 120"]


def test_should_protect_for_one_hour_when_a_light_job_starts(long: ManagerBench) -> None:
    server = Server(long)
    server.active = 1
    assert server.protection.manage(light=True)
    assert long.ecs.calls == ["enable 60"]


def test_should_protect_many_jobs_at_once_until_none_is_active(long: ManagerBench) -> None:
    server = Server(long)
    server.active = 2
    server.protection.manage()
    server.active = 1
    server.protection.manage()
    assert not server.protection.disable()
    server.active = 0
    server.protection.manage()
    long.until_off()
    assert long.ecs.calls == ["enable 120", "disable"]


def test_should_notice_at_a_check_that_no_job_is_active(long: ManagerBench) -> None:
    server = Server(long)
    server.active = 1
    server.protection.manage()
    server.active = 0
    long.pass_time(1800)
    long.until_off()


def test_should_not_raise_while_the_manager_is_closed(
    long: ManagerBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing ends every session, also one whose state is being looked at."""
    check, closing = LeaseKeeper.check, [long.manager.close]

    def checked_while_closing(keeper: LeaseKeeper, slot: Slot) -> None:
        check(keeper, slot)
        while active and closing:
            closing.pop()()

    monkeypatch.setattr(LeaseKeeper, "check", checked_while_closing)
    server, active = Server(long), False
    server.active = 1
    assert server.protection.manage()
    active = True
    assert not server.protection.manage()
    assert not closing


def test_should_enable_for_an_hour_by_default(long: ManagerBench) -> None:
    server = Server(long)
    assert server.protection.enable()
    assert long.ecs.calls == ["enable 60"]


@pytest.mark.parametrize("answer", [BLOCKED, DENIED])
def test_should_never_break_the_application(long: ManagerBench, answer: Answer) -> None:
    server = Server(long)
    server.active = 1
    long.ecs.always = answer
    assert not server.protection.manage()
    assert "protection.enable_failed" in long.log.actions("ERROR")
    long.ecs.always = None
    assert server.protection.manage()


def test_should_force_the_servers_protection_off(long: ManagerBench) -> None:
    server = Server(long)
    server.active = 1
    server.protection.manage()
    server.protection.force_disable("any reason")
    long.until_off()


def test_should_keep_protecting_jobs_that_cannot_be_counted(long: ManagerBench) -> None:
    def fail() -> int:
        raise OSError("any fault")

    protection = TaskProtection(manager=long.manager, active_jobs=fail, log=long.log)
    assert protection.manage()
    assert not protection.disable()
    long.pass_time(1800)
    assert long.manager.status().monitoring
    assert long.ecs.on
