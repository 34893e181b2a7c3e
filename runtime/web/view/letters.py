"""Dead letters as rows of the operator's table: one for each recording that a message is about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from runtime.core.safe_text import one_line
from runtime.web.view import words

KINDS = {
    "s3_event": "Upload",
    "confirmation": "Confirmed upload",
    "requeue": "Another run",
    "scan_result": "Malware scan",
    "s3_test": "Test by S3",
}
UNREADABLE = "Unreadable"
NOTHING_LEFT = "Nothing is left to do:"
ENDED = {
    "SUCCEEDED": f"{NOTHING_LEFT} the recording is ready.",
    "CANCELLED": f"{NOTHING_LEFT} the recording was cancelled.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterRow:
    """One recording of a message; `job_id` only where the recording has a page."""

    message_id: str
    kind: str
    sent_at: str
    sent: str
    receives: int
    name: str
    job_id: str
    owner: str
    reason: str
    code: str


def letter_rows(letters: Sequence[dict[str, Any]], now: float) -> list[LetterRow]:
    """Return the rows of the API's dead letters."""
    return [row for letter in letters for row in _rows(letter, now)]


def _rows(letter: dict[str, Any], now: float) -> Iterator[LetterRow]:
    for subject in letter["concerns"] or [None]:
        job = (subject or {}).get("job") or {}
        yield LetterRow(
            message_id=str(letter["message_id"]),
            kind=KINDS.get(str(letter["kind"]), UNREADABLE),
            sent_at=words.iso(letter["sent_at"]),
            sent=words.ago(letter["sent_at"], now),
            receives=int(letter["receives"]),
            name=_name(subject, job),
            job_id=str(job.get("job_id") or ""),
            owner=one_line(str(job.get("owner") or "")),
            reason=_reason(letter, subject, job),
            code=str((job.get("error") or {}).get("code") or ""),
        )


def _name(subject: dict[str, Any] | None, job: dict[str, Any]) -> str:
    if job:
        return words.name_of(job)
    return one_line(str(subject["about"])) if subject else ""


def _reason(letter: dict[str, Any], subject: dict[str, Any] | None, job: dict[str, Any]) -> str:
    """Return one sentence about why the message lies here, or what would become of it."""
    if letter["problem"]:
        return one_line(str(letter["problem"]))
    if subject is None:
        return f"{NOTHING_LEFT} it asks for nothing."
    if not job:
        started = subject["state"] != "gone"
        return "No job was started for it." if started else f"{NOTHING_LEFT} it is gone."
    if job["state"] == "FAILED":
        error = job.get("error") or {}
        return one_line(str(error.get("message") or "The reason is not known."))
    state = str(job["state"])
    return ENDED.get(state, f"Its job goes on ({words.STATES.get(state, state).lower()}).")
