"""Parts of `make up`: ports, settings, the note with a token, and what is said of a failure."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from cdk.config import load_environment
from local import toolchain, up
from local.emulator.settings import HOST
from local.issuer.process import Issuer
from local.ports import free_port
from local.service_settings import service_settings

ISSUER = Issuer(url="http://127.0.0.1:9999", token="any-token")  # noqa: S106
URLS = {"api": "http://127.0.0.1:8080", "web": "http://127.0.0.1:9000"}
CLOUD = "http://127.0.0.1:4566"
DEV = toolchain.ROOT / "environments" / "dev.toml"


def test_should_take_the_usual_port_where_it_is_free() -> None:
    port = free_port()
    assert up.usual_or_free(port) == port


def test_should_take_another_port_where_the_usual_one_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        assert up.usual_or_free(taken.getsockname()[1]) != taken.getsockname()[1]


@pytest.mark.parametrize("changes", [{}, {"hosting": "lambda"}, up.BLUE_GREEN])
def test_should_give_settings_that_the_environment_accepts(changes: dict[str, Any]) -> None:
    given = service_settings(CLOUD, ISSUER, URLS) | changes
    service = load_environment(DEV, service=given).service
    assert service is not None
    assert service.api_url == URLS["api"]
    assert service.oidc_issuer == ISSUER.url


def test_should_keep_its_note_for_its_owner_and_remove_it(tmp_path: Path) -> None:
    note = tmp_path / "state" / "up.json"
    with up.state_file(note, {"token": "any"}):
        assert note.stat().st_mode & 0o077 == 0
        assert json.loads(note.read_text()) == {"token": "any"}
    assert list(note.parent.iterdir()) == []


def test_should_not_take_a_closed_port_for_a_healthy_service() -> None:
    assert not up.healthy(f"http://{HOST}:{free_port()}")


def test_should_give_the_services_the_cache_that_is_run() -> None:
    images = toolchain.images(service_environment={"CACHE_URL": "redis://any"})
    service = images.find("lifestream-service-dev")
    assert service is not None
    assert service.environment["CACHE_URL"] == "redis://any"
