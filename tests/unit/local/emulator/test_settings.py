from dataclasses import replace
from pathlib import Path

import pytest

from local.emulator.settings import Enforcement, Settings
from local.images import Image, Images


@pytest.fixture
def settings() -> Settings:
    image = Image(repository_prefix="any", python=Path("python"), code=Path("code"))
    return Settings(
        port=4600,
        state_dir=Path("/any/state"),
        images=Images((image,)),
        lambda_python=Path("/any/python"),
        stop_with_parent=True,
    )


def test_should_read_back_its_settings_from_the_environment(settings: Settings) -> None:
    environment = settings.process_environment(Path("/any/code"))
    assert Settings.from_environment(environment) == settings


def test_should_give_the_emulator_nothing_of_the_launchers_environment(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "launchers-own")
    assert "launchers-own" not in settings.process_environment(Path("/any/code")).values()


def test_should_listen_on_the_loopback_interface_only(settings: Settings) -> None:
    assert settings.endpoint_url == "http://127.0.0.1:4600"


@pytest.fixture
def enforcing(settings: Settings) -> Settings:
    enforcement = Enforcement(
        certificate=Path("/any/certificate.pem"), key=Path("/any/key.pem"), plain_port=4601
    )
    return replace(settings, enforcement=enforcement)


def test_should_read_back_that_permissions_are_enforced(enforcing: Settings) -> None:
    environment = enforcing.process_environment(Path("/any/code"))
    assert Settings.from_environment(environment) == enforcing


def test_should_enforce_permissions_only_if_told_to(
    settings: Settings, enforcing: Settings
) -> None:
    assert "AUTH" not in settings.process_environment(Path("/any/code"))
    assert enforcing.process_environment(Path("/any/code"))["AUTH"] == "true"


def test_should_speak_tls_to_clients_and_plainly_to_containers_that_ask_their_host(
    settings: Settings, enforcing: Settings
) -> None:
    assert settings.container_url == settings.endpoint_url
    assert enforcing.endpoint_url == "https://127.0.0.1:4600"
    assert enforcing.container_url == "http://127.0.0.1:4601"
