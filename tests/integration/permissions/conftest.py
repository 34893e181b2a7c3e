"""Two environments where every function and task may do what its role allows and no more.

Both keep their data under keys of their own. One starts a task for each job, one has workers.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local import deploy, toolchain
from local.cloud import LocalCloud
from local.deployed import Deployed
from runtime.core.contract import Launch
from tests.assemblies import app_assembly
from tests.integration.permissions.pool import Pool
from tests.integration.permissions.system import ON_DEMAND, POOLED, PROGRAM_MODULE, System

RUN_PROGRAM = "import sys\nexec(sys.argv[1])\n"


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("permissions")


@pytest.fixture(scope="session")
def enforcing(folder: Path) -> Iterator[LocalCloud]:
    with toolchain.start_cloud(state_dir=folder / "cloud", enforce_permissions=True) as cloud:
        # The image's entry point runs modules: this one is for programs that tests make up.
        (cloud.state_dir / "image" / f"{PROGRAM_MODULE}.py").write_text(RUN_PROGRAM)
        yield cloud


@pytest.fixture(scope="session")
def system(enforcing: LocalCloud, assembly: Path, clip: bytes) -> System:
    """Production as it is."""
    outputs = deploy.deploy(enforcing, environment=ON_DEMAND, assembly=assembly)
    system = System(Deployed(enforcing, outputs), ON_DEMAND, clip)
    system.stop_polling()
    return system


@pytest.fixture(scope="session")
def pool(enforcing: LocalCloud, clip: bytes) -> Iterator[Pool]:
    """Staging with workers, of which one is there."""
    assembly = app_assembly(only=POOLED, launch=Launch.POOL)
    outputs = deploy.deploy(enforcing, environment=POOLED, assembly=assembly)
    pool = Pool(Deployed(enforcing, outputs), POOLED, clip)
    pool.stop_polling()
    pool.scale(1)
    yield pool
    pool.scale(0)
