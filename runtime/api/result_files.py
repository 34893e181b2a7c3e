"""A job's published files, as its manifest lists them."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

from runtime.api.problems import not_found
from runtime.core.contract import ResultFile
from runtime.core.jobs import Job
from runtime.core.ports import ObjectNotFoundError, ObjectStore
from runtime.results.published import open_results


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFile:
    """A published file; `key` is where S3 has it.

    Size and digest (SHA-256) are None for a file that the manifest lists as varying between runs.
    """

    name: str
    key: str
    size_bytes: int | None
    sha256: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFiles:
    """All files of one publication, with the function that reads one of them."""

    files: tuple[PublishedFile, ...]
    read_key: Callable[[str], bytes]

    def find(self, name: str) -> PublishedFile:
        """Return a file; raise `ProblemError` 404 for a name that the manifest does not list."""
        for file in self.files:
            if file.name == name:
                return file
        raise not_found("result")

    def has(self, name: str) -> bool:
        """Return whether the manifest lists a name."""
        return any(file.name == name for file in self.files)

    def read(self, file: PublishedFile) -> bytes:
        """Return a small file's content; raise `ProblemError` 404 if it was removed since."""
        try:
            return self.read_key(file.key)
        except ObjectNotFoundError as error:
            raise not_found("result") from error


def published_files(job: Job, objects: ObjectStore) -> PublishedFiles:
    """Return the files of a job that has results; raise `ProblemError` 404 for one without."""
    if job.result_key is None:
        raise not_found("result: the job has published nothing yet")
    try:
        results = open_results(job, objects)
    except ObjectNotFoundError as error:
        raise not_found("result: it was removed") from error
    document = json.loads(results.manifest)
    listed = [
        PublishedFile(
            name=str(file["name"]),
            key=results.keys[file["name"]],
            size_bytes=file.get("size_bytes"),
            sha256=file.get("sha256"),
        )
        for file in [*document["files"], *document.get("varying", [])]
    ]
    own = PublishedFile(
        name=ResultFile.MANIFEST,
        key=results.keys[ResultFile.MANIFEST],
        size_bytes=len(results.manifest),
        sha256=hashlib.sha256(results.manifest).hexdigest(),
    )
    return PublishedFiles(
        files=(*listed, own), read_key=lambda key: objects.read_bytes(results.bucket, key)
    )
