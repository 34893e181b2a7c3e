"""A first deployment that fails at a stack leaves nothing that stands in the way of the next.

The whole walk takes minutes, so `make test` does it for the stacks with retained data only;
`make deployments` does it for every stack of every environment.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local import toolchain
from local.cloud import LocalCloud
from local.deploy import DeployFailedError, assembly_of
from tests.integration.deploys.assemblies import (
    NAMES,
    NO_GROUP,
    NO_SUBNET,
    broken_at,
    stack_paths,
    with_pool_and_gpu,
)
from tests.integration.deploys.environment import Environment

RETAINS_DATA = ("/Encryption", "/Storage")


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[LocalCloud]:
    """A cloud of its own: what prod retains would be in the way of other tests' deployments."""
    with toolchain.start_cloud(state_dir=tmp_path / "cloud") as started:
        yield started


def walk(environment: Environment, assembly: Path, paths: list[str], folder: Path) -> None:
    """Create each stack twice, after those that it needs: broken, then as it is."""
    for number, path in enumerate(paths):
        broken = broken_at(assembly, folder / str(number), path)
        with pytest.raises(DeployFailedError, match=NO_SUBNET):
            environment.deploy_stack(broken, path)
        (state,) = set(environment.states().values()) - {"CREATE_COMPLETE"}
        assert state == "ROLLBACK_COMPLETE", path
        environment.deploy_stack(assembly, path)
    assert set(environment.states().values()) == {"CREATE_COMPLETE"}
    assert len(environment.states()) == len(paths)


@pytest.mark.cloud
def test_should_repeat_a_creation_that_failed_with_retained_data(
    cloud: LocalCloud, assembly: Path, tmp_path: Path
) -> None:
    prod = Environment(cloud, "prod")
    folder = assembly_of(assembly, "prod")
    paths = [path for path in stack_paths(folder) if path.endswith(RETAINS_DATA)]

    walk(prod, folder, paths, tmp_path)

    prod.destroy(assembly)
    assert prod.states() == {}


@pytest.mark.deployments
@pytest.mark.parametrize("name", NAMES)
def test_should_repeat_a_creation_that_failed_at_any_stack(
    name: str, cloud: LocalCloud, tmp_path: Path
) -> None:
    """With a pool and a GPU; then updated, rolled back and destroyed."""
    environment = Environment(cloud, name)
    assembly = with_pool_and_gpu(tmp_path, name)
    folder = assembly_of(assembly, name)

    walk(environment, folder, stack_paths(folder), tmp_path)

    environment.deploy(with_pool_and_gpu(tmp_path, name, by=1))
    updated = environment.resources()
    with pytest.raises(DeployFailedError, match=NO_GROUP):
        environment.deploy(with_pool_and_gpu(tmp_path, name, by=2, broken=True))
    assert environment.resources() == updated
    if name == "prod":
        give_up_a_zone(environment, tmp_path)
    environment.destroy(assembly)
    assert environment.states() == {}


def give_up_a_zone(environment: Environment, folder: Path) -> None:
    """Go from three zones to two as the documents say; at once it is refused."""

    def with_zones(by: int, zones: str) -> Path:
        return with_pool_and_gpu(folder, environment.name, by=by, zones=zones)

    fewer = with_zones(3, "zones = 2")
    with pytest.raises(DeployFailedError, match="as it is in use by"):
        environment.deploy(fewer)
    assert len(environment.task_subnets()) == 3
    environment.deploy(with_zones(4, "zones = 3\nzones_in_use = 2"))
    environment.deploy(fewer)
    assert len(environment.task_subnets()) == 2
