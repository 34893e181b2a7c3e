import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.cloud import LocalCloud
from local.images import Images
from tests.integration.pool.rig import Rig, rig


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud.start(
        state_dir=tmp_path_factory.mktemp("cloud"),
        images=Images(),
        lambda_python=Path(sys.executable),
    ) as cloud:
        yield cloud


@pytest.fixture
def pool(emulator: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    for name, value in emulator.aws_environment().items():
        monkeypatch.setenv(name, value)
    with rig(emulator) as made:
        yield made
