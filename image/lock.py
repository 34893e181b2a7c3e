"""Writes image/locks/*.txt: every package of the processor's image with the digests of its files.

    python -m image.lock

What is installed in the image is what was locked, or the build fails. uv reads the digests of all
platforms' wheels from the package index. torch is apart, because its builds for CPUs have an index
of their own: their digests are in `TORCH_CPU_WHEELS`, to be renewed by hand with the version.
"""

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts.setup.commands import ROOT, cache_folder
from scripts.setup.virtualenvs import installer, pinned

LOCKS = ROOT / "image" / "locks"
REQUIREMENTS = ROOT / "runtime" / "processor" / "requirements.txt"
PYTHON = "3.11"
GPU_PLATFORM = "x86_64-manylinux_2_28"

TORCH_CPU_WHEELS = {
    "2.13.0": {
        "x86_64": "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b",
        "aarch64": "84453b69508ec79902f899c5ed9495acb9e2bbe9fda5f1d5d6f19e3c3842e1a7",
    }
}
"""SHA-256 of the cp311 wheels of PyTorch's CPU index, by version and machine."""


def main() -> int:
    """Write all three files."""
    LOCKS.mkdir(exist_ok=True)
    torch = pinned(REQUIREMENTS, "torch")
    if torch is None:
        raise SystemExit(f"{REQUIREMENTS} pins no torch.")
    lines = REQUIREMENTS.read_text().splitlines(keepends=True)
    others = "".join(line for line in lines if not line.startswith("torch=="))
    with tempfile.TemporaryDirectory() as folder:
        rest = Path(folder) / "rest.txt"
        rest.write_text(others)
        only_torch = Path(folder) / "torch.txt"
        only_torch.write_text(f"{torch}\n")
        common = compiled(rest, "--no-deps", "--universal")
        # What torch needs beside the packages that every image has: the CUDA libraries.
        with_cuda = compiled(
            only_torch, "--constraints", str(rest), "--python-platform", GPU_PLATFORM
        )
    write("processor", common)
    write("torch-cpu", torch_cpu(torch))
    write("torch-gpu", without(with_cuda, names(common)))
    return 0


def compiled(requirements: Path, *options: str) -> str:
    """Return the requirements with the digests of their wheels, as uv's resolver finds them."""
    uv = installer(cache_folder()) / "bin" / "uv"
    command = [
        *(str(uv), "pip", "compile", str(requirements), *options),
        *("--generate-hashes", "--python-version", PYTHON, "--only-binary", ":all:"),
        *("--no-header", "--no-annotate", "--system-certs", "--quiet"),
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def torch_cpu(requirement: str) -> str:
    """Return torch's CPU build, as a local version that PyPI does not have."""
    version = requirement.partition("==")[2]
    digests = TORCH_CPU_WHEELS[version]
    hashes = [f"--hash=sha256:{digest}" for digest in digests.values()]
    return " \\\n    ".join([f"{requirement}+cpu", *hashes]) + "\n"


def entries(lock: str) -> list[str]:
    """Return a lock's entries, each a requirement with its lines of digests."""
    found: list[str] = []
    for line in lock.splitlines(keepends=True):
        if "==" in line and not line.startswith((" ", "#")):
            found.append(line)
        elif found and line.startswith(" "):
            found[-1] += line
    return found


def names(lock: str) -> set[str]:
    """Return the names of the packages in a lock."""
    return {entry.partition("==")[0] for entry in entries(lock)}


def without(lock: str, left_out: set[str]) -> str:
    """Return a lock without some packages."""
    return "".join(e for e in entries(lock) if e.partition("==")[0] not in left_out)


def source_digest() -> str:
    """Return what names the requirements that the locks were made of."""
    return hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()


def write(name: str, lock: str) -> None:
    """Write one file, with a note of what it was made of."""
    header = (
        f"# Written by `python -m image.lock`; do not edit.\n"
        f"# From runtime/processor/requirements.txt sha256:{source_digest()}\n"
    )
    (LOCKS / f"{name}.txt").write_text(header + lock)
    print(f"  image/locks/{name}.txt: {len(entries(lock))} packages")


def main_with(arguments: Sequence[str]) -> int:
    """Refuse arguments: there are none."""
    if arguments:
        print(__doc__)
        return 2
    return main()


if __name__ == "__main__":
    sys.exit(main_with(sys.argv[1:]))
