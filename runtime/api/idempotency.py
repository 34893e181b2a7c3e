"""Idempotency keys: a POST that is repeated with its key is answered as the first time.

The answer is kept for a day. A key that came with another request is refused, and so is one whose
first request is still being worked on.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from runtime.api.problems import ProblemError, conflict, invalid
from runtime.core.clock import WallClock
from runtime.core.service_ports import Record, RecordConflictError, Records, by_owner

KEPT_SECONDS = 86_400.0
WORKING_SECONDS = 60.0
"""After this, a request that left no answer counts as lost with its process."""

MAX_KEY_CHARACTERS = 128
MAX_BODY_CHARACTERS = 300_000
"""The longest answer that is kept, below the 400 KB of a record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """An answer as it was sent."""

    status: int
    body: str
    media_type: str


class IdempotencyKeys:
    """Answers by owner and key."""

    def __init__(self, records: Records, *, clock: WallClock) -> None:
        self._records = records
        self._clock = clock

    def begin(self, owner: str, key: str, request: bytes) -> KeptAnswer | Record:
        """Return the kept answer of a key, or a record to pass to `finish` or `forget`.

        Raise `ProblemError` 409 or 422.
        """
        if not (key.isascii() and key.isprintable() and 0 < len(key) <= MAX_KEY_CHARACTERS):
            raise invalid(
                "idempotency.invalid",
                f"The idempotency key has not 1 to {MAX_KEY_CHARACTERS} printable characters.",
                "Use a random one, such as a UUID.",
            )
        fingerprint = hashlib.sha256(request).hexdigest()
        record = Record(
            pk=by_owner(owner),
            sk=f"idempotency#{key}",
            data={"request": fingerprint},
            expires_at=self._clock.now() + WORKING_SECONDS,
        )
        try:
            return self._records.create(record)
        except RecordConflictError:
            existing = self._records.get(record.pk, record.sk)
        if existing is None:
            raise _working()
        if existing.data["request"] != fingerprint:
            raise invalid(
                "idempotency.mismatch",
                "The idempotency key came with another request before.",
                "Use another key.",
            )
        return _kept(existing.data)

    def finish(self, record: Record, answer: KeptAnswer) -> None:
        """Keep the answer, unless it is too long to keep."""
        if len(answer.body) > MAX_BODY_CHARACTERS:
            self.forget(record)
            return
        data = {
            **record.data,
            "status": answer.status,
            "body": answer.body,
            "media_type": answer.media_type,
        }
        self._records.replace(
            replace(record, data=data, expires_at=self._clock.now() + KEPT_SECONDS)
        )

    def forget(self, record: Record) -> None:
        """Let the key be used again, after a request that failed."""
        self._records.delete(record.pk, record.sk)


def _kept(data: Any) -> KeptAnswer:
    if "status" not in data:
        raise _working()
    return KeptAnswer(status=data["status"], body=data["body"], media_type=data["media_type"])


def _working() -> ProblemError:
    return conflict(
        "The request with this idempotency key is being worked on.",
        "Repeat it in a few seconds.",
        code="idempotency.working",
    )
