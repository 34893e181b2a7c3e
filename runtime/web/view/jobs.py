"""A job as a row of the list and as a page of its progress."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runtime.core.safe_text import one_line
from runtime.web.view import words

MEANINGFUL_PERCENT = 10
"""Below it, an estimate of the remaining time would jump."""

STAGE_WEIGHTS = {"transcribe": 12.0, "diarize": 6.0, "scenes": 5.0, "thumbnails": 2.0}
"""Usual shares of a job's time, for a bar where the API reports no progress."""

SORTED_ORDERS = frozenset({"name", "longest", "shortest"})
"""Orders of the list that the API does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One recording in the list."""

    job_id: str
    name: str
    state: str
    label: str
    tone: str
    detail: str
    facts: tuple[str, ...]
    created_at: str
    created: str
    percent: int | None
    thumbnail: bool
    ended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One stage of a job at work; `state` is pending, running, done or skipped."""

    name: str
    label: str
    state: str
    percent: int | None
    took: str


def row(job: dict[str, Any], now: float) -> Row:
    """Return a job's row."""
    state = str(job["state"])
    facts = [words.clock(job.get("duration_seconds"))]
    if job.get("speakers"):
        facts.append(words.count(int(job["speakers"]), "speaker"))
    facts.append(words.language(job.get("language")))
    if not job.get("duration_seconds"):
        facts.append(words.size(job.get("size_bytes")))
    return Row(
        job_id=str(job["job_id"]),
        name=words.name_of(job),
        state=state,
        label=words.STATES.get(state, state.title()),
        tone=tone(state),
        detail=detail(job),
        facts=tuple(fact for fact in facts if fact),
        created_at=words.iso(job.get("created_at")),
        created=words.ago(job.get("created_at"), now),
        percent=percent(job),
        thumbnail=bool(job.get("thumbnail")),
        ended=state in words.ENDED,
    )


def in_order(found: Sequence[dict[str, Any]], order: str) -> list[dict[str, Any]]:
    """Return jobs by name or length; numbers in names count as numbers, unknown lengths last."""
    if order == "name":
        return sorted(found, key=lambda job: _name_key(words.name_of(job)))
    sign = -1 if order == "longest" else 1

    def length(job: dict[str, Any]) -> tuple[bool, float]:
        seconds = job.get("duration_seconds")
        return seconds is None, sign * float(seconds or 0)

    return sorted(found, key=length)


def _name_key(name: str) -> list[str | int]:
    """Return text and numbers of a name in turn, the first is text."""
    parts = re.split(r"([0-9]{1,18})", name.casefold())
    return [int(part) if place % 2 else part for place, part in enumerate(parts)]


def tone(state: str) -> str:
    """Return how a state looks: waiting, working, ready, failed or quiet."""
    if state in ("RUNNING", "CLAIMED", "LAUNCHED"):
        return "working"
    return {"SUCCEEDED": "ready", "FAILED": "failed", "PENDING": "waiting"}.get(state, "quiet")


def detail(job: dict[str, Any]) -> str:
    """Return one sentence about where a job is, or why it failed."""
    state, error = job["state"], job.get("error")
    if state == "FAILED" and error:
        return one_line(str(error.get("message") or "The reason is not known."))
    if state == "RUNNING" and job.get("stage"):
        return words.STAGES.get(str(job["stage"]), one_line(str(job["stage"])))
    if state == "PENDING" and job.get("waiting_for"):
        return words.waits(job["waiting_for"])
    return ""


def percent(job: dict[str, Any]) -> int | None:
    """Return how much of a running job is done, in whole percent."""
    if job["state"] != "RUNNING":
        return None
    if job.get("progress"):
        return min(99, round(float(job["progress"]) * 100))
    done, total = 0.0, 0.0
    for stage in job.get("stages") or []:
        weight = STAGE_WEIGHTS.get(str(stage["name"]), 1.0)
        total += weight
        if stage["state"] in ("done", "skipped"):
            done += weight
        elif stage["state"] == "running":
            done += weight * float(stage.get("progress") or 0)
    return min(99, round(done / total * 100)) if total else 0


def steps(job: dict[str, Any]) -> tuple[Step, ...]:
    """Return the stages of a job."""
    return tuple(
        Step(
            name=str(stage["name"]),
            label=words.STAGES.get(str(stage["name"]), one_line(str(stage["name"]))),
            state=str(stage["state"]),
            percent=None if stage.get("progress") is None else round(stage["progress"] * 100),
            took=words.length(stage.get("seconds")) if stage["state"] == "done" else "",
        )
        for stage in job.get("stages") or []
    )


def time_left(job: dict[str, Any], now: float) -> str:
    """Return an estimate of the remaining time in words, or nothing while it is a guess.

    Waiting for a worker is not part of it, and neither are earlier runs of the same recording.
    """
    done = percent(job)
    begun = words.instant(job.get("started_at"))
    if done is None or begun is None or done < MEANINGFUL_PERCENT:
        return ""
    left = (now - begun) * (100 - done) / done
    return f"about {words.length(max(5.0, round(left / 5) * 5))} left"
