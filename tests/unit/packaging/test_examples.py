"""The distribution installed with nothing else: every example protects all its jobs."""

import subprocess
import sys
from pathlib import Path

import pytest

from runtime.protection.testing.endpoint import AgentEndpoint
from scripts.package.__main__ import PROJECT
from tests.unit.packaging.workers import (
    PATIENCE_SECONDS,
    assert_protected,
    assert_renewed,
    environment,
    inject_faults,
    jobs,
    scaled_time,
    working,
)

EXAMPLES = PROJECT / "examples"
ALONE = [
    "context.py",
    "decorator.py",
    "asyncio_worker.py",
    "sessions.py",
    "server_jobs.py",
    "batch.sh",
]
TERMINATED = {0, 143, -15}
pytestmark = pytest.mark.timeout(600)


def command(installed: Path, example: str) -> list[str | Path]:
    return ["sh" if example.endswith(".sh") else installed, EXAMPLES / example]


def env_of(installed: Path, agent: AgentEndpoint, *path: str) -> dict[str, str]:
    """Return an environment in which `python` is the one with the distribution alone."""
    found = environment(agent, *path)
    return found | {"PATH": f"{installed.parent}:{found['PATH']}"}


def run(argv: list[str | Path], env: dict[str, str]) -> str:
    done = subprocess.run(
        argv, env=env, check=False, capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("example", ALONE)
def test_should_protect_and_release(installed: Path, agent: AgentEndpoint, example: str) -> None:
    said = run(command(installed, example), env_of(installed, agent))
    assert_protected(agent, jobs(said), least=1)
    assert not agent.protected


@pytest.mark.parametrize("example", ALONE)
def test_should_survive_faults_and_renew(
    installed: Path, agent: AgentEndpoint, tmp_path: Path, example: str
) -> None:
    """The first calls are throttled, not answered, lost but carried out, and late."""
    inject_faults(agent, refusal=False)
    env = env_of(installed, agent, scaled_time(tmp_path))
    found = jobs(run(command(installed, example), env))
    assert agent.faults == []
    assert_protected(agent, found, least=1)
    assert_renewed(agent)
    assert not agent.protected


@pytest.mark.parametrize("example", ALONE)
def test_should_not_be_stopped_at_work_by_a_scale_in(
    installed: Path, agent: AgentEndpoint, tmp_path: Path, example: str
) -> None:
    """A scheduler tries to stop the task all the time, and does where it is not protected."""
    with working(command(installed, example), env_of(installed, agent), tmp_path) as worker:
        worker.read_until(lambda said: "begin " in said)
        worker.stop_when_unprotected(agent, seed=example)
    # A job that would begin after the stop request is refused.
    code = worker.process.returncode
    assert code in TERMINATED or "protection.stopping" in worker.said, worker.said
    assert_protected(agent, jobs(worker.said), least=1)


def test_should_not_start_a_batch_script_that_ecs_refuses_to_protect(
    installed: Path, agent: AgentEndpoint
) -> None:
    agent.inject(calls=1, failure="DEPLOYMENT_BLOCKED")
    done = subprocess.run(
        command(installed, "batch.sh"),
        env=env_of(installed, agent),
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 75
    assert jobs(done.stdout) == []


def test_should_prove_a_users_own_worker_by_the_plugin(
    wheel: Path, agent: AgentEndpoint, tmp_path: Path
) -> None:
    """As a user's pytest finds the plugin: by the entry point of the distribution."""
    env = environment(agent, str(wheel), HOME=str(tmp_path))
    example = EXAMPLES / "test_my_worker.py"
    said = run([sys.executable, "-m", "pytest", "-q", "--rootdir", tmp_path, example], env)
    assert "2 passed" in said
