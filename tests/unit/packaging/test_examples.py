"""The built distribution: installed with nothing else, every example protects all its jobs."""

import os
import random
import subprocess
import sys
import sysconfig
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.protection.testing.endpoint import AgentEndpoint, serving
from scripts.package.__main__ import PROJECT, SOURCE, build

EXAMPLES = PROJECT / "examples"
ALONE = ["context.py", "decorator.py", "asyncio_worker.py", "sessions.py", "server_jobs.py"]
PATIENCE_SECONDS = 60
pytestmark = pytest.mark.timeout(90)
TERMINATED = {0, 143, -15}

Intervals = list[tuple[float, float | None]]


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def installed(archives: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment with the wheel and nothing else."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin/python"
    wheel = next(archive for archive in archives if archive.suffix == ".whl")
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--quiet", "--python", python]
    subprocess.run([*pip, "install", "--no-index", "--no-compile", wheel], check=True)
    return python


@pytest.fixture
def agent() -> Iterator[AgentEndpoint]:
    with serving() as endpoint:
        yield endpoint


def environment(agent: AgentEndpoint, **more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "ECS_AGENT_URI": agent.uri, **more}


def packages(python: Path) -> str:
    """Return the folder of the installed package."""
    return sysconfig.get_path("purelib", vars={"base": str(python.parent.parent)})


def jobs(said: str) -> Intervals:
    """Return when each job began and ended, None for one that was cut."""
    begins = [float(line.split()[1]) for line in said.splitlines() if line.startswith("begin ")]
    ends = [float(line.split()[1]) for line in said.splitlines() if line.startswith("end ")]
    return [(begin, ends[at] if at < len(ends) else None) for at, begin in enumerate(begins)]


def assert_protected(agent: AgentEndpoint, found: Intervals, *, least: int) -> None:
    assert len(found) >= least
    for begin, end in found:
        assert end is not None, "a job was cut"
        assert agent.gaps(begin, end) == []


def run(command: list[str | Path], env: dict[str, str]) -> str:
    done = subprocess.run(
        command, env=env, check=False, capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("example", ALONE)
def test_should_protect_renew_and_release(
    installed: Path, agent: AgentEndpoint, example: str
) -> None:
    said = run([installed, "-I", EXAMPLES / example], environment(agent))
    assert_protected(agent, jobs(said), least=2)
    assert not agent.protected


@pytest.mark.parametrize("example", ALONE)
def test_should_survive_faults_of_the_agent(
    installed: Path, agent: AgentEndpoint, example: str
) -> None:
    """Faults of certain outcome: after a lost call the next lease waits a minute, by design."""
    agent.inject(calls=1, latency_seconds=0.2)
    agent.inject(calls=1, error=(400, "ThrottlingException", "slow down"))
    said = run([installed, "-I", EXAMPLES / example], environment(agent))
    assert_protected(agent, jobs(said), least=2)


@pytest.mark.parametrize("example", ALONE)
def test_should_not_be_stopped_at_work_by_a_scale_in(
    installed: Path, agent: AgentEndpoint, example: str
) -> None:
    """A scheduler tries to stop the task all the time, and does where it is not protected."""
    draw = random.Random(example)  # noqa: S311 - a seed
    with subprocess.Popen(
        [installed, "-I", EXAMPLES / example],
        env=environment(agent),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as worker:
        assert worker.stdout
        assert worker.stderr
        said = [worker.stdout.readline()]

        def stop_when_possible() -> None:
            while worker.poll() is None and not agent.scale_in():
                time.sleep(draw.uniform(0.0005, 0.005))
            worker.terminate()

        scheduler = threading.Thread(target=stop_when_possible)
        scheduler.start()
        said.append(worker.stdout.read())
        errors = worker.stderr.read()
        scheduler.join(PATIENCE_SECONDS)
    # A job that would begin after the stop request is refused.
    assert worker.returncode in TERMINATED or "protection.stopping" in errors, errors
    assert_protected(agent, jobs("".join(said)), least=1)


def test_should_protect_a_batch_script(installed: Path, agent: AgentEndpoint) -> None:
    path = f"{installed.parent}:{os.environ['PATH']}"
    said = run(["sh", EXAMPLES / "batch.sh"], environment(agent, PATH=path))
    assert_protected(agent, jobs(said), least=1)


def test_should_prove_a_users_own_worker_by_the_plugin(
    installed: Path, agent: AgentEndpoint
) -> None:
    env = environment(agent, PYTHONPATH=packages(installed))
    said = run([sys.executable, "-m", "pytest", "-q", EXAMPLES / "test_my_worker.py"], env)
    assert "1 passed" in said


def test_should_protect_from_celerys_parent_process(
    installed: Path, agent: AgentEndpoint, tmp_path: Path
) -> None:
    """By a pool of processes, whose parent holds the lease for all of them."""
    env = environment(agent, PYTHONPATH=f"{packages(installed)}:{EXAMPLES}", HOME=str(tmp_path))
    env["BROKER_URL"] = "filesystem://"
    settings = f"""
from celery_worker import app, convert
app.conf.broker_transport_options = {{
    "data_folder_in": "{tmp_path}/queue", "data_folder_out": "{tmp_path}/queue",
    "control_folder": "{tmp_path}/control",
}}
app.conf.worker_redirect_stdouts = False
"""
    for name in ("queue", "control"):
        (tmp_path / name).mkdir()
    (tmp_path / "configured.py").write_text(settings)
    env["PYTHONPATH"] += f":{tmp_path}"
    send = "import configured; [configured.convert.delay(n) for n in range(3)]"
    run([sys.executable, "-c", send], env)
    arguments = ["--app=configured", "worker", "--concurrency=2", "--pool=prefork"]
    with subprocess.Popen(
        [sys.executable, "-m", "celery", *arguments, "--without-mingle", "--without-gossip"],
        env=env,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as worker:
        assert worker.stdout
        said = ""
        for line in worker.stdout:
            said += line
            if said.count("end ") == 3:
                break
        worker.terminate()
        worker.stdout.read()
        assert worker.wait(PATIENCE_SECONDS) == 0
    assert_protected(agent, jobs(said), least=3)
    assert not agent.protected


def test_should_protect_dramatiqs_actors(installed: Path, agent: AgentEndpoint) -> None:
    env = environment(agent, PYTHONPATH=f"{packages(installed)}:{EXAMPLES}")
    program = """
import dramatiq
from dramatiq.brokers.stub import StubBroker
dramatiq.set_broker(StubBroker())
import dramatiq_worker as app
worker = dramatiq.Worker(app.broker, worker_timeout=50)
worker.start()
for number in range(3):
    app.convert.send(number)
app.broker.join(app.convert.queue_name)
worker.join()
worker.stop()
"""
    said = run([sys.executable, "-c", program], env)
    assert_protected(agent, jobs(said), least=3)
    assert not agent.protected


def test_should_protect_the_jobs_of_a_web_service(installed: Path, agent: AgentEndpoint) -> None:
    env = environment(agent, PYTHONPATH=f"{packages(installed)}:{EXAMPLES}")
    program = """
import warnings
warnings.simplefilter("ignore")
from starlette.testclient import TestClient
import starlette_app
with TestClient(starlette_app.app) as client:
    assert client.get("/health").json()["taskProtectionMonitoring"]
    assert client.post("/jobs").json() == {"active": 1}
"""
    said = run([sys.executable, "-c", program], env)
    assert_protected(agent, jobs(said), least=1)
    assert not agent.protected


def test_should_give_the_same_bytes_again_and_ship_every_module(
    archives: list[Path], tmp_path: Path
) -> None:
    again = build(tmp_path)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in archives]
    wheel = next(archive for archive in archives if archive.suffix == ".whl")
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    ours = [path for path in SOURCE.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert shipped == {f"scale_in_guard/{path.relative_to(SOURCE)}" for path in ours}
    for path in ours:
        name = f"scale_in_guard/{path.relative_to(SOURCE)}"
        assert zipfile.ZipFile(wheel).read(name) == path.read_bytes()


QUICK_POLICY = """
import scale_in_guard as g
g.configure(policy=g.Policy(
    name="quick", check_interval_seconds=0.005, buffer_seconds=50.0, renew_at_seconds=59.99,
    lease_seconds=60.0, renewal_seconds=60.0, max_lease_seconds=3600.0, release_at_seconds=45.0,
))
import runpy, sys
runpy.run_path(sys.argv[1], run_name="__main__")
"""
"""Runs an example whose leases of a minute are renewed after a hundredth of a second."""


@pytest.mark.parametrize(
    "example", ["context.py", "decorator.py", "asyncio_worker.py", "sessions.py"]
)
def test_should_renew_while_a_job_runs(installed: Path, agent: AgentEndpoint, example: str) -> None:
    said = run([installed, "-I", "-c", QUICK_POLICY, EXAMPLES / example], environment(agent))
    found = jobs(said)
    assert_protected(agent, found, least=2)
    for begin, end in found:
        assert end is not None
        assert any(begin < change.at < end and change.until > end for change in agent.changes)
    assert not agent.protected
