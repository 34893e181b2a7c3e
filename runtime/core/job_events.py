"""What is announced when a job's state changes: one typed document for all receivers."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from runtime.core.jobs import Job, State

SOURCE = "lifestream"
DETAIL_TYPE = "Job State Changed"
SCHEMA_VERSION = "1"

CHANGED_MESSAGE_TYPE = "lifestream.job_changed"
"""`type` of a webhook queue's message `{"type", "event"}`: a job's state changed."""

DELIVERY_MESSAGE_TYPE = "lifestream.webhook_delivery"
"""`type` of a webhook queue's message: try a delivery; see `runtime.api.webhooks`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvent:
    """A change of state. `event_id` is the same for the same change, however often it is read."""

    event_id: str
    event_type: str
    owner: str | None
    detail: dict[str, Any]


def event_type_of(state: State) -> str:
    """Return the type by which webhooks choose, as in `job.succeeded`."""
    return f"job.{state.lower()}"


def job_event(before: Job | None, after: Job, *, environment: str) -> JobEvent | None:
    """Return the event of a changed record, or None when its state is what it was.

    A new attempt that is in the same state is a change. An erasure is not announced: what is
    announced is stored again, by receivers and for webhooks.
    """
    if after.erasing or (
        before is not None and (before.state, before.attempt) == (after.state, after.attempt)
    ):
        return None
    change = f"{after.job_id}/{after.attempt}/{after.state}/{after.updated_at!r}"
    failure = after.failure
    return JobEvent(
        event_id=hashlib.sha256(change.encode()).hexdigest()[:32],
        event_type=event_type_of(after.state),
        owner=after.submission.owner,
        detail={
            "schema_version": SCHEMA_VERSION,
            "environment": environment,
            "job_id": after.job_id,
            "state": str(after.state),
            "previous_state": None if before is None else str(before.state),
            "attempt": after.attempt,
            "name": PurePosixPath(after.source.key).name,
            "title": after.submission.title,
            "owner": after.submission.owner,
            "bucket": after.source.bucket,
            "key": after.source.key,
            "result_key": after.result_key,
            "error": None if failure is None else {"code": failure.code, "text": failure.summary},
            "at": datetime.fromtimestamp(after.updated_at, UTC).isoformat(timespec="milliseconds"),
        },
    )
