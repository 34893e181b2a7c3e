"""The image of the API and the pages: built, started locked down, healthy, and stopped."""

import contextlib
import json
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import pytest

from image import running
from image.engines import Engine
from local.api_process import AUDIENCE
from local.api_resources import create_api_resources
from local.issuer.process import local_issuer
from local.ports import free_port
from runtime.core.contract import API_COMMAND, WEB_COMMAND, EnvVar, ExitCode
from tests.emulator import empty_cloud

pytestmark = [pytest.mark.image, pytest.mark.timeout(600, func_only=True)]

START_SECONDS = 300.0
STOP_SECONDS = 120.0
POLL_SECONDS = 0.2
LOOPBACK = "127.0.0.1"

PROBE = """
import os, pathlib, awslambdaric, runtime.api.lambda_handler, runtime.web.lambda_handler
print(os.getuid())
for folder in ("/", "/app", "/assets", "/opt/venv", "/etc"):
    if os.access(folder, os.W_OK):
        print("writable", folder)
"""


@pytest.fixture(scope="module")
def variables(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Mapping[str, str]]:
    """What the API needs, of a local cloud that the container reaches by the host's loopback."""
    folder = tmp_path_factory.mktemp("cloud")
    with (
        empty_cloud(folder) as cloud,
        local_issuer(folder) as issuer,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in cloud.aws_environment().items():
            patch.setenv(name, value)
        resources = create_api_resources(issuer=issuer.url, audience=AUDIENCE)
        yield {**cloud.aws_environment(), **resources}


@contextlib.contextmanager
def container(
    engine: Engine,
    image: str,
    command: Sequence[str],
    variables: Mapping[str, str],
    log: IO[bytes],
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a container; end it by the tool's `stop`, as a task ends."""
    name = f"service-{uuid.uuid4().hex[:8]}"
    options = ["--rm", "--name", name, *running.locked_down(engine)]
    for variable, value in variables.items():
        options += ["--env", f"{variable}={value}"]
    process = subprocess.Popen(
        running.run_command(engine, image, options, *command),
        env=engine.process_environment(),
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        subprocess.run(
            [*engine.manage, "stop", "--ignore", "--time", "20", name],
            check=False,
            env=engine.process_environment(),
            capture_output=True,
        )
        process.wait(STOP_SECONDS)


def answer(url: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(url, timeout=5) as found:  # noqa: S310
            return found.status, json.loads(found.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def await_answer(url: str, process: "subprocess.Popen[bytes]") -> tuple[int, Any]:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return answer(url)
        except OSError:
            assert process.poll() is None, "the container has ended"
            assert time.monotonic() < deadline, f"{url} does not answer"
            time.sleep(POLL_SECONDS)


def test_should_run_the_api_healthy_and_ready(
    engine: Engine, service_image: str, variables: Mapping[str, str], tmp_path: Path
) -> None:
    port = free_port()
    given = {**variables, "API_HOST": LOOPBACK, EnvVar.API_PORT: str(port)}
    with (
        (tmp_path / "log").open("wb") as log,
        container(engine, service_image, API_COMMAND, given, log) as process,
    ):
        status, health = await_answer(f"http://{LOOPBACK}:{port}/health", process)
        assert (status, health["status"]) == (200, "ok")
        assert {each["name"]: each["ok"] for each in health["dependencies"]} == {
            "jobs": True,
            "uploads": True,
            "queue": True,
        }
        assert answer(f"http://{LOOPBACK}:{port}/ready")[0] == 200
        assert answer(f"http://{LOOPBACK}:{port}/v1/me")[0] == 401
    assert process.returncode == 0


def test_should_run_the_pages_with_their_bundle(
    engine: Engine, service_image: str, variables: Mapping[str, str], tmp_path: Path
) -> None:
    port = free_port()
    given: dict[str, str] = {
        EnvVar.WEB_HOST: LOOPBACK,
        EnvVar.WEB_PORT: str(port),
        EnvVar.WEB_API_URL: f"http://{LOOPBACK}:1",
        EnvVar.WEB_PUBLIC_URL: f"http://{LOOPBACK}:{port}",
        EnvVar.OIDC_ISSUER: variables[EnvVar.OIDC_ISSUER],
        EnvVar.OIDC_CLIENT_ID: AUDIENCE,
    }
    with (
        (tmp_path / "log").open("wb") as log,
        container(engine, service_image, WEB_COMMAND, given, log) as process,
    ):
        status, health = await_answer(f"http://{LOOPBACK}:{port}/health", process)
        assert (status, health["status"]) == (200, "ok")


def test_should_have_what_functions_need_and_no_place_to_write(
    engine: Engine, service_image: str
) -> None:
    options = ["--rm", "--entrypoint", "python", *running.locked_down(engine, network="none")]
    done = subprocess.run(
        running.run_command(engine, service_image, options, "-c", PROBE),
        check=False,
        capture_output=True,
        text=True,
        env=engine.process_environment(),
    )
    assert done.stdout.splitlines() == ["10001"], done.stderr


def test_should_refuse_to_start_without_its_variables(engine: Engine, service_image: str) -> None:
    options = ["--rm", *running.locked_down(engine, network="none")]
    done = subprocess.run(
        running.run_command(engine, service_image, options, *API_COMMAND),
        check=False,
        capture_output=True,
        text=True,
        env=engine.process_environment(),
    )
    assert "OIDC_ISSUER is not set" in done.stdout
    assert done.returncode == ExitCode.BAD_CONFIGURATION
