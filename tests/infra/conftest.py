"""Each environment, and a pool, is synthesized once for all tests that look at it."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from cdk.application import build
from cdk.application import synthesize as write
from cdk.config import load_environment
from cdk.promotion.application import build_promotion
from runtime.core.contract import Launch
from tests.infra.gpu import GPU, private
from tests.infra.templates import Deployment, read_deployment
from tests.sharing import made_once

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = tuple(sorted(path.stem for path in (ROOT / "environments").glob("*.toml")))

POOLED = "dev with a pool"
"""`dev` as `-c launch=pool` makes it; what must hold of environments must hold of it as well."""


def synthesize(folder: Path, environment: str) -> Deployment:
    """Synthesize an environment `dev` with this file's content, and nothing else, in a folder."""
    path = folder / "environments" / "dev.toml"
    path.parent.mkdir()
    path.write_text(environment)
    shutil.copy(ROOT / "cdk.json", folder)
    write(build(folder, outdir=folder / "cdk.out"))
    return read_deployment(folder / "cdk.out", load_environment(path))


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "cdk.out", lambda folder: write(build(ROOT, outdir=folder)))


@pytest.fixture(scope="session")
def deployments(assembly: Path) -> Mapping[str, Deployment]:
    return {
        name: read_deployment(assembly, load_environment(ROOT / "environments" / f"{name}.toml"))
        for name in ENVIRONMENTS
    }


@pytest.fixture(scope="session")
def pooled_assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(
        tmp_path_factory,
        "pooled.cdk.out",
        lambda folder: write(build(ROOT, outdir=folder, only="dev", launch=Launch.POOL.value)),
    )


@pytest.fixture(scope="session")
def pooled(pooled_assembly: Path) -> Deployment:
    config = load_environment(ROOT / "environments" / "dev.toml", launch=Launch.POOL.value)
    return read_deployment(pooled_assembly, config)


@pytest.fixture(scope="session")
def promotion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The way to production; its folder holds the app's templates as well."""
    return made_once(
        tmp_path_factory,
        "promotion.out",
        lambda folder: write(build_promotion(ROOT, outdir=folder)),
    )


@pytest.fixture(scope="session")
def gpu(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """`dev` with the GPU target, which none of ours has by default."""
    dev = private((ROOT / "environments" / "dev.toml").read_text())
    folder = made_once(tmp_path_factory, "gpu", lambda folder: synthesize(folder, dev + GPU))
    config = load_environment(folder / "environments" / "dev.toml")
    return read_deployment(folder / "cdk.out", config)


@pytest.fixture(scope="session")
def on_demand_assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(
        tmp_path_factory,
        "on_demand.cdk.out",
        lambda folder: write(build(ROOT, outdir=folder, launch=Launch.ON_DEMAND)),
    )


@pytest.fixture(params=ENVIRONMENTS)
def on_demand(request: pytest.FixtureRequest, on_demand_assembly: Path) -> Deployment:
    path = ROOT / "environments" / f"{request.param}.toml"
    return read_deployment(on_demand_assembly, load_environment(path, launch=Launch.ON_DEMAND))


@pytest.fixture(params=(*ENVIRONMENTS, POOLED))
def deployment(request: pytest.FixtureRequest) -> Deployment:
    if request.param == POOLED:
        found: Deployment = request.getfixturevalue("pooled")
    else:
        found = request.getfixturevalue("deployments")[request.param]
    return found
