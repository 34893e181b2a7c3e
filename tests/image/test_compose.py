"""compose.yaml, run: a video that is put into a folder, and a pool of workers that takes it."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from image.compose import (
    CACHE_DOCKERFILE,
    CLOUD_DOCKERFILE,
    SERVICE_PROFILE,
    build_part,
    command,
    environment,
)
from image.engines import Engine
from runtime.core.clock import SystemClock
from runtime.core.contract import ResultFile
from tests.image.helpers import contents_whatever_the_job, differing

pytestmark = [pytest.mark.image, pytest.mark.timeout(600, func_only=True)]

PROJECT = "lifestream-test"
SERVICES = ("cloud", "worker", "api", "web", "cache")


@pytest.fixture(scope="session")
def cloud_image(engine: Engine) -> str:
    """The local cloud's image, which another process's build of the processor's need not await."""
    return build_part(engine, CLOUD_DOCKERFILE)


@pytest.fixture(scope="module")
def settings(
    engine: Engine,
    cloud_image: str,
    image: str,
    service_image: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Mapping[str, str]:
    folder = tmp_path_factory.mktemp("compose")
    for name in ("videos", "out"):
        (folder / name).mkdir()
    given = {
        "IMAGE": image,
        "CLOUD_IMAGE": cloud_image,
        "SERVICE_IMAGE": service_image,
        "CACHE_IMAGE": build_part(engine, CACHE_DOCKERFILE),
        "COMPOSE_PROFILES": SERVICE_PROFILE,
        "OWNER": "0:0",
    }
    given |= {name.upper(): str(folder / name) for name in ("videos", "out")}
    return environment(engine, {**given, "COMPOSE_PROJECT_NAME": PROJECT})


@pytest.fixture(scope="module")
def up(engine: Engine, settings: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    try:
        output_of(engine, settings, "up", "--detach", "--no-build")
        yield settings
    finally:
        output_of(engine, settings, "down", "--volumes")


def output_of(engine: Engine, settings: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [*command(engine), *arguments], check=False, capture_output=True, text=True, env=settings
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def in_service(engine: Engine, service: str, *command: str) -> int:
    return subprocess.run(
        [*engine.manage, "exec", f"{PROJECT}_{service}_1", *command],
        check=False,
        env=engine.process_environment(),
    ).returncode


def test_should_be_read_by_compose(engine: Engine, settings: Mapping[str, str]) -> None:
    read = output_of(engine, settings, "config")
    assert settings["IMAGE"] in read
    assert settings["CLOUD_IMAGE"] in read


def test_should_process_a_video_of_the_folder_by_a_worker_of_the_pool(
    engine: Engine, up: Mapping[str, str], video: Path, outside: Path
) -> None:
    shutil.copy(video, up["VIDEOS"])
    clock = SystemClock()
    while not (found := list(Path(up["OUT"]).rglob(ResultFile.MANIFEST.value))):
        assert "Exited" not in output_of(engine, up, "ps"), output_of(engine, up, "logs")
        clock.sleep(1)
    results = found[0].parent
    here, there = contents_whatever_the_job(results), contents_whatever_the_job(outside)
    assert differing(here, there) == []


@pytest.mark.usefixtures("up")
def test_should_be_healthy_in_time(engine: Engine) -> None:
    clock = SystemClock()
    for service in SERVICES:
        inspected = told_of(engine, f"{PROJECT}_{service}_1")
        check = inspected["Healthcheck"]["Test"]
        assert check[0] == "CMD"
        while in_service(engine, service, *check[1:]) != 0:
            clock.sleep(1)


@pytest.mark.usefixtures("up")
def test_should_answer_one_another(engine: Engine) -> None:
    clock = SystemClock()
    # The pages reach the API, and the API counts in the cache and reads the issuer's keys.
    for service, look in {
        "web": "urlopen('http://127.0.0.1:8080/ready')",
        "api": "urlopen('http://127.0.0.1:9001/.well-known/openid-configuration')",
    }.items():
        code = f"from urllib.request import urlopen; assert {look}.status == 200"
        while in_service(engine, service, "python", "-c", code) != 0:
            clock.sleep(1)


@pytest.mark.usefixtures("up")
def test_should_reach_no_network(engine: Engine) -> None:
    look = "import os; assert os.listdir('/sys/class/net') == ['lo']"
    for service in SERVICES:
        assert in_service(engine, service, "python3", "-c", look) == 0


def told_of(engine: Engine, container: str) -> dict[str, dict[str, list[str]]]:
    done = subprocess.run(
        [*engine.manage, "inspect", container],
        check=True,
        capture_output=True,
        env=engine.process_environment(),
    )
    config: dict[str, dict[str, list[str]]] = json.loads(done.stdout)[0]["Config"]
    return config
