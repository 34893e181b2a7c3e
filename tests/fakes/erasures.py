"""Versions of objects and records of erasures in memory, as S3 and DynamoDB keep them."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import count

from runtime.core.clock import WallClock
from runtime.core.erasure import (
    Certificate,
    Inventory,
    ObjectVersion,
    UnfinishedUpload,
    Watched,
    owner_digest,
)
from runtime.core.jobs import Job, Source, State
from tests.fakes.jobs import InMemoryJobStore


class InMemoryVersions:
    """A versioned bucket store; `stored` and `parts` are open to tests."""

    def __init__(self, clock: WallClock) -> None:
        self._clock = clock
        self._numbers = count(1)
        self.stored: dict[str, list[ObjectVersion]] = {}
        self.parts: dict[str, list[UnfinishedUpload]] = {}

    def put(self, bucket: str, key: str, data: bytes) -> Source:
        """Store a version and return its identity."""
        etag = hashlib.md5(data, usedforsecurity=False).hexdigest()
        self._add(bucket, key, etag, len(data))
        return Source(bucket=bucket, key=key, etag=etag, size_bytes=len(data))

    def delete(self, bucket: str, key: str) -> None:
        """Put a delete marker over the current version."""
        self._add(bucket, key, None, 0)

    def begin(self, bucket: str, key: str) -> None:
        """Begin a multipart upload that is never completed."""
        upload = UnfinishedUpload(key=key, upload_id=str(next(self._numbers)))
        self.parts.setdefault(bucket, []).append(upload)

    def keys(self, bucket: str) -> set[str]:
        """Return the keys that have any version."""
        return {each.key for each in self.stored.get(bucket, [])}

    def versions(self, bucket: str, prefix: str) -> list[ObjectVersion]:
        return [each for each in self.stored.get(bucket, []) if each.key.startswith(prefix)]

    def remove_versions(self, bucket: str, versions: Sequence[ObjectVersion]) -> None:
        gone = {(each.key, each.version_id) for each in versions}
        self.stored[bucket] = [
            each for each in self.stored.get(bucket, []) if (each.key, each.version_id) not in gone
        ]

    def unfinished(self, bucket: str, prefix: str) -> list[UnfinishedUpload]:
        return [each for each in self.parts.get(bucket, []) if each.key.startswith(prefix)]

    def abort(self, bucket: str, upload: UnfinishedUpload) -> None:
        self.parts[bucket] = [each for each in self.parts.get(bucket, []) if each != upload]

    def _add(self, bucket: str, key: str, etag: str | None, size_bytes: int) -> None:
        self.stored.setdefault(bucket, []).append(
            ObjectVersion(
                key=key,
                version_id=str(next(self._numbers)),
                etag=etag,
                size_bytes=size_bytes,
                modified_at=self._clock.now(),
            )
        )


class InMemoryErasures:
    """Certificates by job, and the ids of erased jobs that are still watched.

    `lagging`: the listing does not know yet which of them have a record again.
    """

    def __init__(self, jobs: InMemoryJobStore) -> None:
        self._jobs = jobs
        self.certificates: dict[str, Certificate] = {}
        self.open: dict[str, Watched] = {}
        self.lagging = False

    def begin(self, job: Job, take: Callable[[], Inventory]) -> Certificate:
        found = self.certificates.get(job.job_id)
        if found is not None and found.inventory.requested_at == job.updated_at:
            return found
        new = Certificate(
            job_id=job.job_id,
            owner_digest=owner_digest(job.job_id, job.submission.owner or ""),
            inventory=take(),
        )
        self.certificates[job.job_id] = new
        return new

    def finish(self, job: Job, certificate: Certificate) -> None:
        existing = self._jobs.jobs.get(job.job_id)
        if existing is None:
            return
        assert existing.state is State.ERASING
        del self._jobs.jobs[job.job_id]
        self._jobs.idempotency.pop(job.source.object_id, None)
        self.certificates[job.job_id] = certificate
        self.open[job.job_id] = Watched(
            job_id=job.job_id,
            bucket=job.source.bucket,
            until=certificate.watched_until or job.updated_at,
        )

    def watched(self) -> Iterable[Watched]:
        return [
            each
            for each in self.open.values()
            if self.lagging or each.job_id not in self._jobs.jobs
        ]

    def close(self, watched: Watched, at: float) -> None:
        self.open.pop(watched.job_id, None)
        found = self.certificates.get(watched.job_id)
        if found is not None:
            self.certificates[watched.job_id] = replace(found, closed_at=at)

    def find(self, job_id: str) -> Certificate | None:
        return self.certificates.get(job_id)
