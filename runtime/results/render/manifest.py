"""`manifest.json`: the published files with size and SHA-256; it is published last."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from runtime.core.contract import ResultFile
from runtime.core.media import PublishedFile
from runtime.results.content_types import content_type

SCHEMA_VERSION = "1.2"

VARYING = (ResultFile.METRICS,)
"""Files about the run, not the video: two runs of one job write different ones."""


def manifest_document(
    job_id: str, files: Iterable[PublishedFile], *, folder: str = "", corrected: str | None = None
) -> dict[str, Any]:
    """Return the document for all files but the manifest itself, by name.

    `folder` is the manifest's own. A file of another folder, as of an earlier attempt, has its
    `path` below the job's results.

    `corrected` is the folder of an earlier run's last revision, which is kept with its corrections.

    Files that vary between runs are listed without size and digest, so that every run writes the
    same manifest.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "job_id": job_id,
        "files": [
            {
                "name": file.name,
                "content_type": content_type(file.name),
                "size_bytes": file.size_bytes,
                "sha256": file.sha256,
                **({} if file.folder in {"", folder} else {"path": file.folder + file.name}),
            }
            for file in sorted(files, key=lambda file: file.name)
        ],
        **({} if corrected is None else {"corrected": corrected}),
        "varying": [{"name": str(name), "content_type": content_type(name)} for name in VARYING],
    }


def describe_files(files: Mapping[str, bytes]) -> tuple[PublishedFile, ...]:
    """Return name, size and digest of rendered files."""
    return tuple(
        PublishedFile(
            name=str(name), size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest()
        )
        for name, content in files.items()
    )
