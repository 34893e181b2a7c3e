"""Requirements as uv.lock pins them: exported by uv with digests, split by package."""

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from scripts.setup.commands import ROOT

CUDA_ONLY = ("cuda-", "nvidia-", "setuptools", "triton")
"""Beginnings of the names of what only PyTorch's build with CUDA needs."""

_DIGEST = re.compile(r" \\\n    --hash=\S+")


def export(uv: Path, *groups: str) -> str:
    """Return all packages of dependency groups of pyproject.toml, each with its digests.

    An export names no index: what installs it may use any. (`uv sync` would go to the addresses
    that the lock records.)
    """
    command = [
        *(str(uv), "export", "--frozen", "--offline", "--no-config", "--quiet"),
        *("--python", sys.executable, "--no-header", "--no-annotate", "--no-emit-project"),
        *(f"--only-group={group}" for group in groups),
    ]
    done = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    return done.stdout


def entries(requirements: str) -> list[str]:
    """Return one requirement each, with its lines of digests."""
    found: list[str] = []
    for line in requirements.splitlines(keepends=True):
        if "==" in line and not line.startswith((" ", "#")):
            found.append(line)
        elif found and line.startswith(" "):
            found[-1] += line
    return found


def name(entry: str) -> str:
    """Return the name of an entry's package."""
    return entry.partition("==")[0]


def names(requirements: str) -> set[str]:
    """Return the names of all packages."""
    return {name(entry) for entry in entries(requirements)}


def pinned(requirements: str, package: str) -> str | None:
    """Return a package as `package==version`, or None if it is not required."""
    found = (entry.split()[0] for entry in entries(requirements) if name(entry) == package)
    return next(found, None)


def without(requirements: str, beginnings: Iterable[str]) -> str:
    """Return the entries whose names do not begin with any of `beginnings`."""
    left_out = tuple(beginnings)
    return "".join(e for e in entries(requirements) if not e.startswith(left_out))


def without_digests(requirements: str) -> str:
    """Return the requirements as constraints, which a build of another index may meet as well."""
    return _DIGEST.sub("", requirements)
