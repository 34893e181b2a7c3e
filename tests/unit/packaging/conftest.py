"""The distribution, built and installed once for all tests of this folder."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.protection.testing.endpoint import AgentEndpoint, serving
from scripts.package.__main__ import build


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def wheel(archives: list[Path]) -> Path:
    return next(archive for archive in archives if archive.suffix == ".whl")


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment with the wheel and nothing else."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin/python"
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--quiet", "--python", python]
    subprocess.run([*pip, "install", "--no-index", "--no-compile", wheel], check=True)
    return python


@pytest.fixture
def agent() -> Iterator[AgentEndpoint]:
    with serving() as endpoint:
        yield endpoint
