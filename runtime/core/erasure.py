"""What an erasure removes, what it leaves until when, and the certificate of both; its ports."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import quote, quote_plus

from runtime.core.jobs import Job

DAY = 86_400.0

WATCH_SECONDS = 6 * 3600 + 600.0
"""How long a process that lost its job could write to S3: credentials of a task live six hours."""

CERTIFICATE_SECONDS = 400 * DAY
"""How long a certificate can be read after the last backup that it names has gone."""


class ErasedStore(StrEnum):
    """What a certificate counts, by where it lay."""

    UPLOAD = "upload"
    CHECKPOINTS = "checkpoints"
    RESULTS = "results"
    UNFINISHED_UPLOADS = "unfinished uploads"
    RECORDS = "records"


class KeptPlace(StrEnum):
    """Where copies or traces remain for a while, because nothing can take out a part of it."""

    TABLE_HISTORY = "point-in-time recovery of the tables"
    BACKUPS = "daily backups of the tables"
    STREAM = "stream of changes of the jobs table"
    QUEUES = "messages that were not received yet"
    LOGS = "logs: ids and file names, never what was said"
    ACCESS_LOGS = "access logs of the bucket and the load balancer: keys and addresses"
    TRACES = "traces: ids and times"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectVersion:
    """A version of an object; `etag` None is a delete marker. `modified_at` in seconds, epoch."""

    key: str
    version_id: str
    etag: str | None
    size_bytes: int
    modified_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedUpload:
    """A multipart upload that was begun: S3 holds its parts until it is aborted."""

    key: str
    upload_id: str


class VersionedObjects(Protocol):
    """Objects with all their versions. Raises `Retryable` and `Permanent`."""

    def versions(self, bucket: str, prefix: str) -> Iterable[ObjectVersion]:
        """Yield every version and delete marker of the keys that begin so."""

    def remove_versions(self, bucket: str, versions: Sequence[ObjectVersion]) -> None:
        """Remove versions and delete markers for good; idempotent."""

    def unfinished(self, bucket: str, prefix: str) -> Iterable[UnfinishedUpload]:
        """Yield the unfinished multipart uploads of the keys that begin so."""

    def abort(self, bucket: str, upload: UnfinishedUpload) -> None:
        """Discard the parts of a multipart upload; idempotent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCopy:
    """A place that keeps copies or traces for so many days after an erasure."""

    place: KeptPlace
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What there was when an erasure began: numbers by store, and the bytes of all objects."""

    requested_at: float
    counts: Mapping[str, int]
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What was erased and what remains until when; times in seconds since the epoch.

    `erased_at` None: it is still being erased. Until `watched_until` the job's id is kept, to
    remove what a process that was cut off may still write; `closed_at` is when that ended.
    """

    job_id: str
    owner_digest: str
    inventory: Inventory
    erased_at: float | None = None
    watched_until: float | None = None
    closed_at: float | None = None
    kept: tuple[KeptCopy, ...] = ()

    def belongs_to(self, owner: str) -> bool:
        """Return whether the erased job was this owner's."""
        return self.owner_digest == owner_digest(self.job_id, owner)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """An erased job whose prefixes are still looked at."""

    job_id: str
    bucket: str
    until: float


class ErasureRecords(Protocol):
    """Records of erasures; a certificate is found by a job's id but does not hold it."""

    def begin(self, job: Job, take: Callable[[], Inventory]) -> Certificate:
        """Return the record of this erasure; a first call stores what `take` returns."""

    def finish(self, job: Job, certificate: Certificate) -> None:
        """Store the certificate and remove the job's records, both or nothing; idempotent.

        What stays of the job is its id, which `watched` lists.
        """

    def watched(self) -> Iterable[Watched]:
        """Yield the erased jobs whose ids are kept."""

    def close(self, watched: Watched, at: float) -> None:
        """Remove the id of an erased job; idempotent."""

    def find(self, job_id: str) -> Certificate | None:
        """Return the certificate of a job, also while it is being erased; None without one."""


