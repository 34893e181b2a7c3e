"""Ports of the service tier: its records, listings of jobs, and presigned requests."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from runtime.core.contract import Compute
from runtime.core.jobs import Job, State


class RecordConflictError(Exception):
    """The record exists already, or another writer has changed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record of a service table, found by `pk` and `sk`.

    `data` holds JSON values. `version` counts writes from 1. `expires_at` is in seconds since the
    epoch; a record past it counts as absent, although it may be deleted days later.
    """

    pk: str
    sk: str
    data: Mapping[str, Any]
    expires_at: float | None = None
    version: int = 0


def by_owner(owner: str) -> str:
    """Return the `pk` of an owner's records."""
    return f"owner#{owner}"


class Records(Protocol):
    """A table of small records. Reads are strongly consistent; raises `Retryable`, `Permanent`."""

    def get(self, pk: str, sk: str) -> Record | None:
        """Return the record, or None."""

    def create(self, record: Record) -> Record:
        """Write a record that does not exist yet; raise `RecordConflictError` if it does."""

    def replace(self, record: Record) -> Record:
        """Write over the version that was read; raise `RecordConflictError` unless it is there."""

    def delete(self, pk: str, sk: str) -> None:
        """Delete a record; idempotent."""

    def stored(self, pk: str) -> Iterable[Record]:
        """Yield every record of `pk`, also those past their time, as long as they are stored."""

    def below(
        self,
        pk: str,
        prefix: str,
        *,
        limit: int = 100,
        after: str | None = None,
        newest_first: bool = False,
    ) -> Sequence[Record]:
        """Return up to `limit` records of `pk` whose `sk` begins so, in the order of `sk`.

        `after` is the `sk` of the last record of the page before.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs of an owner are listed: times in seconds, `text` in the title or file name."""

    states: frozenset[State] = frozenset()
    text: str = ""
    since: float | None = None
    until: float | None = None
    oldest_first: bool = False


NO_FILTER = JobFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPosition:
    """Where a page of a listing ended."""

    created_at: float
    job_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPage:
    """A page of jobs; `next_position` None means that there are no more."""

    jobs: Sequence[Job] = ()
    next_position: ListPosition | None = None


class JobListing(Protocol):
    """Listings of jobs by index, never by a scan."""

    def of_owner(
        self,
        owner: str,
        *,
        limit: int,
        matching: JobFilter = NO_FILTER,
        after: ListPosition | None = None,
    ) -> JobPage:
        """Return an owner's jobs by time of creation, by default the newest first.

        The index is eventually consistent, the returned jobs are as recorded. A page may be short
        although there are more, because what is examined for it is bounded.
        """

    def changed_since(self, when: float) -> Iterable[Job]:
        """Yield every job updated at or after `when` (seconds since the epoch, eventually)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresignedRequest:
    """A request that its holder may send until it expires, with exactly these headers."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewObject:
    """An object to be uploaded: `metadata` without `x-amz-meta-`."""

    bucket: str
    key: str
    size_bytes: int
    content_type: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedPart:
    """A part of a multipart upload that S3 has; `etag` without quotes."""

    number: int
    size_bytes: int
    etag: str


class DirectTransfers(Protocol):
    """Transfers between a client and S3 that the service only signs.

    Raises `ObjectNotFoundError` for an upload that was completed, aborted or never begun.
    """

    def put(self, target: NewObject, *, expires_seconds: int) -> PresignedRequest:
        """Sign a single PUT; the signature covers type, size and metadata."""

    def begin(self, target: NewObject) -> str:
        """Begin a multipart upload and return its id."""

    def part(
        self, target: NewObject, multipart_id: str, number: int, size: int, *, expires_seconds: int
    ) -> PresignedRequest:
        """Sign the PUT of one part; the signature covers its size in bytes."""

    def send_part(
        self, bucket: str, key: str, multipart_id: str, number: int, data: bytes
    ) -> UploadedPart:
        """Store one part from here."""

    def parts(self, bucket: str, key: str, multipart_id: str) -> Sequence[UploadedPart]:
        """Return the parts that S3 has, by number."""

    def complete(
        self, bucket: str, key: str, multipart_id: str, parts: Sequence[UploadedPart]
    ) -> None:
        """Join the parts into the object."""

    def abort(self, bucket: str, key: str, multipart_id: str) -> None:
        """Discard a multipart upload; idempotent."""

    def get(
        self,
        bucket: str,
        key: str,
        *,
        expires_seconds: int,
        content_type: str | None = None,
        file_name: str | None = None,
    ) -> str:
        """Return the URL by which an object is read; with `file_name` it is saved, not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolState:
    """The workers of one kind, and the bounds within which their number is scaled."""

    running: int
    desired: int
    min_tasks: int
    max_tasks: int
    paused: bool


class Pools(Protocol):
    """The worker services of an environment. Raises `Retryable` and `Permanent`."""

    def state(self, kind: Compute) -> PoolState | None:
        """Return a pool's state, or None where there is no such pool."""

    def change(
        self,
        kind: Compute,
        *,
        min_tasks: int | None = None,
        max_tasks: int | None = None,
        paused: bool | None = None,
    ) -> None:
        """Change a pool; None leaves a value. A paused pool starts no worker and stops none."""
