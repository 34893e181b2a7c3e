"""A job's trace in AWS X-Ray: its id, and the segment documents of its spans.

The trace's id is derived from the job's, so all attempts share one trace. Format:
https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from runtime.core.contract import SERVICE_NAME, Stage

Document = Mapping[str, Any]
"""A segment or subsegment as a JSON object."""

_UPLOAD_CLASSES = frozenset({"media", "options"})
"""Classes of codes that the upload causes: X-Ray's `error`. All others are its `fault`."""


class Part(StrEnum):
    """Spans of a job besides its stages, each by one component."""

    UPLOAD = "upload"
    RECEIVE = "api"
    """From the first request of an upload or import to its job, where the API received it."""

    DISPATCH = "dispatch"
    PROCESS = "process"
    REAP = "reap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Work done for a job from `began` to `ended` (seconds since the epoch; None: in progress).

    The parent of a stage is its attempt's PROCESS span, that of any other part the UPLOAD span.
    `code` is the reason of a failure. `occasion` distinguishes repeated spans of one attempt.
    """

    job_id: str
    part: Part | Stage
    attempt: int
    began: float
    ended: float | None = None
    code: str | None = None
    occasion: str = ""
    notes: Mapping[str, str | int | bool] = field(default_factory=dict)


def trace_id(job_id: str) -> str:
    """Return the id of a job's trace: its 32 hex digits in X-Ray's format.

    The same digits are the trace's id in W3C's format.
    """
    return f"1-{job_id[:8]}-{job_id[8:]}"


def about(job_id: str) -> dict[str, str]:
    """Return the log fields that identify a job."""
    return {"job_id": job_id, "trace_id": trace_id(job_id)}


def document(span: Span, *, environment: str) -> dict[str, Any]:
    """Return a span's document; another one with the same identity replaces it.

    Parts are segments, named by their environment because the service map shows all environments
    together; stages are subsegments sent separately.
    """
    is_stage = isinstance(span.part, Stage)
    name = str(span.part) if is_stage else f"{SERVICE_NAME}-{environment}/{span.part}"
    notes = {"job_id": span.job_id, "environment": environment, "attempt": span.attempt}
    made: dict[str, Any] = {
        "name": name,
        "id": span_id(span),
        "trace_id": trace_id(span.job_id),
        "start_time": round(span.began, 3),
        "annotations": {**notes, **span.notes},
    }
    if is_stage:
        process = Span(job_id=span.job_id, part=Part.PROCESS, attempt=span.attempt, began=0.0)
        made |= {"type": "subsegment", "parent_id": span_id(process)}
    elif span.part is not Part.UPLOAD:
        upload = Span(job_id=span.job_id, part=Part.UPLOAD, attempt=span.attempt, began=0.0)
        made["parent_id"] = span_id(upload)
    if span.ended is None:
        made["in_progress"] = True
    else:
        # A clock may have been set back since the span began.
        made["end_time"] = round(max(span.began, span.ended), 3)
    return made if span.code is None else made | _failed(span, span.code, made["annotations"])


def span_id(span: Span) -> str:
    """Return the id of a span's document: 16 hex digits derived from its identity."""
    # All attempts share one upload span.
    attempt = 0 if span.part is Part.UPLOAD else span.attempt
    return _digits(f"{span.job_id}/{attempt}/{span.part}/{span.occasion}")


def _failed(span: Span, code: str, notes: Mapping[str, Any]) -> dict[str, Any]:
    flag = "error" if code.partition(".")[0] in _UPLOAD_CLASSES else "fault"
    # The code only: the summary may name a user's file, and is in the job's record.
    exceptions = [{"id": _digits(f"{span_id(span)}/{code}"), "type": code}]
    return {
        flag: True,
        "annotations": {**notes, "code": code},
        "cause": {"exceptions": exceptions},
    }


def _digits(identity: str) -> str:
    return hashlib.sha256(identity.encode()).hexdigest()[:16]
