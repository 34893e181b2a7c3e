"""Jobs and dead letters as a person or a script reads them: pure functions of values."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from lifestream.follow import describe_state
from runtime.core.contract import PROCESSOR_CONTAINER_NAME, result_prefix
from runtime.core.dead_letters import LetterContent
from runtime.core.jobs import Job, State
from runtime.core.options import JobOptions, json_of
from runtime.core.spans import trace_id

JOB_COLUMNS = ("job", "state", "doing", "changed", "upload")
LETTER_COLUMNS = ("message", "sent", "about", "job", "state", "why")

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_KILO = 1000


def timestamp(seconds: float | None) -> str | None:
    """Return seconds since the epoch as ISO 8601 in UTC."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def ago(seconds: float) -> str:
    """Return an age in the one unit that a person would use."""
    if seconds < _MINUTE:
        return f"{max(0, int(seconds))} s ago"
    if seconds < _HOUR:
        return f"{int(seconds // _MINUTE)} min ago"
    if seconds < 2 * _DAY:
        return f"{int(seconds // _HOUR)} h ago"
    return f"{int(seconds // _DAY)} days ago"


def size(size_bytes: int) -> str:
    """Return a size in the unit that a person would use, with decimal prefixes."""
    if size_bytes < _KILO:
        return f"{size_bytes} B"
    if size_bytes < _KILO**2:
        return f"{size_bytes / _KILO:.1f} kB"
    return f"{size_bytes / _KILO**2:.1f} MB"


def doing(job: Job) -> str:
    """Say in a few words what the job is at, or why it ended."""
    if job.state is State.RUNNING:
        return f"{job.stage or 'starting'} {job.progress:.0%}"
    if job.state is State.FAILED and job.failure is not None:
        return job.failure.code
    return describe_state(job)


def job_row(job: Job, *, now: float) -> tuple[str, ...]:
    """Return the cells under `JOB_COLUMNS`."""
    changed = ago(now - job.updated_at)
    return (job.job_id, str(job.state), doing(job), changed, job.source.key)


def job_fields(job: Job, *, now: float, log_group: str) -> list[tuple[str, str]]:
    """Return a job's fields as names and values; empty values are left out when shown."""
    bucket = job.source.bucket
    old = " (of an earlier run)" if job.state is not State.SUCCEEDED else ""
    return [
        ("job", job.job_id),
        ("state", str(job.state) if job.ended else f"{job.state}: {doing(job)}"),
        ("upload", f"s3://{bucket}/{job.source.key} ({size(job.source.size_bytes)})"),
        ("version", f"ETag {job.source.etag}"),
        ("asks for", asked_for(job.options)),
        ("attempt", str(job.attempt)),
        ("runs", f"{job.runs} of this budget" if job.runs else ""),
        ("not started", f"{job.misses} attempts in a row" if job.misses else ""),
        ("requeued", f"{job.reruns} x by a person" if job.reruns else ""),
        ("created", f"{timestamp(job.created_at)} ({ago(now - job.created_at)})"),
        ("changed", f"{timestamp(job.updated_at)} ({ago(now - job.updated_at)})"),
        ("claimed until", timestamp(job.lease_until) or ""),
        ("started", timestamp(job.started_at) or ""),
        ("task", job.task_arn or ""),
        ("trace", trace_id(job.job_id)),
        ("log", f"{log_group}, stream {log_stream(job.task_arn)}" if job.task_arn else ""),
        ("results", f"s3://{bucket}/{result_prefix(job.job_id)}{old}" if job.result_key else ""),
        ("failed", f"{job.failure.summary} [{job.failure.code}]" if job.failure else ""),
        ("what to do", job.failure.resolution if job.failure else ""),
    ]


def asked_for(options: JobOptions) -> str:
    """Return what the upload asked for that is not the usual, as `language en, max speakers 2`."""
    return ", ".join(
        f"{name.replace('_', ' ')} {' '.join(value) if isinstance(value, list) else value}"
        for name, value in json_of(options).items()
    )


def log_stream(task_arn: str) -> str:
    """Return the stream of a task's lines: the awslogs driver's prefix, container and task id."""
    container = PROCESSOR_CONTAINER_NAME
    return f"{container}/{container}/{task_arn.rpartition('/')[2]}"


def job_json(job: Job) -> dict[str, Any]:
    """Return a job for a script; times are ISO 8601 in UTC."""
    return {
        "job_id": job.job_id,
        "trace_id": trace_id(job.job_id),
        "state": str(job.state),
        "bucket": job.source.bucket,
        "key": job.source.key,
        "etag": job.source.etag,
        "size_bytes": job.source.size_bytes,
        "attempt": job.attempt,
        "runs": job.runs,
        "misses": job.misses,
        "reruns": job.reruns,
        "stage": job.stage,
        "progress": job.progress,
        "created_at": timestamp(job.created_at),
        "updated_at": timestamp(job.updated_at),
        "started_at": timestamp(job.started_at),
        "lease_until": timestamp(job.lease_until),
        "not_before": timestamp(job.not_before),
        "waiting_for": job.waiting_for,
        "waiting_since": timestamp(job.waiting_since),
        "waits": job.waits,
        "interruptions": job.interruptions,
        "first_started_at": timestamp(job.first_started_at),
        "suspected_at": timestamp(job.suspected_at),
        "task_arn": job.task_arn,
        "result_key": job.result_key,
        "published_by": job.published_by,
        "submission": asdict(job.submission),
        "options_requested": job.options_requested,
        "options": asdict(job.options),
        "failure": None if job.failure is None else asdict(job.failure),
        "hold": None if job.hold is None else asdict(job.hold),
    }


def letter_rows(content: LetterContent, *, now: float) -> list[tuple[str, ...]]:
    """Return the rows under `LETTER_COLUMNS`: one for each thing that the message is about."""
    first = (content.letter.message_id, ago(now - content.letter.sent_at))
    if not content.subjects:
        state = "unreadable" if content.problem else "no upload of Lifestream"
        return [(*first, "", "", state, "")]
    rows: list[tuple[str, ...]] = []
    for number, subject in enumerate(content.subjects):
        job = subject.job
        why = job.failure.code if job is not None and job.failure is not None else ""
        named = first if number == 0 else ("", "")
        rows.append((*named, subject.about, job.job_id if job else "", subject.state, why))
    return rows


def letter_json(content: LetterContent) -> dict[str, Any]:
    """Return a dead letter for a script."""
    return {
        "message_id": content.letter.message_id,
        "sent_at": timestamp(content.letter.sent_at),
        "problem": content.problem or None,
        "concerns": [
            {
                "about": subject.about,
                "state": subject.state,
                "job": None if subject.job is None else job_json(subject.job),
            }
            for subject in content.subjects
        ],
    }
