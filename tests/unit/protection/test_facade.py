import contextlib
import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import pytest

from runtime.protection.answers import Answer
from runtime.protection.facade import TaskProtection
from runtime.protection.policy import service
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


def test_should_hold_one_protection_for_jobs_that_start_at_once(
    long: ManagerBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, both = Server(long), threading.Barrier(2)
    session = long.manager.session

    def with_the_other(*given: Any, **more: Any) -> Any:
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(timeout=0.3)
        return session(*given, **more)

    monkeypatch.setattr(long.manager, "session", with_the_other)
    server.active = 2
    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(lambda _: server.protection.manage(), range(2)))
    server.active = 0
    server.protection.manage()
    long.until_off()


def test_should_protect_a_job_that_starts_while_the_last_one_ends(long: ManagerBench) -> None:
    starting: list[Future[bool]] = []
    counts = itertools.count()

    def counted() -> int:
        """While the end of the last job is counted again, another starts and is protected."""
        found = server.active
        if ending and next(counts) == 1:
            server.active = 1
            starting.append(pool.submit(server.protection.manage))
            wait(starting, timeout=0.3)
        return found

    server, ending = Server(long), False
    server.protection = TaskProtection(manager=long.manager, active_jobs=counted, log=long.log)
    with ThreadPoolExecutor(1) as pool:
        server.active = 1
        assert server.protection.manage()
        server.active, ending = 0, True
        server.protection.manage()
        assert starting[0].result(timeout=60)
    assert long.manager.status().lease.active


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
