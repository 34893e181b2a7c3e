"""Renews uv.lock and writes every requirements file that is made from it.

    python -m scripts.setup.lock [--upgrade | --upgrade-package NAME ...]

Options are those of `uv lock`. The lock is made against PyPI itself and names no other host.

PyTorch's build for CPUs has an index of its own and is not in the lock: its digests are in
`TORCH_CPU_WHEELS`, to be renewed by hand with the version.
"""

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.setup.commands import ROOT, cache_folder
from scripts.setup.requirements import CUDA_ONLY, entries, export, names, pinned, without
from scripts.setup.virtualenvs import installer

PYPI = "https://pypi.org/simple"
HEADER = "# Written by `python -m scripts.setup.lock` from uv.lock; do not edit.\n"

TORCH_CPU_WHEELS = {
    "2.13.0": {
        "x86_64": "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b",
        "aarch64": "84453b69508ec79902f899c5ed9495acb9e2bbe9fda5f1d5d6f19e3c3842e1a7",
    }
}
"""SHA-256 of the cp311 wheels of PyTorch's CPU index, by version and machine."""

_OTHER_SYSTEMS = re.compile(r"== '(win32|emscripten)'")


def main(arguments: Sequence[str]) -> int:
    """Lock, then write the files; return uv's exit status."""
    uv = installer(cache_folder())
    command = [str(uv), "lock", "--system-certs", "--default-index", PYPI, *arguments]
    if status := subprocess.run(command, check=False, cwd=ROOT).returncode:
        return status
    for path, content in files(uv).items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
        print(f"  {path.relative_to(ROOT)}: {len(entries(content))} packages")
    return 0


def files(uv: Path) -> Mapping[Path, str]:
    """Return what is made from the lock: for `pip install --require-hashes`, by path."""
    processor = linux(export(uv, "processor"))
    torch = pinned(processor, "torch")
    if torch is None:
        raise ValueError("The group `processor` requires no torch.")
    locks = {
        "requirements.txt": export(uv, "cdk"),
        "benchmarks/requirements.txt": export(uv, "bench"),
        "image/locks/export.txt": beside(linux(export(uv, "export")), processor),
        "image/locks/processor.txt": without(processor, ("torch==", *CUDA_ONLY)),
        "image/locks/service.txt": linux(export(uv, "service")),
        "image/locks/torch-cpu.txt": torch_cpu(torch),
        "image/locks/torch-gpu.txt": only(processor, ("torch==", *CUDA_ONLY)),
        "local/locks/cloud.txt": linux(export(uv, "cdk", "local")),
        "local/locks/lambda.txt": linux(export(uv, "lambda")),
    }
    return {ROOT / path: HEADER + content for path, content in locks.items()}


def linux(requirements: str) -> str:
    """Return the entries that a container may need."""
    return "".join(
        e for e in entries(requirements) if not _OTHER_SYSTEMS.search(e.partition("\\")[0])
    )


def only(requirements: str, beginnings: tuple[str, ...]) -> str:
    """Return the entries whose names begin with one of `beginnings`."""
    return "".join(e for e in entries(requirements) if e.startswith(beginnings))


def beside(requirements: str, installed: str) -> str:
    """Return the entries of packages that other requirements do not install."""
    return without(requirements, tuple(f"{name}==" for name in names(installed)))


def torch_cpu(requirement: str) -> str:
    """Return torch's CPU build, as a local version that PyPI does not have."""
    version = requirement.partition("==")[2]
    digests = TORCH_CPU_WHEELS[version]
    hashes = [f"--hash=sha256:{digest}" for digest in digests.values()]
    return " \\\n    ".join([f"{requirement}+cpu", *hashes]) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
