"""The trace of a job as AWS X-Ray takes it: its id, and the documents of what was done for it.

The trace's id is the job's own, so that whoever knows the job knows its trace, and every attempt is
in the same one. Format: https://docs.aws.amazon.com/xray/latest/devguide/
xray-api-segmentdocuments.html
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from runtime.core.contract import SERVICE_NAME, Stage

Document = Mapping[str, Any]
"""A segment or subsegment, ready to be written as JSON."""

_OF_THE_UPLOAD = frozenset({"media", "options"})
"""Classes of codes that tell of the upload: X-Ray's `error`. Others are ours: its `fault`."""


class Part(StrEnum):
    """What is done for a job besides its stages, each by one component."""

    UPLOAD = "upload"
    DISPATCH = "dispatch"
    PROCESS = "process"
    REAP = "reap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Something done for a job, from `began` to `ended` (seconds since the epoch, None: not yet).

    A stage belongs to its attempt's processing, all else to the upload. `code` is why it did not
    end well. `occasion` tells apart what may happen more than once in an attempt.
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
    """Return the id of a job's trace: its 32 hex digits, divided as X-Ray does.

    The same digits are the trace's id in W3C's form, which has no time in it either.
    """
    return f"1-{job_id[:8]}-{job_id[8:]}"


def about(job_id: str) -> dict[str, str]:
    """Return the fields by which every log line about a job is found."""
    return {"job_id": job_id, "trace_id": trace_id(job_id)}


def document(span: Span, *, environment: str) -> dict[str, Any]:
    """Return a span's document; written again with the same identity, it replaces the one before.

    Parts are segments, named by their environment because a map of services shows those of all
    together; stages are subsegments, sent on their own.
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
        # A clock that was set back must not make a span end before it began.
        made["end_time"] = round(max(span.began, span.ended), 3)
    return made if span.code is None else made | _failed(span, span.code, made["annotations"])


def span_id(span: Span) -> str:
    """Return the id of a span's document: 16 hex digits, the same whoever asks."""
    # An upload is one for all attempts.
    attempt = 0 if span.part is Part.UPLOAD else span.attempt
    return _digits(f"{span.job_id}/{attempt}/{span.part}/{span.occasion}")


def _failed(span: Span, code: str, notes: Mapping[str, Any]) -> dict[str, Any]:
    blame = "error" if code.partition(".")[0] in _OF_THE_UPLOAD else "fault"
    # Only its code: what happened is in the job's record, and may name a user's file.
    exceptions = [{"id": _digits(f"{span_id(span)}/{code}"), "type": code}]
    return {
        blame: True,
        "annotations": {**notes, "code": code},
        "cause": {"exceptions": exceptions},
    }


def _digits(identity: str) -> str:
    return hashlib.sha256(identity.encode()).hexdigest()[:16]
