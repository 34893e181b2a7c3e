"""Uploads: signed directly to S3, resumable, and confirmed once however often that is asked for."""

import math
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from runtime.api.identifiers import known_form
from runtime.api.identity import Caller
from runtime.api.problems import conflict, invalid, not_found
from runtime.api.upload_options import upload_metadata
from runtime.core.clock import WallClock
from runtime.core.contract import UPLOADS_PREFIX
from runtime.core.jobs import Job, State, submitted
from runtime.core.messages import Upload as UploadedObject
from runtime.core.messages import confirm_message
from runtime.core.options import parse_options
from runtime.core.ports import JobStore, MessageSender, ObjectNotFoundError, ObjectStore
from runtime.core.service_ports import (
    DirectTransfers,
    NewObject,
    PresignedRequest,
    Record,
    RecordConflictError,
    Records,
    UploadedPart,
)
from runtime.core.spans import Part, Span
from runtime.core.submission import parse_submission

SINGLE_BYTES = 16 << 20
"""Up to this size a file is sent by one request."""

SMALLEST_PART_BYTES = 8 << 20
MAX_PARTS = 10_000
PARTS_PER_ANSWER = 100
URL_SECONDS = 3600
KEPT_SECONDS = 7 * 86_400.0
"""How long an upload may be resumed; the bucket discards its parts a day later."""

