"""Builds the wheel, sdist and API pages of task protection: python -m scripts.package [FOLDER].

The distribution is runtime/protection under another name; its modules import each other relatively,
so nothing is rewritten.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.setup.commands import ROOT

SOURCE = ROOT / "runtime/protection"
PROJECT = ROOT / "packaging/scale-in-guard"
NAME = "scale_in_guard"
PUBLIC = (
    *(f"bridges.{name}" for name in ("celery", "dramatiq", "sqs", "starlette")),
    *(f"testing.{name}" for name in ("plugin", "endpoint", "faults", "simulation.search")),
)
"""The modules that a user imports by their own names; `__all__` hides them from pdoc."""

EPOCH = "1577836800"
"""The time of every file in the archives, so that the same source gives the same bytes."""


def build(folder: Path) -> list[Path]:
    """Build into a folder; return the archives."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as temporary:
        project = Path(temporary) / "project"
        leave_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT, project, ignore=leave_out)
        shutil.copytree(SOURCE, project / "src" / NAME, ignore=leave_out)
        for path in [project, *project.rglob("*")]:
            path.chmod(0o755 if path.is_dir() or path.suffix == ".sh" else 0o644)
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist"],
            cwd=project,
            env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        built = sorted((project / "dist").iterdir())
        return [Path(shutil.copy(archive, folder)) for archive in built]


def document(wheel: Path, folder: Path) -> None:
    """Write the API's pages from the docstrings of a wheel."""
    subprocess.run(
        [
            *(sys.executable, "-m", "pdoc", "--docformat", "markdown", "-o", folder),
            *(NAME, *(f"{NAME}.{module}" for module in PUBLIC)),
        ],
        env={**os.environ, "PYTHONPATH": str(wheel), "PYTHONWARNINGS": "ignore"},
        check=True,
    )


def main(arguments: Sequence[str]) -> int:
    """Build, and print where the archives are."""
    folder = Path(arguments[0]) if arguments else ROOT / ".lifestream/package"
    archives = build(folder)
    for archive in archives:
        shown = archive.relative_to(ROOT) if archive.is_relative_to(ROOT) else archive
        print(f"  {shown}: {archive.stat().st_size} bytes")
    document(next(path for path in archives if path.suffix == ".whl"), folder / "api")
    print("  API pages: open api/index.html beside them")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
