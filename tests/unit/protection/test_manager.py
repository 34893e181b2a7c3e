"""The thread and its sessions: real threads that wait for one another, never for time."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from runtime.protection.environment import NoClient
from runtime.protection.errors import (
    ProtectionDeniedError,
    ProtectionLostError,
    ProtectionUnavailableError,
)
from runtime.protection.manager import ProtectionManager
from runtime.protection.policy import gap_free
from runtime.protection.ports import Reports
from tests.fakes.clock import FakeClock
from tests.fakes.log import CapturedLog
from tests.fakes.protection import BLOCKED, DENIED, NETWORK_FAULT, STANDALONE
from tests.unit.protection.benches import PATIENCE_SECONDS, ManagerBench, running


@pytest.fixture
def bench() -> Iterator[ManagerBench]:
    with running(gap_free()) as made:
        yield made


def test_should_be_protected_before_critical_work_begins_and_not_after_it(
    bench: ManagerBench,
) -> None:
    session = bench.manager.session("any-job")
    assert bench.ecs.calls == []
    session.set_critical(True)
    assert bench.ecs.on
    session.set_critical(False)
    bench.until_off()


def test_should_protect_a_session_used_as_a_context(bench: ManagerBench) -> None:
    with bench.manager.session("any-job") as session:
        session.check()
        assert session.protected
        assert bench.ecs.on
    bench.until_off()
    assert bench.manager.status().open_session_ids == ()


def test_should_clean_up_when_the_job_raises(bench: ManagerBench) -> None:
    def work() -> None:
        with bench.manager.session("any-job"):
            raise KeyError

    with pytest.raises(KeyError):
        work()
    bench.until_off()


def test_should_not_mind_repeated_calls(bench: ManagerBench) -> None:
    session = bench.manager.session("any-job")
    session.set_critical(False)
    session.set_critical(True)
    session.set_critical(True)
    session.cleanup()
    session.cleanup()
    bench.until_off()
    assert bench.ecs.calls == ["enable 7", "disable"]


def test_should_renew_in_the_background(bench: ManagerBench) -> None:
    with bench.manager.session("any-job") as session:
        for renewals in range(1, 6):
            bench.pass_time(121)
            bench.until_renewed(renewals)
        session.check()


def test_should_tell_the_job_and_call_back_when_a_renewal_is_refused(bench: ManagerBench) -> None:
    reported: list[tuple[str, str]] = []
    heard = threading.Event()

    def hear(session_id: str, error: ProtectionLostError) -> None:
        reported.append((session_id, error.code))
        heard.set()

    def fail(_session_id: str, _error: ProtectionLostError) -> None:
        raise KeyError

    bench.manager.on_lost(fail)
    bench.manager.on_lost(hear)
    with bench.manager.session("any-job") as session:
        bench.ecs.always = BLOCKED
        bench.pass_time(121)
        assert session.lost.wait(PATIENCE_SECONDS)
        assert heard.wait(PATIENCE_SECONDS)
        with pytest.raises(ProtectionLostError):
            session.check()
        bench.ecs.always = None
    assert reported == [("any-job", "protection.refused")]


def test_should_not_start_a_job_that_ecs_refuses_to_protect(bench: ManagerBench) -> None:
    bench.ecs.always = BLOCKED
    session = bench.manager.session("any-job")
    with pytest.raises(ProtectionLostError, match="DEPLOYMENT_BLOCKED"):
        session.set_critical(True)
    assert not session.critical


def test_should_not_start_a_job_without_permission_to_protect_it(bench: ManagerBench) -> None:
    bench.ecs.always = DENIED
    with pytest.raises(ProtectionDeniedError, match="ecs:UpdateTaskProtection"):
        bench.manager.session("any-job").set_critical(True)


def test_should_not_start_a_job_that_gets_no_protection_in_time() -> None:
    bench = ManagerBench(gap_free())
    bench.manager.acquire_timeout_seconds = 0.0
    bench.ecs.always = NETWORK_FAULT
    bench.manager.start()
    with pytest.raises(ProtectionUnavailableError, match="got no protection within 0 s"):
        bench.manager.session("any-job").set_critical(True)
    bench.clock.advance(1000)
    bench.manager.close()


def test_should_keep_a_job_going_where_protection_does_not_apply(bench: ManagerBench) -> None:
    bench.ecs.always = STANDALONE
    for _ in range(2):
        with bench.manager.session("any-job") as session:
            session.check()
    assert bench.ecs.calls == ["enable 7"]
    status = bench.manager.status()
    assert status.safe
    assert not status.lease.applicable


def test_should_take_protection_off_on_a_clean_exit() -> None:
    with running(gap_free()) as bench:
        bench.manager.session("any-job").set_critical(True)
    assert not bench.ecs.on
    assert not bench.manager.status().monitoring


def test_should_survive_a_client_that_raises() -> None:
    with running(replace(gap_free(), retry_base_seconds=0.0)) as bench:

        def crash() -> None:
            bench.ecs.before_call = lambda: None
            raise RuntimeError("any fault")

        bench.ecs.before_call = crash
        with bench.manager.session("any-job"):
            assert bench.ecs.on
        assert "protection.call_failed" in bench.log.actions("WARNING")
        bench.clock.advance(gap_free().settle_seconds)  # the lost request may land until then


def test_should_stop_the_process_when_the_renewal_thread_dies(bench: ManagerBench) -> None:
    def die() -> None:
        raise SystemError("any fault")

    with bench.manager.session("any-job") as session:
        bench.manager.at_each_check(die)
        bench.pass_time(60)
        assert bench.aborted.wait(PATIENCE_SECONDS)
        with pytest.raises(ProtectionLostError, match="died"):
            session.check()
    assert not bench.manager.status().healthy
    with pytest.raises(ProtectionUnavailableError, match="thread does not run"):
        bench.manager.session("another").set_critical(True)
    bench.manager.close()
    assert not bench.ecs.on


def test_should_force_protection_off(bench: ManagerBench) -> None:
    with bench.manager.session("any-job") as session:
        bench.manager.force_disable("any reason")
        bench.until_off()
        with pytest.raises(ProtectionLostError, match="any reason"):
            session.check()


def test_should_cap_what_a_job_with_a_deadline_is_protected(bench: ManagerBench) -> None:
    session = bench.manager.session("stuck", deadline_seconds=300.0)
    session.set_critical(True)
    margin = gap_free().cap_margin_seconds
    bench.clock.advance(300.0 + margin)
    with pytest.raises(ProtectionLostError, match="up to its deadline"):
        session.check()
    session.set_critical(False)
    with pytest.raises(ProtectionLostError, match="up to its deadline"):
        session.set_critical(True)


def test_should_make_no_call_when_no_one_is_critical(bench: ManagerBench) -> None:
    bench.manager.session("any-job")
    for _ in range(5):
        bench.pass_time(3600)
    assert bench.ecs.calls == []


def test_should_do_nothing_outside_ecs() -> None:
    log = CapturedLog()
    clock = FakeClock()
    manager = ProtectionManager(
        client=NoClient("any reason"),
        policy=gap_free(),
        monotonic=clock,
        wall=clock,
        reports=Reports(log=log),
        abort=lambda _reason: None,
        jitter=lambda: 0.0,
        ecs_deployment=False,
    )
    manager.start()
    with manager.session("any-job") as session:
        session.check()
    manager.close()
    assert log.actions().count("protection.not_applicable") == 1