MAX_NAME_CHARACTERS = 200
DEFAULT_CONTENT_TYPE = "application/octet-stream"
CONTENT_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,80}/[A-Za-z0-9!#$&^_.+-]{1,80}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A begun upload; `multipart_id` and `part_size` are None for a single PUT."""

    upload_id: str
    owner: str
    key: str
    size_bytes: int
    content_type: str
    metadata: Mapping[str, str]
    created_at: float
    multipart_id: str | None = None
    part_size: int | None = None
    job_id: str | None = None

    @property
    def part_count(self) -> int:
        """The number of parts, 0 for a single PUT."""
        return math.ceil(self.size_bytes / self.part_size) if self.part_size else 0

    def part_bytes(self, number: int) -> int:
        """Return the size that a part must have."""
        part_size = self.part_size or self.size_bytes
        return min(part_size, self.size_bytes - (number - 1) * part_size)


def part_size(size_bytes: int) -> int | None:
    """Return the size of an upload's parts in whole MiB, or None for a single PUT."""
    if size_bytes <= SINGLE_BYTES:
        return None
    mebibytes = math.ceil(size_bytes / MAX_PARTS / (1 << 20))
    return max(SMALLEST_PART_BYTES, mebibytes << 20)


def safe_name(name: str) -> str:
    """Return the file name as the last part of a key; raise `ProblemError` 422 without one."""
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(c for c in last if c.isprintable()).strip().strip(".")[-MAX_NAME_CHARACTERS:]
    if not kept:
        raise invalid("upload.no_name", "The upload has no file name.", "Name the file.")
    return kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploads:
    """Begins, resumes and confirms uploads of one bucket."""

    bucket: str
    records: Records
    transfers: DirectTransfers
    objects: ObjectStore
    jobs: JobStore
    queue: MessageSender
    clock: WallClock
    max_bytes: int
    counted: Callable[[int], None] = lambda _size_bytes: None
    traced: Callable[[Span], None] = lambda _span: None

    def begin(
        self,
        caller: Caller,
        *,
        name: str,
        size_bytes: int,
        content_type: str | None,
        options: Mapping[str, Any],
    ) -> Upload:
        """Record a new upload; raise `ProblemError` 422 for one that would be refused."""
        if size_bytes > self.max_bytes:
            raise invalid(
                "upload.too_large",
                f"The file has {size_bytes} bytes; at most {self.max_bytes} are accepted.",
                "Compress the recording, or cut it into parts.",
            )
        content_type = content_type or DEFAULT_CONTENT_TYPE
        if not CONTENT_TYPE.fullmatch(content_type):
            raise invalid(
                "upload.content_type", "The content type is none.", "Send one such as video/mp4."
            )
        upload_id = secrets.token_hex(16)
        upload = Upload(
            upload_id=upload_id,
            owner=caller.owner,
            key=f"{UPLOADS_PREFIX}{upload_id}/{safe_name(name)}",
            size_bytes=size_bytes,
            content_type=content_type,
            metadata=upload_metadata(options, owner=caller.owner),
            created_at=self.clock.now(),
            part_size=part_size(size_bytes),
        )
        if upload.part_size is not None:
            upload = replace(upload, multipart_id=self.transfers.begin(self._target(upload)))
        self.records.create(_record(upload))
        return upload

    def find(self, caller: Caller, upload_id: str) -> Upload:
        """Return the caller's upload; raise `ProblemError` 404."""
        return self._found(caller, upload_id)[0]

    def put_request(self, upload: Upload) -> PresignedRequest | None:
        """Return the signed PUT of a single upload that is not confirmed, else None."""
        if upload.part_size is not None or upload.job_id is not None:
            return None
        return self.transfers.put(self._target(upload), expires_seconds=URL_SECONDS)

    def part_requests(
        self, upload: Upload, numbers: Sequence[int]
    ) -> list[tuple[int, PresignedRequest]]:
        """Return the signed PUTs of parts; raise `ProblemError` 422 for numbers it has not."""
        if upload.multipart_id is None or upload.job_id is not None:
            raise conflict("The upload takes no parts.", "It was confirmed, or is a single PUT.")
        wrong = [number for number in numbers if not 1 <= number <= upload.part_count]
        if wrong:
            raise invalid(
                "upload.no_such_part",
                f"The upload has the parts 1 to {upload.part_count}.",
                "Ask for these.",
            )
        target = self._target(upload)
        return [
            (
                number,
                self.transfers.part(
                    target,
                    upload.multipart_id,
                    number,
                    upload.part_bytes(number),
                    expires_seconds=URL_SECONDS,
                ),
            )
            for number in numbers
        ]

    def parts_present(self, upload: Upload) -> Sequence[UploadedPart]:
        """Return the parts that S3 has; none for a single PUT or a finished upload."""
        if upload.multipart_id is None or upload.job_id is not None:
            return []
        try:
            return self.transfers.parts(self.bucket, upload.key, upload.multipart_id)
        except ObjectNotFoundError:
            return []

    def confirm(self, caller: Caller, upload_id: str) -> Job:
        """Finish an upload and return its job; idempotent, also together with S3's event."""
        upload, record = self._found(caller, upload_id)
        if upload.job_id is not None:
            known = self.jobs.get(upload.job_id)
            if known is not None and not known.erasing:
                return known
        if upload.multipart_id is not None:
            self._complete(upload, upload.multipart_id)
        job = self.submit(upload.key, upload.size_bytes, began=upload.created_at)
        # Another confirmation may have written the same.
        with suppress(RecordConflictError):
            self.records.replace(_record(replace(upload, job_id=job.job_id), record.version))
        return job

    def submit(self, key: str, size_bytes: int, *, began: float) -> Job:
        """Record the job of a complete upload and have it dispatched; idempotent.

        `began` is when the upload or import was begun, for the job's trace.
        Raise `ProblemError` 409 unless S3 has the file in this size.
        """
        try:
            found = self.objects.look(self.bucket, key)
        except ObjectNotFoundError as error:
            raise _incomplete("S3 does not have the file.") from error
        if found.source.size_bytes != size_bytes:
            raise _incomplete(f"S3 has {found.source.size_bytes} bytes, not {size_bytes}.")
        job = submitted(
            found.source,
            now=self.clock.now(),
            options=parse_options(found.metadata),
            submission=parse_submission(found.metadata),
        )
        existing = self.jobs.create(job)
        if existing is None:
            self.counted(size_bytes)
            self.traced(_received(job, began))
        if existing is not None and existing.erasing:
            raise conflict("A job of this file is being erased.", "Confirm again in some minutes.")
        if existing is None or existing.state is State.PENDING:
            # The record comes first: S3's event may have been dispatched already, and a lost
            # message leaves a pending job, which the reaper announces.
            self.queue.send(confirm_message(UploadedObject(self.bucket, key)))
        return existing or job

    def discard(self, caller: Caller, upload_id: str) -> None:
        """Abort an upload that was not confirmed; raise `ProblemError` 404 or 409."""
        upload, _ = self._found(caller, upload_id)
        if upload.job_id is not None:
            raise conflict("The upload was confirmed.", "Delete its job instead.")
        if upload.multipart_id is not None:
            self.transfers.abort(self.bucket, upload.key, upload.multipart_id)
        self.records.delete(*_identity(upload_id))

    def _complete(self, upload: Upload, multipart_id: str) -> None:
        # Not found: completed by an earlier confirmation; the object's own check follows.
        with suppress(ObjectNotFoundError):
            parts = self.transfers.parts(self.bucket, upload.key, multipart_id)
            self._require_all(upload, parts)
            self.transfers.complete(self.bucket, upload.key, multipart_id, parts)

    @staticmethod
    def _require_all(upload: Upload, parts: Sequence[UploadedPart]) -> None:
        present = {part.number: part.size_bytes for part in parts}
        missing = [
            number
            for number in range(1, upload.part_count + 1)
            if present.get(number) != upload.part_bytes(number)
        ]
        if missing:
            listed = ", ".join(str(number) for number in missing[:20])
            raise _incomplete(f"{len(missing)} part(s) are missing: {listed}.")

    def _found(self, caller: Caller, upload_id: str) -> tuple[Upload, Record]:
        record = self.records.get(*_identity(upload_id)) if known_form(upload_id) else None
        if record is None or not (caller.admin or record.data["owner"] == caller.owner):
            raise not_found("upload")
        return Upload(**record.data), record

    def _target(self, upload: Upload) -> NewObject:
        return NewObject(
            bucket=self.bucket,
            key=upload.key,
            size_bytes=upload.size_bytes,
            content_type=upload.content_type,
            metadata=upload.metadata,
        )


def _identity(upload_id: str) -> tuple[str, str]:
    return f"upload#{upload_id}", "upload"


def _record(upload: Upload, version: int = 0) -> Record:
    pk, sk = _identity(upload.upload_id)
    return Record(
        pk=pk,
        sk=sk,
        data=asdict(upload),
        expires_at=upload.created_at + KEPT_SECONDS,
        version=version,
    )


def _received(job: Job, began: float) -> Span:
    return Span(
        job_id=job.job_id,
        part=Part.RECEIVE,
        attempt=job.attempt,
        began=began,
        ended=job.created_at,
        notes={"size_bytes": job.source.size_bytes},
    )


def _incomplete(detail: str) -> Exception:
    return conflict(detail, "Send what is missing, then confirm again.", code="upload.incomplete")
