"""Downloads pinned revisions from the model hub, with a token that is never written anywhere."""

import hashlib
import shutil
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

PINS = Path(__file__).with_name("hub_models.toml")


class RefusedError(Exception):
    """A model cannot be had, or is not the pinned one; the message says what to do."""


def download(names: Collection[str], into: Path, token_file: Path | None) -> None:
    """Write the named models below `into`; raise `RefusedError`."""
    pins = {model["name"]: model for model in tomllib.loads(PINS.read_text())["model"]}
    if unknown := sorted(set(names) - pins.keys()):
        raise RefusedError(
            f"{', '.join(unknown)}: not in {PINS.name}, which has {', '.join(sorted(pins))}. Add "
            "the model's repository and revision there."
        )
    token = read_token(token_file)
    for name in names:
        download_one(pins[name], into / name, token)


def read_token(token_file: Path | None) -> str:
    """Return the hub's token; raise `RefusedError` where there is none."""
    token = token_file.read_text().strip() if token_file and token_file.is_file() else ""
    if not token:
        raise RefusedError(
            "The models stage `hf` needs the hub's token as the build secret HF_TOKEN: accept the "
            "conditions of pyannote/speaker-diarization-community-1 on the hub, make a read token, "
            "and build with HF_TOKEN set (make image does the rest). MODELS=packages needs none."
        )
    return token


def download_one(pin: Mapping[str, Any], folder: Path, token: str) -> None:
    """Write one model's files, each checked where its digest is pinned; raise `RefusedError`."""
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - only here
    from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415

    files: Mapping[str, str] = pin["files"]
    try:
        snapshot_download(
            pin["repository"],
            revision=pin["revision"],
            allow_patterns=list(files),
            local_dir=folder,
            token=token,
            etag_timeout=30,
        )
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise RefusedError(
            f"{pin['repository']} at {pin['revision']} cannot be downloaded: {error}\nIs the token "
            "valid, and have its owner accepted the model's conditions?"
        ) from error
    # The client's own notes, with the time of the download in them.
    shutil.rmtree(folder / ".cache", ignore_errors=True)
    for name, expected in files.items():
        path = folder / name
        if not path.is_file():
            raise RefusedError(f"{pin['repository']} at {pin['revision']} has no file {name}.")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if expected not in ("", digest):
            raise RefusedError(
                f"{name} of {pin['repository']} at {pin['revision']} has SHA-256 {digest}, not the "
                f"pinned {expected}."
            )
