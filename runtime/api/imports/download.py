"""Downloads one import part by part into S3, resumable by any instance after the last part."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from runtime.api.imports.records import (
    LEASE_SECONDS,
    Claimed,
    ImportLostError,
    Imports,
    ImportState,
)
from runtime.api.imports.remote import RemoteFile, opened
from runtime.api.outbound.transport import Outbound
from runtime.api.problems import ProblemError
from runtime.api.uploads import CONTENT_TYPE, DEFAULT_CONTENT_TYPE, Uploads, part_size
from runtime.core.clock import Clock
from runtime.core.errors import Permanent, Retryable
from runtime.core.ports import ObjectNotFoundError
from runtime.core.service_ports import DirectTransfers, NewObject, UploadedPart

UNKNOWN_LENGTH_PART_BYTES = 32 << 20
SMALLEST_PART_BYTES = 8 << 20


class StoppedError(Exception):
    """This instance ends; another one goes on."""


@dataclass(slots=True)
class Download:
    """The work on one claimed import. `stopping` ends it between two chunks."""

    claimed: Claimed
    imports: Imports
    uploads: Uploads
    transfers: DirectTransfers
    outbound: Outbound
    clock: Clock
    stopping: threading.Event

    def run(self) -> None:
        """Bring the import to `done`.

        Raise `Permanent` or `Retryable`, `StoppedError`, or `ImportLostError` when it was cancelled
        or taken over.
        """
        if self.claimed.value.state is not ImportState.MERGING:
            self._set(state=ImportState.DOWNLOADING_METADATA)
            parts = self._parts_so_far()
            value = self.claimed.value
            with opened(
                self.outbound, value.url, start=_total(parts), validator=value.validator
            ) as remote:
                parts = self._begin(remote, parts)
                self._receive(remote, parts)
            self._set(state=ImportState.MERGING, bytes_done=_total(parts))
        self._merge()

    def abandon(self) -> None:
        """Discard the parts of an import that failed or was cancelled."""
        value = self.claimed.value
        if value.multipart_id is not None:
            self.transfers.abort(self.uploads.bucket, value.key, value.multipart_id)

    def _begin(self, remote: RemoteFile, parts: list[UploadedPart]) -> list[UploadedPart]:
        if remote.total is not None and remote.total > self.uploads.max_bytes:
            raise _too_large(self.uploads.max_bytes)
        if remote.total == 0:
            raise Permanent("import.empty", "The file is empty.", "Check the URL.")
        if remote.start == 0:
            if self.claimed.value.multipart_id is not None:
                # Only the instance that still has the import may discard its parts.
                self._set()
                self.abandon()
            parts = []
            kind = remote.content_type
            content_type = kind if re.fullmatch(CONTENT_TYPE, kind) else DEFAULT_CONTENT_TYPE
            size = (
                UNKNOWN_LENGTH_PART_BYTES
                if remote.total is None
                else part_size(remote.total) or SMALLEST_PART_BYTES
            )
            multipart_id = self.transfers.begin(self._target(content_type))
            try:
                self._set(multipart_id=multipart_id, part_size=size)
            except ImportLostError:
                # No record knows it, so nothing else would discard it.
                self.transfers.abort(self.uploads.bucket, self.claimed.value.key, multipart_id)
                raise
        self._set(
            state=ImportState.DOWNLOADING,
            bytes_done=_total(parts),
            total_bytes=remote.total,
            content_type=remote.content_type,
            validator=remote.validator,
        )
        return parts

    def _receive(self, remote: RemoteFile, parts: list[UploadedPart]) -> None:
        done = _total(parts)
        for data in self._blocks(remote):
            done += len(data)
            if done > self.uploads.max_bytes:
                raise _too_large(self.uploads.max_bytes)
            if remote.total is not None and done > remote.total:
                raise Permanent(
                    "import.too_long", "The server sends more than it announced.", "Check the URL."
                )
            value = self.claimed.value
            parts.append(
                self.transfers.send_part(
                    self.uploads.bucket,
                    value.key,
                    value.multipart_id or "",
                    len(parts) + 1,
                    data,
                )
            )
            self._set(bytes_done=done, tries=0)
        if remote.total is not None and done < remote.total:
            raise Retryable("import.cut_off", "The server ended early.", "It is tried again.")
        if done == 0:
            raise Permanent("import.empty", "The file is empty.", "Check the URL.")

    def _blocks(self, remote: RemoteFile) -> Iterator[bytes]:
        """Yield the body in parts; the last one may be short. Keeps the lease meanwhile."""
        size, buffer = self.claimed.value.part_size, bytearray()
        renew_at = self.clock.now() + LEASE_SECONDS / 4
        for chunk in remote.chunks:
            if self.stopping.is_set():
                raise StoppedError
            buffer += chunk
            while len(buffer) >= size:
                yield bytes(buffer[:size])
                del buffer[:size]
            if self.clock.now() >= renew_at:
                self._set()
                renew_at = self.clock.now() + LEASE_SECONDS / 4
        if buffer:
            yield bytes(buffer)

    def _merge(self) -> None:
        value = self.claimed.value
        bucket, key, multipart_id = self.uploads.bucket, value.key, value.multipart_id or ""
        try:
            parts = self.transfers.parts(bucket, key, multipart_id)
            self.transfers.complete(bucket, key, multipart_id, parts)
        except ObjectNotFoundError:
            pass  # It was completed before this instance took over; the object says whether.
        try:
            job = self.uploads.submit(key, value.bytes_done, began=value.created_at)
        except ProblemError as error:
            raise Permanent(error.code, error.detail, error.remedy) from error
        self._set(state=ImportState.DONE, job_id=job.job_id, lease_until=0.0)

    def _parts_so_far(self) -> list[UploadedPart]:
        """Return the whole parts that S3 has in a row; the last one of a file may be short."""
        value = self.claimed.value
        if value.multipart_id is None or value.validator is None:
            return []
        try:
            found = self.transfers.parts(self.uploads.bucket, value.key, value.multipart_id)
        except ObjectNotFoundError:
            return []
        kept: list[UploadedPart] = []
        for part in found:
            if part.number != len(kept) + 1 or part.size_bytes != value.part_size:
                break
            kept.append(part)
        return kept

    def _set(self, **fields: Any) -> None:
        lease = {"lease_until": self.clock.now() + LEASE_SECONDS}
        after = replace(self.claimed.value, **{**lease, **fields})
        self.claimed = self.imports.save(self.claimed, after)

    def _target(self, content_type: str) -> NewObject:
        value = self.claimed.value
        return NewObject(
            bucket=self.uploads.bucket,
            key=value.key,
            size_bytes=0,
            content_type=content_type,
            metadata=value.metadata,
        )


def _total(parts: list[UploadedPart]) -> int:
    return sum(part.size_bytes for part in parts)


def _too_large(limit: int) -> Permanent:
    return Permanent(
        "upload.too_large",
        f"The file has more than {limit} bytes.",
        "Compress the recording, or cut it into parts.",
    )
