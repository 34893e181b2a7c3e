from collections.abc import Iterator

import pytest

from local.cloud import LocalCloud
from tests.emulator import empty_cloud
from tests.integration.pool.rig import Rig, rig


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with empty_cloud(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture
def pool(emulator: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    for name, value in emulator.aws_environment().items():
        monkeypatch.setenv(name, value)
    with rig(emulator) as made:
        yield made
