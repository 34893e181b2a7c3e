"""The dev templates where every function and task may do what its role allows and no more."""

from collections.abc import Generator, Iterator
from pathlib import Path

import imageio_ffmpeg
import pytest

from local import deploy, toolchain
from local.run import ENVIRONMENT, Deployed
from tests.integration.permissions.system import System


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("cloud")
    with toolchain.start_cloud(state_dir=folder, enforce_permissions=True) as cloud:
        deployed = Deployed(cloud, deploy.deploy(cloud, environment=ENVIRONMENT))
        system = System(deployed, clip(folder / "clip.mp4"))
        system.stop_polling()
        yield system


def clip(path: Path) -> bytes:
    """Return two seconds of test picture without sound: the quickest real video."""
    writer: Generator[None, bytes, None] = imageio_ffmpeg.write_frames(
        str(path), (64, 48), fps=10, output_params=["-loglevel", "error"]
    )
    next(writer)
    for frame in range(20):
        writer.send(bytes([frame * 10]) * (64 * 48 * 3))
    writer.close()
    return path.read_bytes()
