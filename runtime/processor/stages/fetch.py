"""Downloads the job's version of the upload to local disk."""

import re
import shutil
from pathlib import Path, PurePosixPath

from runtime.core.errors import Permanent, Retryable
from runtime.core.jobs import Source
from runtime.core.ports import ObjectNotFoundError, ObjectStore, Progress
from runtime.processor.media.motion_photo import extract_motion_video

_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")

SPACE_FACTOR = 1.5
"""Disk space by the upload's size: an hour's WAV takes 115 MB beside it."""


def fetch(source: Source, *, objects: ObjectStore, folder: Path, on_progress: Progress) -> Path:
    """Download into `folder` and return the file; of a motion photo only its video is kept.

    Raises `Permanent` when the upload is gone or was replaced, or is too large for the disk, and
    `Retryable` when it does not fit beside what is on this one.
    """
    disk = shutil.disk_usage(folder)
    needed = source.size_bytes * SPACE_FACTOR
    if needed > disk.free:
        raise (Permanent if needed > disk.total else Retryable)(
            "worker.disk_too_small",
            f"The video has {source.size_bytes / 1e9:.1f} GB and the task's disk "
            f"{disk.free / 1e9:.1f} GB left of {disk.total / 1e9:.1f} GB.",
            "Raise the task's ephemeral storage in environments/<name>.toml and deploy, "
            "or upload a smaller file.",
        )
    # A suffix helps FFmpeg to tell formats apart; an arbitrary one may not even be a file name.
    suffix = PurePosixPath(source.key).suffix.lower()
    path = folder / (f"source{suffix}" if _SUFFIX.fullmatch(suffix) else "source")
    received = 0

    def on_bytes(count: int) -> None:
        nonlocal received
        received += count
        on_progress(min(1.0, received / source.size_bytes))

    try:
        objects.download(source, path, on_bytes)
    except ObjectNotFoundError as error:
        raise Permanent(
            "source.gone",
            f"{source.key} was deleted or replaced after this job was made.",
            "A replaced file has a job of its own; upload a deleted one again.",
        ) from error
    extract_motion_video(path)
    return path
