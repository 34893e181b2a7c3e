import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.clips import make_clip
from local import toolchain
from local.cloud import LocalCloud
from local.images import Image, Images
from runtime.core.contract import Launch
from tests.assemblies import app_assembly

IMAGE_CODE = Path(__file__).with_name("cloud") / "image"


def probe_images() -> Images:
    """Return the image `probe`, which runs the Python scripts of `cloud/image`."""
    probe = Image(
        repository_prefix="probe",
        python=Path(sys.executable),
        code=IMAGE_CODE,
        environment={"FROM_IMAGE": "1", "PYTHONUNBUFFERED": "1"},
        own_ports=("OWN_PORT",),
    )
    return Images((probe,))


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """One embedded AWS for all integration tests."""
    with LocalCloud.start(
        state_dir=tmp_path_factory.mktemp("cloud"),
        images=probe_images(),
        lambda_python=toolchain.LAMBDA_PYTHON,
    ) as started:
        yield started


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Two seconds of picture without sound: the quickest real video."""
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4")


@pytest.fixture(scope="session")
def assembly() -> Path:
    """Every environment's templates, as they are."""
    return app_assembly(launch=Launch.ON_DEMAND)
