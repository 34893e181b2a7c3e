"""An embedded AWS with nothing in it, for the adapters that a contract is checked on."""

from collections.abc import Iterator

import pytest

from local.cloud import LocalCloud
from tests.emulator import empty_cloud

AWS_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""Credentials with which no client can do harm in the real AWS."""


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with empty_cloud(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture
def aws_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in AWS_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def cloud(emulator: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> str:
    """Makes the emulator every SDK client's AWS; returns its URL."""
    for name, value in emulator.aws_environment().items():
        monkeypatch.setenv(name, value)
    return emulator.endpoint_url
