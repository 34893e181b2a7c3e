from typing import Any

import pytest
import yaml

from image.build import base_arguments
from image.compose import (
    CACHE_DOCKERFILE,
    SERVICE_PROFILE,
    Network,
    command,
    environment,
)
from image.engines import Engine
from image.running import locked_down
from local import composed
from runtime.core.contract import (
    API_COMMAND,
    API_PORT,
    WEB_COMMAND,
    WEB_PORT,
    WORKER_COMMAND,
    WORKER_HEALTH_COMMAND,
)
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
SERVICES, CACHE = ("api", "web"), "cache"
ALL = (CLOUD, *WORKERS, *SERVICES, CACHE)


@pytest.fixture
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return found


def test_should_offer_the_local_cloud_a_pool_and_the_services(services: dict[str, Any]) -> None:
    assert set(services) == set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_should_be_as_locked_down_as_tasks_are(services: dict[str, Any], name: str) -> None:
    options = locked_down(ANY_DOCKER)
    service = services[name]
    assert service["read_only"] is ("--read-only" in options)
    assert service["cap_drop"] == [options[options.index("--cap-drop") + 1]]
    assert "no-new-privileges" in options
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert f"--pids-limit={service['pids_limit']}" in options


def test_should_reach_nothing_but_each_other(services: dict[str, Any]) -> None:
    assert services[CLOUD]["network_mode"] == f"${{NETWORK:-{Network.NONE}}}"
    others = {services[name]["network_mode"] for name in ALL if name != CLOUD}
    assert others == {f"service:{CLOUD}"}
    assert not any("ports" in service for service in services.values())


@pytest.mark.parametrize("name", WORKERS)
def test_should_run_workers_as_the_templates_do(services: dict[str, Any], name: str) -> None:
    service = services[name]
    assert service["command"] == list(WORKER_COMMAND)
    assert service["healthcheck"]["test"] == ["CMD", *WORKER_HEALTH_COMMAND]
    assert service["depends_on"] == {CLOUD: {"condition": "service_healthy"}}
    assert service["build"]["dockerfile"] == "Dockerfile.processor"


def test_should_give_each_a_port_of_their_common_loopback(services: dict[str, Any]) -> None:
    variables = [variable for name in ALL for variable in services[name].get("environment", {})]
    ports = [
        services[name]["environment"][variable]
        for name in ALL
        for variable in services[name].get("environment", {})
        if variable.endswith("_PORT")
    ]
    ports += [str(composed.PORT), str(composed.ISSUER_PORT), redis_port()]
    assert len(variables) > len(ports) == len(set(ports)) == len(ALL) + 1


@pytest.mark.parametrize(
    ("name", "command", "port"), [("api", API_COMMAND, API_PORT), ("web", WEB_COMMAND, WEB_PORT)]
)
def test_should_serve_at_the_usual_ports_and_there_alone(
    services: dict[str, Any], name: str, command: tuple[str, ...], port: int
) -> None:
    service, kind = services[name], name.upper()
    assert service["command"] == list(command)
    assert service["environment"][f"{kind}_PORT"] == str(port)
    assert service["environment"][f"{kind}_HOST"] == "127.0.0.1"
    assert service["depends_on"] == {CLOUD: {"condition": "service_healthy"}}


def test_should_start_the_services_where_their_image_was_built(services: dict[str, Any]) -> None:
    assert {name for name in ALL if services[name].get("profiles") == [SERVICE_PROFILE]} == {
        *SERVICES,
        CACHE,
    }
    assert not any("build" in services[name] for name in SERVICES)


def test_should_let_the_api_count_in_the_cache(services: dict[str, Any]) -> None:
    given = services["api"]["environment"]
    assert given["CACHE_URL"] == f"redis://127.0.0.1:{redis_port()}"
    assert services[CACHE]["build"]["dockerfile"] == CACHE_DOCKERFILE


def redis_port() -> str:
    """The port in the cache's own command."""
    command = (ROOT / CACHE_DOCKERFILE).read_text().rpartition("CMD ")[2]
    words: list[str] = yaml.safe_load(command)
    return words[words.index("--port") + 1]


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


def test_should_build_on_the_official_base_where_it_can_be_had() -> None:
    assert base_arguments(ANY_DOCKER) == {}
