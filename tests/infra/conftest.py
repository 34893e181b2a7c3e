"""Environments, a pool and the way to production, as all tests look at them."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cdk.config import load_environment
from cdk.config.environment import parse_environment
from runtime.core.contract import Launch
from tests.assemblies import app_assembly, promotion_assembly
from tests.infra.gpu import GPU, private
from tests.infra.service import GIVEN
from tests.infra.templates import Deployment, read_deployment

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = tuple(sorted(path.stem for path in (ROOT / "environments").glob("*.toml")))

POOLED = "dev with a pool"
"""`dev` as `-c launch=pool` makes it; what must hold of environments must hold of it as well."""


def synthesize(environment: str) -> Deployment:
    """Return an environment `dev` whose file has this content."""
    config = parse_environment("dev", tomllib.loads(environment), where="dev.toml")
    return read_deployment(app_assembly(environments={"dev": environment}), config)


def with_service(name: str, given: Mapping[str, Any]) -> Deployment:
    """Return an environment with these settings of its service tier."""
    path = ROOT / "environments" / f"{name}.toml"
    return read_deployment(
        app_assembly(only=name, service=given), load_environment(path, service=given)
    )


@pytest.fixture(scope="session")
def assembly() -> Path:
    return app_assembly()


@pytest.fixture(scope="session")
def deployments(assembly: Path) -> Mapping[str, Deployment]:
    return {
        name: read_deployment(assembly, load_environment(ROOT / "environments" / f"{name}.toml"))
        for name in ENVIRONMENTS
    }


@pytest.fixture(scope="session")
def pooled_assembly() -> Path:
    return app_assembly(only="dev", launch=Launch.POOL)


@pytest.fixture(scope="session")
def pooled(pooled_assembly: Path) -> Deployment:
    config = load_environment(ROOT / "environments" / "dev.toml", launch=Launch.POOL.value)
    return read_deployment(pooled_assembly, config)


@pytest.fixture(scope="session")
def served() -> Mapping[str, Deployment]:
    """Environments with the service tier."""
    return {name: with_service(name, given) for name, given in GIVEN.items()}


@pytest.fixture(scope="session")
def promotion() -> Path:
    """The way to production; its folder holds the app's templates as well."""
    return promotion_assembly()


@pytest.fixture(scope="session")
def gpu() -> Deployment:
    """`dev` with the GPU target, which none of ours has by default."""
    dev = private((ROOT / "environments" / "dev.toml").read_text())
    return synthesize(dev + GPU)


@pytest.fixture(scope="session")
def on_demand_assembly() -> Path:
    return app_assembly(launch=Launch.ON_DEMAND)


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
