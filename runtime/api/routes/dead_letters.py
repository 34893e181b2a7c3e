"""What operators see of dead letters: the jobs that each concerns, and why they failed."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from runtime.api.access import Admin, Parts, is_visible
from runtime.api.job_view import job_model
from runtime.api.models import JobModel
from runtime.api.problems import not_found
from runtime.api.services import Services
from runtime.core.dead_letters import (
    DeadLetter,
    LetterContent,
    LetterSubject,
    list_command,
    list_letters,
    read_letter,
    redrive_command,
)
from runtime.core.errors import Permanent
from runtime.core.messages import MessageKind

router = APIRouter(prefix="/v1", tags=["orchestration"])

MAX_LETTERS = 100
THREADS = 8


class LetterSubjectModel(BaseModel):
    """One upload or requeued job of a message; `job` null: there is none, or none any more."""

    about: str = Field(description="The upload's key, or `job` and its id")
    job_id: str | None
    state: str = Field(description="The job's state, `no job yet`, or `gone`")
    job: JobModel | None


class DeadLetterModel(BaseModel):
    """A message that was received too often. `sent_at` is in seconds since the epoch."""

    message_id: str
    kind: MessageKind | None = Field(description="Null for a message that cannot be read")
    sent_at: float
    receives: int = Field(description="From the jobs queue, and by listings of dead letters")
    problem: str | None = Field(description="Why it cannot be read")
    concerns: list[LetterSubjectModel]


class DeadLettersModel(BaseModel):
    """Dead letters, the oldest first; `total` is about how many there are.

    `complete` is false where some are not listed: others read them, or SQS did not return them.
    """

    letters: list[DeadLetterModel]
    total: int
    complete: bool
    list_command: str = Field(description="Lists all of them, on an operator's machine")
    redrive_command: str = Field(description="Sends all of them again")


@router.get("/dead-letters")
def dead_letters(
    services: Parts,
    _caller: Admin,
    limit: Annotated[int, Query(ge=1, le=MAX_LETTERS)] = 50,
) -> DeadLettersModel:
    """Return dead letters with their reasons; all stay visible to those who send them again."""
    if services.dead_letters is None:
        raise not_found("dead-letter queue")
    listing = list_letters(services.dead_letters, limit=limit)
    return DeadLettersModel(
        letters=[_model(content) for content in _read(services, listing.letters)],
        total=listing.total,
        complete=listing.complete,
        list_command=list_command(services.environment),
        redrive_command=redrive_command(services.environment),
    )


def _read(services: Services, letters: Sequence[DeadLetter]) -> list[LetterContent]:
    def read(letter: DeadLetter) -> LetterContent:
        try:
            return read_letter(
                letter,
                bucket=services.uploads.bucket,
                jobs=services.jobs,
                objects=services.objects,
            )
        except Permanent as error:
            # A record that cannot be read may be what made this a dead letter.
            services.unreadable(error)
            return LetterContent(letter, problem=error.summary)

    with ThreadPoolExecutor(THREADS, thread_name_prefix="dead-letters") as pool:
        return list(pool.map(read, letters))


def _model(content: LetterContent) -> DeadLetterModel:
    letter = content.letter
    return DeadLetterModel(
        message_id=letter.message_id,
        kind=content.kind,
        sent_at=letter.sent_at,
        receives=letter.receives,
        problem=content.problem or None,
        concerns=[_subject_model(subject) for subject in content.subjects],
    )


def _subject_model(subject: LetterSubject) -> LetterSubjectModel:
    if subject.job is None or is_visible(subject.job):
        return LetterSubjectModel(
            about=subject.about,
            job_id=subject.job_id,
            state=subject.state,
            job=None if subject.job is None else job_model(subject.job),
        )
    return LetterSubjectModel(about=subject.about, job_id=None, state="gone", job=None)
