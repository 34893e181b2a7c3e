"""The container's health check, as ECS runs it: a program that exits with 0 or says why not."""

import os
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runtime.core.contract import HEALTH_COMMAND, WORKER_HEALTH_COMMAND, EnvVar
from runtime.processor import healthcheck

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    (tmp_path / "manifest.json").write_text("{}")
    return tmp_path


def run(models: Path, *, port: int | None = None) -> subprocess.CompletedProcess[str]:
    command = HEALTH_COMMAND if port is None else WORKER_HEALTH_COMMAND
    assert command[0] == "python"
    return subprocess.run(
        [sys.executable, *command[1:]],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            EnvVar.MODELS_DIR: str(models),
            EnvVar.WORKER_PORT: str(port),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@contextmanager
def answering(answer: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Listen on a port of the loopback and give one answer; yield the port and what was asked."""
    asked = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            asked.append(self.rfile.readline())
            self.wfile.write(answer)

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1], asked
        finally:
            server.shutdown()
            thread.join()


def test_should_be_healthy_with_models_and_scratch_space(models: Path) -> None:
    assert run(models).returncode == 0


def test_should_be_unhealthy_without_models(tmp_path: Path) -> None:
    result = run(tmp_path)

    assert result.returncode == 1
    assert result.stderr.strip() == f"unhealthy: there are no models in {tmp_path}"


def test_should_be_as_healthy_as_the_worker_says(models: Path) -> None:
    with answering(b"HTTP/1.0 200 OK\r\n\r\n{}") as (port, asked):
        result = run(models, port=port)

    assert result.returncode == 0, result.stderr
    assert asked == [b"GET /health HTTP/1.0\r\n"]


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.0 503 Service Unavailable\r\n\r\n", b"HTTP/1.1 404 200\r\n\r\n", b"", b"no"]
)
def test_should_be_unhealthy_when_the_worker_says_anything_else(
    models: Path, answer: bytes
) -> None:
    with answering(answer) as (port, _asked):
        result = run(models, port=port)

    assert result.returncode == 1
    assert result.stderr.startswith("unhealthy: the worker answers ")


def test_should_be_unhealthy_when_no_one_listens(models: Path) -> None:
    with answering(b"") as (port, _asked):
        pass

    result = run(models, port=port)

    assert result.returncode == 1
    assert f"the worker does not answer at port {port}" in result.stderr


def test_should_load_nothing_but_names_and_the_standard_library() -> None:
    script = "import sys, runtime.processor.healthcheck; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run(
        [sys.executable, "-S", "-c", script],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    ours = {name for name in loaded if name.startswith("runtime")}
    names = {name for name in ours if name.startswith("runtime.core.contract")}
    assert names
    assert ours - names == {
        "runtime",
        "runtime.processor",
        "runtime.core",
        "runtime.processor.healthcheck",
    }


def test_should_give_up_before_ecs_does(monkeypatch: pytest.MonkeyPatch) -> None:
    ecs_waits = 5
    assert ecs_waits > healthcheck.TIMEOUT_SECONDS
    monkeypatch.setattr(healthcheck, "TIMEOUT_SECONDS", 0.05)
    silent = socketserver.TCPServer(("127.0.0.1", 0), socketserver.StreamRequestHandler)

    with silent:
        monkeypatch.setenv(EnvVar.WORKER_PORT, str(silent.server_address[1]))
        (problem,) = healthcheck.worker_problems()

    assert "timed out" in problem
