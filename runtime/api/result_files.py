"""A job's published files, as the manifest of its current results lists them."""

import json
from dataclasses import dataclass

from runtime.api.problems import not_found
from runtime.core.contract import ResultFile
from runtime.core.jobs import Job
from runtime.core.ports import ObjectNotFoundError, ObjectStore
from runtime.results.published import PublishedResults, open_results


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFile:
    """A published file; `key` is where S3 has it.

    Size and digest (SHA-256) are None for a file that the manifest lists as varying between runs,
    and for the manifest itself.
    """

    name: str
    key: str
    size_bytes: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFiles:
    """All files of one publication."""

    files: tuple[PublishedFile, ...]
    results: PublishedResults

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
            return self.results.read(file.name)
        except ObjectNotFoundError as error:
            raise not_found("result") from error


def published_files(job: Job, objects: ObjectStore) -> PublishedFiles:
    """Return the files of a job that has results; raise `ProblemError` 404 for one without."""
    try:
        results = open_results(job, objects)
    except ObjectNotFoundError as error:
        raise not_found("result: the job has published none, or it was removed") from error
    document = json.loads(results.manifest)
    listed = {file["name"]: file for file in document["files"]}
    files = tuple(
        PublishedFile(
            name=name,
            key=key,
            size_bytes=listed.get(name, {}).get("size_bytes"),
            sha256=listed.get(name, {}).get("sha256"),
        )
        for name, key in results.keys.items()
        if name != ResultFile.MANIFEST
    )
    manifest = PublishedFile(name=ResultFile.MANIFEST, key=results.keys[ResultFile.MANIFEST])
    return PublishedFiles(files=(*files, manifest), results=results)
