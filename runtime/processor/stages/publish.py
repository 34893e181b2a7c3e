"""Uploads the finished files, the manifest last: who sees it sees a complete set."""

from collections.abc import Mapping

from runtime.core.contract import ResultFile, result_prefix
from runtime.core.jobs import Source
from runtime.core.ports import ObjectStore, Progress

CONTENT_TYPES = {
    "json": "application/json",
    "md": "text/markdown; charset=utf-8",
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
    "rttm": "text/plain; charset=utf-8",
}


def publish(
    files: Mapping[ResultFile, bytes],
    source: Source,
    *,
    objects: ObjectStore,
    on_progress: Progress,
) -> str:
    """Write the files under `results/<job_id>/` and return the key of `summary.json`."""
    prefix = result_prefix(source.job_id)
    ordered = sorted(files, key=lambda file: (file is ResultFile.MANIFEST, file))
    for done, file in enumerate(ordered, start=1):
        kind = CONTENT_TYPES[file.rpartition(".")[2]]
        objects.write_bytes(files[file], source.bucket, prefix + file, kind)
        on_progress(done / len(ordered))
    return prefix + ResultFile.SUMMARY_JSON
