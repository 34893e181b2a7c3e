"""Two environments where every function and task may do what its role allows and no more.

Both keep their data under keys of their own. One starts a task for each job, one has workers.
"""

from collections.abc import Generator, Iterator
from pathlib import Path

import imageio_ffmpeg
import pytest

from cdk.application import build
from local import deploy, toolchain
from local.cloud import LocalCloud
from local.deployed import Deployed
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
def clip(folder: Path) -> bytes:
    """Two seconds of test picture without sound: the quickest real video."""
    path = folder / "clip.mp4"
    writer: Generator[None, bytes, None] = imageio_ffmpeg.write_frames(
        str(path), (64, 48), fps=10, output_params=["-loglevel", "error"]
    )
    next(writer)
    for frame in range(20):
        writer.send(bytes([frame * 10]) * (64 * 48 * 3))
    writer.close()
    return path.read_bytes()


@pytest.fixture(scope="session")
def system(enforcing: LocalCloud, folder: Path, clip: bytes) -> System:
    """Production as it is."""
    made = deployed(enforcing, folder / ON_DEMAND, ON_DEMAND, launch=None)
    system = System(made, ON_DEMAND, clip)
    system.stop_polling()
    return system


@pytest.fixture(scope="session")
def pool(enforcing: LocalCloud, folder: Path, clip: bytes) -> Iterator[Pool]:
    """Staging with workers, of which one is there."""
    made = deployed(enforcing, folder / POOLED, POOLED, launch="pool")
    pool = Pool(made, POOLED, clip)
    pool.stop_polling()
    pool.scale(1)
    yield pool
    pool.scale(0)


def deployed(
    cloud: LocalCloud, assembly: Path, environment: str, *, launch: str | None
) -> Deployed:
    build(toolchain.ROOT, outdir=assembly, only=environment, launch=launch).synth()
    return Deployed(cloud, deploy.deploy(cloud, environment=environment, assembly=assembly))
