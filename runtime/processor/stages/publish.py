"""Uploads finished files, the manifest after all others: who sees it sees a complete set."""

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from runtime.core.contract import result_prefix
from runtime.core.jobs import Source
from runtime.core.media import PublishedFile
from runtime.core.ports import ObjectStore, Progress

CONTENT_TYPES = {
    "json": "application/json",
    "md": "text/markdown; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
    "rttm": "text/plain; charset=utf-8",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "m4a": "audio/mp4",
}
"""Content types by the suffix of a file's name."""

UPLOADS_AT_ONCE = 8


def publish(
    files: Mapping[str, bytes],
    source: Source,
    *,
    objects: ObjectStore,
    on_progress: Progress,
) -> None:
    """Write the files under `results/<job_id>/`, in their order."""
    prefix = result_prefix(source.job_id)
    for done, (name, content) in enumerate(files.items(), start=1):
        objects.write_bytes(content, source.bucket, prefix + name, content_type(name))
        on_progress(done / len(files))


def publish_folder(
    folder: Path, source: Source, *, objects: ObjectStore, on_progress: Progress
) -> tuple[PublishedFile, ...]:
    """Upload all files of a folder under `results/<job_id>/` and return them, by name.

    A file is read in blocks, so memory does not grow with its size. Some are uploaded at once: of
    the thousands of pictures of a long video, each waits a while for its answer.
    """
    prefix = result_prefix(source.job_id)
    paths = sorted(path for path in folder.rglob("*") if path.is_file())

    def upload(path: Path) -> PublishedFile:
        name = path.relative_to(folder).as_posix()
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        objects.upload(path, source.bucket, prefix + name, content_type(name))
        return PublishedFile(name=name, size_bytes=path.stat().st_size, sha256=digest)

    published = []
    with ThreadPoolExecutor(max_workers=UPLOADS_AT_ONCE) as pool:
        for file in pool.map(upload, paths):
            published.append(file)
            on_progress(len(published) / len(paths))
    return tuple(published)


def content_type(name: str) -> str:
    """Return the type that a file of this name is served as."""
    return CONTENT_TYPES[name.rpartition(".")[2]]
