"""The current results of a job, found by the pointer in its record: the one way to read them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from runtime.core.contract import ResultFile, result_prefix
from runtime.core.jobs import Job
from runtime.core.ports import ObjectNotFoundError, ObjectStore

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedResults:
    """One publication of a job: `keys` holds the object of each file by name.

    The objects never change. They are deleted some time after other results have replaced them.
    """

    bucket: str
    job_id: str
    result_key: str
    keys: Mapping[str, str]
    manifest: bytes
    objects: ObjectStore

    @property
    def corrected(self) -> str | None:
        """The folder below the job's of an earlier run's last revision, if it was corrected."""
        found: str | None = json.loads(self.manifest).get("corrected")
        return found

    def read(self, name: str) -> bytes:
        """Return a small file's content; raise `ObjectNotFoundError`, also for an unknown name."""
        if name == ResultFile.MANIFEST:
            return self.manifest
        if name not in self.keys:
            raise ObjectNotFoundError(f"job {self.job_id} has published no {name}")
        return self.objects.read_bytes(self.bucket, self.keys[name])


def open_results(job: Job, objects: ObjectStore) -> PublishedResults:
    """Return the results that the record points at; raise `ObjectNotFoundError` if there are none.

    They may belong to an earlier run than the job's state: they stay until others replace them.
    """
    if job.result_key is None:
        raise ObjectNotFoundError(f"job {job.job_id} has published nothing")
    folder = job.result_key.removesuffix(ResultFile.SUMMARY_JSON)
    manifest = objects.read_bytes(job.source.bucket, folder + ResultFile.MANIFEST)
    listed = json.loads(manifest)
    keys = {ResultFile.MANIFEST.value: folder + ResultFile.MANIFEST}
    for file in (*listed["files"], *listed.get("varying", ())):
        path = file.get("path")
        keys[file["name"]] = folder + file["name"] if path is None else _key(job, path)
    return PublishedResults(
        bucket=job.source.bucket,
        job_id=job.job_id,
        result_key=job.result_key,
        keys=keys,
        manifest=manifest,
        objects=objects,
    )


def read_results(
    get: Callable[[], Job | None], objects: ObjectStore, use: Callable[[PublishedResults], T]
) -> T:
    """Return what `use` makes of a job's current results.

    It starts again with the new ones when those it reads are replaced and deleted meanwhile; else
    raises `ObjectNotFoundError` for what is missing.
    """
    tried: str | None = None
    while True:
        job = get()
        if job is None:
            raise ObjectNotFoundError("there is no such job")
        try:
            return use(open_results(job, objects))
        except ObjectNotFoundError:
            if job.result_key in {None, tried}:
                raise
            tried = job.result_key


def _key(job: Job, path: str) -> str:
    return result_prefix(job.job_id) + path
