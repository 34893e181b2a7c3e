from pathlib import Path

import pytest

from local.emulator.settings import Settings
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
