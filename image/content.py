"""What an image is made of, and the tag that names exactly that."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scripts.setup.commands import ROOT

DOCKERFILE = "Dockerfile.processor"
SOURCES = (
    "image/locks",
    "image/inside",
    "runtime/__init__.py",
    "runtime/core",
    "runtime/aws",
    "runtime/processor",
    "runtime/protection",
    "runtime/results",
    "runtime/documents",
    "runtime/redaction",
    "scripts/setup/__init__.py",
    "scripts/setup/commands.py",
    "scripts/setup/models.py",
    "scripts/setup/network_graphs.py",
    "scripts/setup/networks.py",
    "scripts/setup/weights.toml",
    "scripts/setup/wheels.py",
)
"""What .dockerignore lets into the build, and nothing else."""

Accelerator = Literal["cpu", "gpu"]
Architecture = Literal["ARM64", "X86_64"]
ModelSource = Literal["hf", "packages", "none"]

PLATFORMS: Mapping[Architecture, str] = {"X86_64": "linux/amd64", "ARM64": "linux/arm64"}
"""By the environment file's `architecture`."""

TAG_CHARACTERS = 16
BASE_ARGUMENT = "BASE_IMAGE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """Which of the images the Dockerfile can make.

    `base` and `torch_index` are None for the Dockerfile's own; an empty `torch_index` leaves it to
    pip's settings. `platform` is None for the machine's own.
    """

    accelerator: Accelerator = "cpu"
    models: ModelSource = "hf"
    asr_models: tuple[str, ...] = ("whisper-base",)
    platform: str | None = None
    base: str | None = None
    torch_index: str | None = None

    def build_arguments(self) -> dict[str, str]:
        """Return the Dockerfile's ARGs."""
        chosen = {
            "ACCELERATOR": self.accelerator,
            "MODELS": self.models,
            "ASR_MODELS": " ".join(self.asr_models),
            BASE_ARGUMENT: self.base,
            "TORCH_INDEX": self.torch_index,
        }
        if self.accelerator == "gpu" and self.torch_index is None:
            # The build with CUDA is PyPI's own.
            chosen["TORCH_INDEX"] = ""
        return {name: value for name, value in chosen.items() if value is not None}


def content_tag(variant: Variant, *, root: Path = ROOT) -> str:
    """Return a tag that is the same exactly when sources, Dockerfile and arguments are."""
    digest = hashlib.sha256()
    for part in _parts(root, variant.build_arguments(), variant.platform or ""):
        digest.update(len(part).to_bytes(8, "big") + part)
    return f"{variant.accelerator}-{digest.hexdigest()[:TAG_CHARACTERS]}"


def source_files(root: Path = ROOT) -> Iterable[Path]:
    """Return the files that are sent to the build, in order."""
    for source in SOURCES:
        path = root / source
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (f for f in found if f.is_file() and "__pycache__" not in f.parts)


def _parts(root: Path, arguments: Mapping[str, str], platform: str) -> Iterator[bytes]:
    yield (root / DOCKERFILE).read_bytes()
    yield repr(sorted(arguments.items())).encode()
    yield platform.encode()
    for path in source_files(root):
        yield path.relative_to(root).as_posix().encode()
        yield path.read_bytes()
