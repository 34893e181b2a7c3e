from collections.abc import Iterator
from pathlib import Path

import pytest

from local import deploy, toolchain
from local.deployed import ENVIRONMENT, Deployed
from tests.integration.recovery.processors import Processors


@pytest.fixture(scope="session")
def deployed(assembly: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The dev templates in a local cloud of their own."""
    with toolchain.start_cloud(state_dir=tmp_path_factory.mktemp("cloud")) as cloud:
        outputs = deploy.deploy(cloud, environment=ENVIRONMENT, assembly=assembly)
        yield Deployed(cloud, outputs)


@pytest.fixture
def processors(deployed: Deployed) -> Iterator[Processors]:
    """The processor processes of this cloud; none is left stopped."""
    found = Processors(deployed)
    yield found
    found.resume_all()
