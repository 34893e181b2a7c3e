from collections.abc import Generator, Iterator
from pathlib import Path

import imageio_ffmpeg
import pytest

from local import deploy, toolchain
from local.deployed import ENVIRONMENT, Deployed
from tests.integration.recovery.processors import Processors

FRAMES, FRAMES_PER_SECOND, SIZE = 20, 10, (64, 48)


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The dev templates in a local cloud of their own."""
    with toolchain.start_cloud(state_dir=tmp_path_factory.mktemp("cloud")) as cloud:
        yield Deployed(cloud, deploy.deploy(cloud, environment=ENVIRONMENT))


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Two seconds of test picture without sound: the quickest real video."""
    path: Path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    writer: Generator[None, bytes, None] = imageio_ffmpeg.write_frames(
        str(path), SIZE, fps=FRAMES_PER_SECOND, output_params=["-loglevel", "error"]
    )
    next(writer)
    for frame in range(FRAMES):
        writer.send(bytes([frame * 10]) * (SIZE[0] * SIZE[1] * 3))
    writer.close()
    return path.read_bytes()


@pytest.fixture
def processors(deployed: Deployed) -> Iterator[Processors]:
    """The processor processes of this cloud; none is left stopped."""
    found = Processors(deployed)
    yield found
    found.resume_all()
