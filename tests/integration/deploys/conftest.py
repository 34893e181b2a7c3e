"""One emulator with one environment after the other; each variant of the app is made once."""

from collections.abc import Generator, Iterator
from pathlib import Path

import imageio_ffmpeg
import pytest

from local import toolchain
from local.cloud import LocalCloud
from tests.integration.deploys import assemblies
from tests.integration.deploys.environment import Assemblies


@pytest.fixture(scope="session")
def variants(tmp_path_factory: pytest.TempPathFactory) -> Assemblies:
    """Every environment as it is, with changed settings, and with a change that fails."""
    folder = tmp_path_factory.mktemp("assemblies")
    return Assemblies(
        as_it_is=assemblies.as_it_is(folder / "as-it-is"),
        changed=assemblies.changed(folder / "sources-1", folder / "changed"),
        failing=assemblies.failing(folder / "sources-2", folder / "failing"),
    )


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud that runs the real processor."""
    with toolchain.start_cloud(state_dir=tmp_path_factory.mktemp("cloud")) as started:
        yield started


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Two seconds of test picture without sound: the quickest real video."""
    path: Path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    writer: Generator[None, bytes, None] = imageio_ffmpeg.write_frames(
        str(path), (64, 48), fps=10, output_params=["-loglevel", "error"]
    )
    next(writer)
    for frame in range(20):
        writer.send(bytes([frame * 10]) * (64 * 48 * 3))
    writer.close()
    return path.read_bytes()
