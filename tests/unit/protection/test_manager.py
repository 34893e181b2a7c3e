"""The thread, sessions, the facade: real threads that wait for one another, never for time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from runtime.core.errors import LeaseLost, Permanent, Retryable
from runtime.core.protection import Answer
from runtime.protection.environment import NoClient
from runtime.protection.facade import TaskProtection
from runtime.protection.manager import ProtectionManager
from runtime.protection.policy import Policy, gap_free, service
from tests.fakes.clock import FakeClock
from tests.fakes.log import CapturedLog
from tests.fakes.protection import BLOCKED, DENIED, NETWORK_FAULT, STANDALONE, FakeProtection

PATIENCE_SECONDS = 10.0


class Bench:
    def __init__(self, policy: Policy) -> None:
        self.clock = FakeClock()
        self.log = CapturedLog()
        self.ecs = FakeProtection(clock=self.clock)
        self.aborted = threading.Event()
        self.manager = ProtectionManager(
            client=self.ecs,
            policy=policy,
            monotonic=self.clock,
            wall=self.clock,
            log=self.log,
            abort=lambda _reason: self.aborted.set(),
            jitter=lambda: 0.0,
            acquire_timeout_seconds=PATIENCE_SECONDS,
        )

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.manager.wake()

    def until(self, truth: Callable[[], bool]) -> None:
        """Wait for the thread to have brought something about."""
        condition = self.manager.changed
        with condition:
            assert condition.wait_for(truth, PATIENCE_SECONDS)

    def until_renewed(self, times: int) -> None:
        self.until(lambda: self.manager.status().lease.counters.renewals == times)

    def until_off(self) -> None:
        self.until(lambda: not self.ecs.on and self.manager.status().lease.counters.releases > 0)


@contextmanager
def running(policy: Policy) -> Iterator[Bench]:
    bench = Bench(policy)
    bench.manager.start()
    yield bench
    bench.manager.close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    with running(gap_free()) as made:
        yield made


def test_should_be_protected_before_critical_work_begins_and_not_after_it(bench: Bench) -> None:
    session = bench.manager.session("any-job")
    assert bench.ecs.calls == []
    session.set_critical(True)
    assert bench.ecs.on
    session.set_critical(False)
    bench.until_off()


def test_should_protect_a_session_used_as_a_context(bench: Bench) -> None:
    with bench.manager.session("any-job") as session:
        session.check()
        assert session.protected
        assert bench.ecs.on
    bench.until_off()
    assert bench.manager.status().open_session_ids == ()


def test_should_clean_up_when_the_job_raises(bench: Bench) -> None:
    def work() -> None:
        with bench.manager.session("any-job"):
            raise KeyError

    with pytest.raises(KeyError):
        work()
    bench.until_off()


def test_should_not_mind_repeated_calls(bench: Bench) -> None:
    session = bench.manager.session("any-job")
    session.set_critical(False)
    session.set_critical(True)
    session.set_critical(True)
    session.cleanup()
    session.cleanup()
    bench.until_off()
    assert bench.ecs.calls == ["enable 7", "disable"]


def test_should_renew_in_the_background(bench: Bench) -> None:
    with bench.manager.session("any-job") as session:
        for renewals in range(1, 6):
            bench.pass_time(121)
            bench.until_renewed(renewals)
        session.check()


def test_should_tell_the_job_and_call_back_when_a_renewal_is_refused(bench: Bench) -> None:
    told: list[tuple[str, str]] = []
    heard = threading.Event()

    def hear(session_id: str, error: LeaseLost) -> None:
        told.append((session_id, error.code))
        heard.set()

    def fail(_session_id: str, _error: LeaseLost) -> None:
        raise KeyError

    bench.manager.on_lost(fail)
    bench.manager.on_lost(hear)
    with bench.manager.session("any-job") as session:
        bench.ecs.always = BLOCKED
        bench.pass_time(121)
        assert session.lost.wait(PATIENCE_SECONDS)
        assert heard.wait(PATIENCE_SECONDS)
        with pytest.raises(LeaseLost):
            session.check()
        bench.ecs.always = None
    assert told == [("any-job", "protection.refused")]


def test_should_not_start_a_job_that_ecs_refuses_to_protect(bench: Bench) -> None:
    bench.ecs.always = BLOCKED
    session = bench.manager.session("any-job")
    with pytest.raises(LeaseLost, match="DEPLOYMENT_BLOCKED"):
        session.set_critical(True)
    assert not session.critical


def test_should_not_start_a_job_without_permission_to_protect_it(bench: Bench) -> None:
    bench.ecs.always = DENIED
    with pytest.raises(Permanent, match="ecs:UpdateTaskProtection"):
        bench.manager.session("any-job").set_critical(True)


def test_should_not_start_a_job_that_gets_no_protection_in_time() -> None:
    bench = Bench(gap_free())
    bench.manager.acquire_timeout_seconds = 0.0
    bench.ecs.always = NETWORK_FAULT
    bench.manager.start()
    with pytest.raises(Retryable, match="got no protection within 0 s"):
        bench.manager.session("any-job").set_critical(True)
    bench.clock.advance(1000)
    bench.manager.close()


def test_should_keep_a_job_going_where_protection_does_not_apply(bench: Bench) -> None:
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
        bench.clock.advance(10)  # past the time in which the lost request may still land


def test_should_stop_the_process_when_the_renewal_thread_dies(bench: Bench) -> None:
    def die() -> None:
        raise SystemError("any fault")

    with bench.manager.session("any-job") as session:
        bench.manager.at_each_check(die)
        bench.pass_time(60)
        assert bench.aborted.wait(PATIENCE_SECONDS)
        with pytest.raises(LeaseLost, match="died"):
            session.check()
    assert not bench.manager.status().healthy
    with pytest.raises(Retryable, match="thread does not run"):
        bench.manager.session("another").set_critical(True)
    bench.manager.close()
    assert not bench.ecs.on


def test_should_force_protection_off(bench: Bench) -> None:
    with bench.manager.session("any-job") as session:
        bench.manager.force_disable("any reason")
        bench.until_off()
        with pytest.raises(LeaseLost, match="any reason"):
            session.check()


def test_should_cap_what_a_job_with_a_deadline_is_protected(bench: Bench) -> None:
    session = bench.manager.session("stuck", deadline_seconds=300.0)
    session.set_critical(True)
    margin = gap_free().cap_margin_seconds
    bench.clock.advance(300.0 + margin)
    with pytest.raises(LeaseLost, match="up to its deadline"):
        session.check()
    session.set_critical(False)
    with pytest.raises(LeaseLost, match="up to its deadline"):
        session.set_critical(True)


def test_should_make_no_call_when_nobody_is_critical(bench: Bench) -> None:
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
        log=log,
        abort=lambda _reason: None,
        jitter=lambda: 0.0,
        ecs_deployment=False,
    )
    manager.start()
    with manager.session("any-job") as session:
        session.check()
    manager.close()
    assert log.actions().count("protection.not_applicable") == 1


class Server:
    """A job server that counts its active jobs."""

    def __init__(self, bench: Bench) -> None:
        self.active = 0
        self.protection = TaskProtection(
            manager=bench.manager, active_jobs=lambda: self.active, log=bench.log
        )


@pytest.fixture
def long() -> Iterator[Bench]:
    with running(service()) as made:
        yield made


def test_should_protect_for_two_hours_when_a_job_starts(long: Bench) -> None:
    server = Server(long)
    assert not server.protection.manage()
    server.active = 1
    assert server.protection.manage()
    assert long.ecs.calls == ["enable 120"]


def test_should_protect_for_one_hour_when_a_light_job_starts(long: Bench) -> None:
    server = Server(long)
    server.active = 1
    assert server.protection.manage(light=True)
    assert long.ecs.calls == ["enable 60"]


def test_should_protect_many_jobs_at_once_until_none_is_active(long: Bench) -> None:
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


def test_should_notice_at_a_check_that_no_job_is_active(long: Bench) -> None:
    server = Server(long)
    server.active = 1
    server.protection.manage()
    server.active = 0
    long.pass_time(1800)
    long.until_off()


def test_should_enable_for_an_hour_by_default(long: Bench) -> None:
    server = Server(long)
    assert server.protection.enable()
    assert long.ecs.calls == ["enable 60"]


@pytest.mark.parametrize("answer", [BLOCKED, DENIED])
def test_should_never_break_the_application(long: Bench, answer: Answer) -> None:
    server = Server(long)
    server.active = 1
    long.ecs.always = answer
    assert not server.protection.manage()
    assert "protection.enable_failed" in long.log.actions("ERROR")
    long.ecs.always = None
    assert server.protection.manage()


def test_should_force_the_servers_protection_off(long: Bench) -> None:
    server = Server(long)
    server.active = 1
    server.protection.manage()
    server.protection.force_disable("any reason")
    long.until_off()


def test_should_keep_protecting_jobs_that_cannot_be_counted(long: Bench) -> None:
    def fail() -> int:
        raise OSError("any fault")

    protection = TaskProtection(manager=long.manager, active_jobs=fail, log=long.log)
    assert protection.manage()
    assert not protection.disable()
    long.pass_time(1800)
    assert long.manager.status().monitoring
    assert long.ecs.on
