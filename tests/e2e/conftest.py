from collections.abc import Iterator
from pathlib import Path

import pytest

from local import deploy, toolchain
from local.deployed import ENVIRONMENT, Deployed
from runtime.core.contract import Launch
from tests.assemblies import app_assembly


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The dev templates in a local cloud where each role may do what it is granted and no more."""
    folder = tmp_path_factory.mktemp("cloud")
    with toolchain.start_cloud(state_dir=folder, enforce_permissions=True) as cloud:
        assembly = app_assembly(launch=Launch.ON_DEMAND)
        outputs = deploy.deploy(cloud, environment=ENVIRONMENT, assembly=assembly)
        yield Deployed(cloud, outputs)


@pytest.fixture(scope="session")
def talk() -> Path:
    """The 104 s sample with known text, speakers and cuts."""
    path = toolchain.MEDIA / "talk.mp4"
    if not path.exists():
        pytest.skip("the talk sample needs Debian's speech packages; see scripts/sample_media")
    return path
