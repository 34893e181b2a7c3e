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

from image.inside import healthcheck

PROGRAM = Path(healthcheck.__file__)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    (tmp_path / "manifest.json").write_text("{}")
    return tmp_path


def run(models: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-S", str(PROGRAM), *arguments],
        env={**os.environ, "MODELS_DIR": str(models)},
        capture_output=True,
        text=True,
        timeout=30,
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
        result = run(models, str(port))

    assert result.returncode == 0, result.stderr
    assert asked == [b"GET /health HTTP/1.0\r\n"]


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.0 503 Service Unavailable\r\n\r\n", b"HTTP/1.1 404 200\r\n\r\n", b"", b"no"]
)
def test_should_be_unhealthy_when_the_worker_says_anything_else(
    models: Path, answer: bytes
) -> None:
    with answering(answer) as (port, _asked):
        result = run(models, str(port))

    assert result.returncode == 1
    assert result.stderr.startswith(f"unhealthy: port {port} answers ")


def test_should_be_unhealthy_when_nobody_listens(models: Path) -> None:
    with answering(b"") as (port, _asked):
        pass

    result = run(models, str(port))

    assert result.returncode == 1
    assert f"port {port} does not answer" in result.stderr


def test_should_give_up_before_ecs_does(monkeypatch: pytest.MonkeyPatch) -> None:
    ecs_waits = 5
    assert ecs_waits > healthcheck.PATIENCE_SECONDS
    monkeypatch.setattr(healthcheck, "PATIENCE_SECONDS", 0.05)
    silent = socketserver.TCPServer(("127.0.0.1", 0), socketserver.StreamRequestHandler)

    with silent:
        (problem,) = healthcheck.problems_of_server(silent.server_address[1])

    assert "timed out" in problem
