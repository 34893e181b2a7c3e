"""Bridges: each worker protects from its framework, through faults of the agent and a scale-in.

All run side by side in scaled time, once for all tests. SQS's is in the tests of the local cloud.
"""

import os
import sys
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError

import pytest
from celery import Celery

from local.ports import free_port
from runtime.protection.testing.endpoint import AgentEndpoint, serving
from scripts.package.__main__ import PROJECT
from tests.unit.packaging.workers import (
    Intervals,
    assert_protected,
    assert_renewed,
    environment,
    inject_faults,
    jobs,
    scaled_time,
    wait_until,
    working,
)

UNDER_FAULTS = 2
UNDER_SCALE_IN = 3
STOPPED = {0, 143, -15}
pytestmark = pytest.mark.timeout(600)

CELERY = """
from celery_worker import app
app.conf.broker_transport_options = {
    "data_folder_in": "queue", "data_folder_out": "queue", "control_folder": "control",
    "polling_interval": 0.02,
}
app.conf.worker_redirect_stdouts = False
"""

DRAMATIQ = """
import threading
import dramatiq
from dramatiq.brokers.stub import StubBroker
dramatiq.set_broker(StubBroker())
import dramatiq_worker as example

def receive():
    with open("jobs") as sent:
        for line in sent:
            example.convert.send(0)

threading.Thread(target=receive, daemon=True).start()
"""
"""A broker in memory cannot be reached from outside, so jobs come by a pipe."""


@dataclass(frozen=True)
class Setup:
    """A framework's worker: how to start it, to know that it is up, and to send it a job."""

    command: list[str | Path]
    ready: str
    send: Callable[[], None]


@dataclass(frozen=True)
class Record:
    """What became of a worker; `exit_code` follows the stop by the scale-in."""

    agent: AgentEndpoint
    under_faults: Intervals
    faults_left: int
    under_scale_in: Intervals
    exit_code: int
    said: str


def celery(folder: Path) -> Setup:
    for name in ("queue", "control"):
        (folder / name).mkdir()
    (folder / "configured.py").write_text(CELERY)
    arguments = [
        "--app=configured",
        "worker",
        "--concurrency=2",
        "--pool=prefork",
        "--loglevel=INFO",
    ]
    sent = folder / "sent"
    sent.mkdir()
    client = Celery(broker="filesystem://")
    client.conf.broker_transport_options = {
        "data_folder_in": str(sent),
        "data_folder_out": str(sent),
        "control_folder": str(folder / "control"),
    }

    def send() -> None:
        client.send_task("celery_worker.convert", [0])
        # The transport fills a file that is there: a worker that takes it empty dies.
        for message in sent.iterdir():
            message.rename(folder / "queue" / message.name)

    return Setup(
        [sys.executable, "-m", "celery", *arguments, "--without-mingle", "--without-gossip"],
        " ready.",
        send,
    )


def dramatiq(folder: Path) -> Setup:
    (folder / "served.py").write_text(DRAMATIQ)
    pipe = folder / "jobs"
    os.mkfifo(pipe)
    sent = os.open(pipe, os.O_RDWR)

    def send() -> None:
        os.write(sent, b"job\n")

    return Setup(
        [sys.executable, "-m", "dramatiq", "--processes=1", "--threads=2", "served"],
        "ready for action",
        send,
    )


def starlette(_folder: Path) -> Setup:
    port = free_port()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/jobs", method="POST")

    def send() -> None:
        for _ in range(20):
            with suppress(HTTPError):  # 503: no protection, try again
                urllib.request.urlopen(request, timeout=20).close()  # noqa: S310 - http
                return
        raise AssertionError("no job was accepted")

    return Setup(
        [sys.executable, "-m", "uvicorn", "starlette_app:app", f"--port={port}"],
        "Uvicorn running on",
        send,
    )


SETUPS = {"celery": celery, "dramatiq": dramatiq, "starlette": starlette}


def play(framework: str, package: Path, folder: Path) -> Record:
    """Run a worker: jobs while the agent fails, none, then jobs while a scheduler scales in."""
    folder.mkdir()
    setup = SETUPS[framework](folder)
    path = (scaled_time(folder / "scaled"), str(package), str(PROJECT / "examples"), str(folder))
    with serving() as agent:
        env = environment(agent, *path, HOME=str(folder), BROKER_URL="filesystem://")
        with working(setup.command, env, folder) as worker:
            worker.read_until(lambda said: setup.ready in said)
            inject_faults(agent, refusal=True)
            for _ in range(UNDER_FAULTS):
                setup.send()
            worker.read_jobs(UNDER_FAULTS)
            under_faults, faults_left = jobs(worker.said), len(agent.faults)
            agent.heal()
            wait_until(lambda: not agent.protected)
            for _ in range(UNDER_SCALE_IN):
                setup.send()
            worker.read_until(lambda said: said.count("begin ") > UNDER_FAULTS)
            worker.stop_when_unprotected(agent, seed=framework)
    under_scale_in = jobs(worker.said)[UNDER_FAULTS:]
    code = worker.process.returncode
    return Record(agent, under_faults, faults_left, under_scale_in, code, worker.said)


@pytest.fixture(scope="module")
def records(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> "dict[str, Future[Record]]":
    """Play all workers side by side; one that fails fails its own tests only."""
    folder = tmp_path_factory.mktemp("bridges")
    with ThreadPoolExecutor() as pool:
        return {name: pool.submit(play, name, wheel, folder / name) for name in SETUPS}


@pytest.fixture(params=SETUPS)
def record(request: pytest.FixtureRequest, records: "dict[str, Future[Record]]") -> Record:
    return records[request.param].result()


def test_should_do_every_job_protected_though_the_agent_fails(record: Record) -> None:
    """It refuses, throttles, stays silent, loses an answer and is late; then protection ends."""
    assert record.faults_left == 0
    assert_protected(record.agent, record.under_faults, least=UNDER_FAULTS)


def test_should_renew_while_jobs_run(record: Record) -> None:
    assert_renewed(record.agent)


def test_should_not_be_stopped_at_work_by_a_scale_in(record: Record) -> None:
    """A scheduler tries to stop the task all the time, and does where it is not protected."""
    assert record.agent.stopped_at is not None
    assert_protected(record.agent, record.under_scale_in, least=1)
    assert record.exit_code in STOPPED, record.said
