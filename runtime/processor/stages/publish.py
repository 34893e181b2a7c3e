"""Uploads finished files, the manifest last: a reader that finds it finds all files."""

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from runtime.core.contract import attempt_folder, result_prefix
from runtime.core.jobs import Source
from runtime.core.media import PublishedFile
from runtime.core.ports import ObjectStore, Progress
from runtime.results.content_types import content_type

PARALLEL_UPLOADS = 8


def publish(
    files: Mapping[str, bytes],
    source: Source,
    *,
    attempt: int,
    objects: ObjectStore,
    on_progress: Progress,
) -> None:
    """Write the files into the attempt's folder of the job's results, in their order."""
    prefix = result_prefix(source.job_id) + attempt_folder(attempt)
    for done, (name, content) in enumerate(files.items(), start=1):
        objects.write_bytes(content, source.bucket, prefix + name, content_type(name))
        on_progress(done / len(files))


def publish_folder(
    folder: Path, source: Source, *, attempt: int, objects: ObjectStore, on_progress: Progress
) -> tuple[PublishedFile, ...]:
    """Upload all files of a folder into the attempt's folder and return them, by name.

    Files are read in blocks, so memory does not grow with their size, and uploaded in parallel:
    a long video has thousands of thumbnails, and each upload waits for its answer.
    """
    target = attempt_folder(attempt)
    prefix = result_prefix(source.job_id) + target
    paths = sorted(path for path in folder.rglob("*") if path.is_file())

    def upload(path: Path) -> PublishedFile:
        name = path.relative_to(folder).as_posix()
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        objects.upload(path, source.bucket, prefix + name, content_type(name))
        return PublishedFile(
            name=name, size_bytes=path.stat().st_size, sha256=digest, folder=target
        )

    published = []
    with ThreadPoolExecutor(max_workers=PARALLEL_UPLOADS) as pool:
        for file in pool.map(upload, paths):
            published.append(file)
            on_progress(len(published) / len(paths))
    return tuple(published)
