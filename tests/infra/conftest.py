"""Each environment is synthesized once for all tests that look at it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cdk.application import build
from cdk.config import load_environment
from tests.infra.templates import Deployment, read_deployment

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = tuple(sorted(path.stem for path in (ROOT / "environments").glob("*.toml")))


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cdk.out")
    build(ROOT, outdir=folder).synth()
    return folder


@pytest.fixture(scope="session")
def deployments(assembly: Path) -> Mapping[str, Deployment]:
    return {
        name: read_deployment(assembly, load_environment(ROOT / "environments" / f"{name}.toml"))
        for name in ENVIRONMENTS
    }


@pytest.fixture(params=ENVIRONMENTS)
def deployment(request: Any, deployments: Mapping[str, Deployment]) -> Deployment:
    return deployments[request.param]
