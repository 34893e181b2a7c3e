from pathlib import Path
from typing import Any

import pytest
import yaml

from image.compose import CLOUD_IMAGE, cloud_build_command, command, environment
from image.engines import Engine
from image.running import locked_down
from local import composed
from runtime.core.contract import WORKER_COMMAND, WORKER_HEALTH_COMMAND
from scripts.setup.commands import ROOT

ANY_DOCKER = Engine(
    name="docker", build=("docker",), manage=("docker",), run=("docker",), mounts=False
)
ANY_PODMAN = Engine(
    name="podman",
    build=("podman", "build"),
    manage=("podman",),
    run=("podman",),
    mounts=True,
    environment={"STORAGE": "any"},
)
CLOUD, WORKERS = "cloud", ("worker", "second-worker")


@pytest.fixture
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return found


def test_should_offer_the_local_cloud_and_a_pool(services: dict[str, Any]) -> None:
    assert set(services) == {CLOUD, *WORKERS}


@pytest.mark.parametrize("name", [CLOUD, *WORKERS])
def test_should_be_as_locked_down_as_tasks_are(services: dict[str, Any], name: str) -> None:
    options = locked_down(ANY_DOCKER)
    service = services[name]
    assert service["read_only"] is ("--read-only" in options)
    assert service["cap_drop"] == [options[options.index("--cap-drop") + 1]]
    assert "no-new-privileges" in options
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert f"--pids-limit={service['pids_limit']}" in options


def test_should_reach_nothing_but_each_other(services: dict[str, Any]) -> None:
    assert services[CLOUD]["network_mode"] == "none"
    assert {services[name]["network_mode"] for name in WORKERS} == {f"service:{CLOUD}"}
    assert not any("ports" in service for service in services.values())


@pytest.mark.parametrize("name", WORKERS)
def test_should_run_workers_as_the_templates_do(services: dict[str, Any], name: str) -> None:
    service = services[name]
    assert service["command"] == list(WORKER_COMMAND)
    assert service["healthcheck"]["test"] == ["CMD", *WORKER_HEALTH_COMMAND]
    assert service["depends_on"] == {CLOUD: {"condition": "service_healthy"}}
    assert service["build"]["dockerfile"] == "Dockerfile.processor"


def test_should_give_each_worker_a_port_of_their_common_loopback(services: dict[str, Any]) -> None:
    ports = {services[name]["environment"]["WORKER_PORT"] for name in WORKERS}
    assert len(ports) == len(WORKERS)
    assert str(composed.PORT) not in ports


def test_should_build_the_cloud_for_what_it_is_told(services: dict[str, Any]) -> None:
    dockerfile = (ROOT / services[CLOUD]["build"]["dockerfile"]).read_text()
    folders = {volume.rpartition("}")[2] for volume in services[CLOUD]["volumes"]}
    assert {f":{composed.VIDEOS}:ro", f":{composed.OUT}"} <= folders
    assert str(composed.READY) in dockerfile
    assert '"local.composed"' in dockerfile


def test_should_use_the_compose_of_the_tool_that_builds() -> None:
    assert command(ANY_DOCKER)[:2] == ["docker", "compose"]


def test_should_tell_compose_where_images_are() -> None:
    told = environment(ANY_PODMAN, {"IMAGE": "any"})
    assert (told["STORAGE"], told["IMAGE"]) == ("any", "any")


def test_should_build_the_cloud_on_the_stand_in_with_this_machines_registries() -> None:
    mounts = [(Path("/here"), Path("/there"))]
    built = cloud_build_command(ANY_PODMAN, base="localhost/base:any", mounts=mounts)
    assert built[built.index("--tag") + 1] == CLOUD_IMAGE
    assert built[built.index("--build-arg") + 1] == "BASE_IMAGE=localhost/base:any"
    assert "--pull=never" in built
    assert built[built.index("--volume") + 1] == "/here:/there:ro"
    assert built[-1] == str(ROOT)


def test_should_build_the_cloud_on_the_official_base_where_it_can_be_had() -> None:
    built = cloud_build_command(ANY_DOCKER, base=None, mounts=[])
    assert "--build-arg" not in built
    assert "--pull=never" not in built
