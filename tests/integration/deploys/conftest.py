"""One emulator with one environment after the other; each variant of the app is made once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local import toolchain
from local.cloud import LocalCloud
from tests.integration.deploys import assemblies
from tests.integration.deploys.environment import Assemblies


@pytest.fixture(scope="session")
def variants(assembly: Path, tmp_path_factory: pytest.TempPathFactory) -> Assemblies:
    """Every environment as it is, with changed settings, and with a change that fails."""
    folder = tmp_path_factory.mktemp("assemblies")
    return Assemblies(
        as_it_is=assembly,
        changed=assemblies.changed(folder / "sources-1"),
        failing=assemblies.failing(folder / "sources-2"),
    )


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud that runs the real processor."""
    with toolchain.start_cloud(state_dir=tmp_path_factory.mktemp("cloud")) as started:
        yield started
