"""The guard as an application uses it, against the agent's endpoint with its real answers."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.protection import (
    Guard,
    ProtectionError,
    ProtectionLostError,
    ProtectionSettingError,
    ProtectionUnavailableError,
    service,
)
from runtime.protection.testing.endpoint import AgentEndpoint, serving

PATIENCE_SECONDS = 120


@pytest.fixture
def agent() -> Iterator[AgentEndpoint]:
    with serving() as endpoint:
        yield endpoint


@pytest.fixture
def guard(agent: AgentEndpoint) -> Iterator[Guard]:
    with Guard(environ={"ECS_AGENT_URI": agent.uri}) as made:
        yield made


def until(truth: object) -> None:
    assert callable(truth)
    end = time.monotonic() + PATIENCE_SECONDS
    while not truth():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_should_do_nothing_outside_ecs() -> None:
    with Guard(environ={}) as guard, guard.protected() as session:
        session.check()
        assert session.protected
        assert not guard.health()["ecsDeployment"]


def test_should_refuse_to_start_where_it_must_protect_and_cannot() -> None:
    with pytest.raises(ProtectionSettingError, match="ECS_AGENT_URI"):
        Guard(environ={"ECS_ENABLE_TASK_PROTECTION": "true"})


def test_should_protect_while_the_context_lasts(agent: AgentEndpoint, guard: Guard) -> None:
    assert agent.calls == []
    with guard.protected():
        assert agent.protected
        assert not agent.scale_in()
    until(lambda: not agent.protected)
    assert agent.scale_in()


def test_should_share_one_lease_between_jobs(agent: AgentEndpoint, guard: Guard) -> None:
    with guard.protected("a"):
        with guard.protected("b"):
            pass
        assert agent.protected
        assert len(agent.calls) == 1


def test_should_protect_each_call_of_a_function(agent: AgentEndpoint, guard: Guard) -> None:
    @guard.protected()
    def job(number: int) -> bool:
        return agent.protected and number == 7

    assert job(7)
    assert job.__name__ == "job"
    until(lambda: not agent.protected)
    assert job(number=7)


def test_should_protect_coroutines(agent: AgentEndpoint, guard: Guard) -> None:
    @guard.protected()
    async def job() -> bool:
        await asyncio.sleep(0)
        return agent.protected

    async def all_jobs() -> tuple[bool, bool]:
        async with guard.protected("outer"):
            return await asyncio.gather(job(), job())

    assert all(asyncio.run(all_jobs()))
    until(lambda: not agent.protected)


def test_should_release_what_a_cancelled_job_was_waiting_for(
    agent: AgentEndpoint, guard: Guard
) -> None:
    agent.inject(calls=1, latency_seconds=0.3)

    async def cancelled() -> None:
        async def enter() -> None:
            async with guard.protected():
                raise AssertionError

        task = asyncio.create_task(enter())
        await asyncio.to_thread(until, lambda: agent.calls != [])
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    until(lambda: guard.status().open_session_ids == ())
    until(lambda: not agent.protected)


def test_should_go_on_where_the_task_belongs_to_no_service(agent: AgentEndpoint) -> None:
    agent.inject(failure="TASK_NOT_VALID")
    with Guard(environ={"ECS_AGENT_URI": agent.uri}) as guard, guard.protected() as session:
        session.check()


def test_should_fail_closed_where_it_must_protect(agent: AgentEndpoint) -> None:
    agent.inject(failure="TASK_NOT_VALID")
    environ = {"ECS_AGENT_URI": agent.uri, "ECS_ENABLE_TASK_PROTECTION": "true"}
    with Guard(environ=environ) as guard:
        with pytest.raises(ProtectionLostError), guard.protected():
            raise AssertionError
        assert not guard.status().healthy


def test_should_lose_the_session_when_forced(guard: Guard, agent: AgentEndpoint) -> None:
    with guard.protected() as session:
        guard.force_disable("the operator asked for it")
        with pytest.raises(ProtectionLostError, match="operator"):
            session.check()
    until(lambda: not agent.protected)


def test_should_count_the_jobs_of_a_server(agent: AgentEndpoint) -> None:
    active = [1]
    with Guard(environ={"ECS_AGENT_URI": agent.uri}, policy=service()) as guard:
        protection = guard.count_jobs(lambda: active[0])
        assert protection.manage()
        assert '"ExpiresInMinutes": 120' in agent.calls[0]
        active[0] = 0
        assert not protection.manage()
        until(lambda: not agent.protected)


def test_should_not_share_a_lease_with_a_forked_child(guard: Guard) -> None:
    with guard.protected():
        child = os.fork()
        if child == 0:
            try:
                guard.session()
            except ProtectionSettingError:
                os._exit(7)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_should_refuse_a_context_that_is_entered_already(guard: Guard) -> None:
    context = guard.protected()
    with context, pytest.raises(RuntimeError, match="entered already"), context:
        raise AssertionError


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_should_finish_the_job_before_a_stop(
    agent: AgentEndpoint, tmp_path: Path, number: signal.Signals
) -> None:
    program = tmp_path / "worker.py"
    program.write_text(
        textwrap.dedent("""
            import signal, sys, time
            from runtime.protection import Guard, ProtectionUnavailableError
            # A command that a shell runs in the background ignores it.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            guard = Guard()
            guard.defer_stop()
            try:
                with guard.protected():
                    print("at work", flush=True)
                    sys.stdin.readline()
                    print("stopping", guard.wait(20), flush=True)
                    try:
                        guard.session()
                    except ProtectionUnavailableError:
                        print("no new job", flush=True)
                time.sleep(20)
                print("never", flush=True)
            except (SystemExit, KeyboardInterrupt) as stop:
                print("stopped by", type(stop).__name__, flush=True)
                raise
        """)
    )
    with subprocess.Popen(
        [sys.executable, program],
        env={**os.environ, "ECS_AGENT_URI": agent.uri, "PYTHONPATH": str(Path.cwd())},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as worker:
        assert worker.stdin
        assert worker.stdout
        assert worker.stdout.readline() == "at work\n"
        worker.send_signal(number)
        worker.send_signal(number)
        worker.stdin.write("\n")
        worker.stdin.flush()
        kind = "SystemExit" if number == signal.SIGTERM else "KeyboardInterrupt"
        said = worker.stdout.read()
    assert said == f"stopping True\nno new job\nstopped by {kind}\n"
    assert not agent.protected
    assert agent.gaps(agent.changes[0].at, agent.changes[-1].at) == []


def test_should_stop_at_once_while_idle(agent: AgentEndpoint) -> None:
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            (
                "import time; from runtime.protection import Guard; guard = Guard(); "
                "guard.defer_stop(); print('idle', flush=True); time.sleep(60)"
            ),
        ],
        env={**os.environ, "ECS_AGENT_URI": agent.uri},
        stdout=subprocess.PIPE,
        text=True,
    ) as worker:
        assert worker.stdout
        assert worker.stdout.readline() == "idle\n"
        worker.terminate()
        assert worker.wait(PATIENCE_SECONDS) == 128 + signal.SIGTERM
    assert agent.calls == []


def test_should_run_a_command_in_the_protected_task(agent: AgentEndpoint, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    command = ["sh", "-c", f"sleep 0.1; echo done > {seen}; exit 3"]
    answer = subprocess.run(
        [sys.executable, "-m", "runtime.protection", "run", "--", *command],
        env={**os.environ, "ECS_AGENT_URI": agent.uri},
        check=False,
    )
    assert answer.returncode == 3
    assert seen.read_text() == "done\n"
    assert [call.partition(" ")[0] for call in agent.calls] == ["PUT", "PUT"]


def test_should_not_start_a_command_without_the_protection_it_needs(agent: AgentEndpoint) -> None:
    agent.inject(failure="DEPLOYMENT_BLOCKED")
    answer = subprocess.run(
        [sys.executable, "-m", "runtime.protection", "run", "--", "touch", "/never/there"],
        env={**os.environ, "ECS_AGENT_URI": agent.uri},
        check=False,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 75
    assert "DEPLOYMENT_BLOCKED" in answer.stdout


def test_should_keep_threads_apart(agent: AgentEndpoint, guard: Guard) -> None:
    failures: list[ProtectionError] = []

    @guard.protected()
    def job() -> None:
        if not agent.protected:
            failures.append(ProtectionUnavailableError("test", "unprotected", ""))

    threads = [threading.Thread(target=job) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    until(lambda: not agent.protected)