@dataclass(frozen=True, slots=True)
class JobNames:
    """The words by which stores name a job: its id, its key, the id of its upload or import."""

    job: Job

    @property
    def transfer_id(self) -> str | None:
        """The id of the upload or import in a key `uploads/<id>/<name>`, else None."""
        parts = self.job.source.key.split("/")
        return parts[1] if len(parts) == 3 and _is_id(parts[1]) else None  # noqa: PLR2004

    @property
    def key_forms(self) -> frozenset[str]:
        """The key as it is written in JSON, in events of S3 and in URLs."""
        key = self.job.source.key
        return frozenset(
            {
                key,
                json.dumps(key)[1:-1],
                json.dumps(key, ensure_ascii=False)[1:-1],
                quote_plus(key),
                quote_plus(key, safe="/"),
                quote(key),
            }
        )

    def named_in(self, text: str) -> bool:
        """Return whether a text names the job in any of its forms."""
        if self.job.job_id in text or (self.transfer_id and self.transfer_id in text):
            return True
        return any(form in text for form in self.key_forms)


def erasure_digest(job_id: str) -> str:
    """Return what a certificate is found by: 32 hex digits that do not lead back to the id."""
    return hashlib.sha256(f"erasure\0{job_id}".encode()).hexdigest()[:32]


def owner_digest(job_id: str, owner: str) -> str:
    """Return what an owner is recognised by, different for each job."""
    return hashlib.sha256(f"owner\0{job_id}\0{owner}".encode()).hexdigest()[:32]


def finished(
    certificate: Certificate, *, now: float, kept: Sequence[KeptCopy], watch_seconds: float
) -> Certificate:
    """Return the certificate of what is erased now."""
    return replace(certificate, erased_at=now, watched_until=now + watch_seconds, kept=tuple(kept))


def parse_kept(text: str) -> tuple[KeptCopy, ...]:
    """Return the places and days of `TABLE_HISTORY=35,LOGS=14`; raise `ValueError`."""
    pairs = (each.split("=") for each in text.split(",") if each)
    try:
        return tuple(KeptCopy(place=KeptPlace[name], days=int(days)) for name, days in pairs)
    except KeyError as error:
        raise ValueError(f"{error} is no place of copies") from error


def certificate_document(certificate: Certificate) -> dict[str, Any]:
    """Return a certificate as JSON values."""
    inventory, erased_at = certificate.inventory, certificate.erased_at
    return {
        "schema_version": "1.0",
        "job_id": certificate.job_id,
        "state": "erasing" if erased_at is None else "erased",
        "requested_at": _iso(inventory.requested_at),
        "erased_at": _iso(erased_at),
        "erased": {**inventory.counts, "bytes": inventory.size_bytes},
        "id_kept_until": _iso(certificate.closed_at or certificate.watched_until),
        "remains": [
            {
                "place": each.place.value,
                "days": each.days,
                "until": _iso(erased_at + each.days * DAY),
            }
            for each in certificate.kept
            if erased_at is not None
        ],
    }


def certificate_text(certificate: Certificate) -> str:
    """Return a certificate for people, one statement a line."""
    document = certificate_document(certificate)
    lines = [
        f"Erasure of job {certificate.job_id}",
        f"Requested: {document['requested_at']}",
        f"Erased:    {document['erased_at'] or 'not yet'}",
        "",
        "Erased, with every version:",
        *(f"- {name}: {count}" for name, count in document["erased"].items()),
        "",
    ]
    if document["state"] == "erasing":
        return "\n".join([*lines, "It is not complete: ask again.", ""])
    return "\n".join(
        [
            *lines,
            f"The id alone is kept until {document['id_kept_until']}, to remove late writes.",
            "",
            "What remains, and until when:",
            *(f"- {each['place']}: {each['until']}" for each in document["remains"]),
            "",
        ]
    )


def _is_id(text: str) -> bool:
    return len(text) == 32 and not set(text) - set("0123456789abcdef")  # noqa: PLR2004


def _iso(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
