"""Corrections of a job's results: edits, undo and redo, numbered revisions."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel, ConfigDict, Field

from runtime.api.access import Parts, Reader, Writer, own_job
from runtime.api.problems import ProblemError, conflict, invalid
from runtime.api.routing import IdempotentRoute
from runtime.api.services import Services
from runtime.corrections.edits import EditRefusedError, edit_of
from runtime.corrections.journal import Journal, entry_json
from runtime.corrections.revisions import Corrected, RevisionChangedError, Revisions

router = APIRouter(prefix="/v1/jobs/{job_id}", tags=["corrections"], route_class=IdempotentRoute)

T = TypeVar("T")
MAX_EDITS = 200
STATES = {"edits.not_editable", "edits.not_ended"}


class Edits(BaseModel):
    """Edits in their order: all are made, or none. docs/corrections.md lists the kinds."""

    model_config = ConfigDict(extra="forbid")

    edits: list[dict[str, Any]] = Field(min_length=1, max_length=MAX_EDITS)


class EntryModel(BaseModel):
    """One edit of the journal."""

    number: int
    author: str
    at: float
    undone: bool
    discarded: bool
    edit: dict[str, Any]


class JournalModel(BaseModel):
    """The journal at a revision; 0 is what the machine found."""

    revision: int
    can_undo: bool
    can_redo: bool
    entries: list[EntryModel]


class WordModel(BaseModel):
    """A word as it can be edited; `first`: a sentence begins with it."""

    id: str
    text: str
    start_seconds: float
    end_seconds: float
    speaker: str
    probability: float
    first: bool
    edited: bool


class EditableModel(JournalModel):
    """Everything that can be edited, with the corrections in force."""

    title: str | None
    names: dict[str, str]
    speakers: list[str]
    chapters: list[str]
    words: list[WordModel]


IfMatch = Annotated[str | None, Header(max_length=50)]


@router.get("/edits")
def read_edits(services: Parts, caller: Reader, job_id: str, response: Response) -> EditableModel:
    """Return the transcript word by word, to be edited; its `ETag` is the revision."""
    job = own_job(services, caller, job_id)
    current = _answered(lambda: _revisions(services).read(job))
    document = current.document
    response.headers["ETag"] = _etag(current)
    return EditableModel(
        **_journal(current.journal).model_dump(),
        title=document.title,
        names=dict(document.names),
        speakers=list(document.speakers),
        chapters=list(document.chapter_titles),
        words=[
            WordModel(
                id=word.id,
                text=word.text,
                start_seconds=word.start_seconds,
                end_seconds=word.end_seconds,
                speaker=word.speaker,
                probability=round(word.found.word.probability, 3),
                first=word.first,
                edited=word.edited,
            )
            for word in document.words
        ],
    )


@router.post("/edits")
def make_edits(
    services: Parts,
    caller: Writer,
    job_id: str,
    given: Edits,
    response: Response,
    if_match: IfMatch = None,
) -> JournalModel:
    """Make edits of the revision in `If-Match`, and publish the next one with all files."""
    job = own_job(services, caller, job_id)
    edits = _answered(lambda: [edit_of(each) for each in given.edits])
    return _changed(
        response,
        lambda: _revisions(services).edit(
            job, edits, author=caller.owner, expected=_expected(if_match)
        ),
    )


@router.post("/edits/undo")
def undo_edit(
    services: Parts, caller: Writer, job_id: str, response: Response, if_match: IfMatch = None
) -> JournalModel:
    """Take the last edit back."""
    job = own_job(services, caller, job_id)
    return _changed(response, lambda: _revisions(services).undo(job, expected=_expected(if_match)))


@router.post("/edits/redo")
def redo_edit(
    services: Parts, caller: Writer, job_id: str, response: Response, if_match: IfMatch = None
) -> JournalModel:
    """Make the edit again that was taken back last."""
    job = own_job(services, caller, job_id)
    return _changed(response, lambda: _revisions(services).redo(job, expected=_expected(if_match)))


@router.get("/revisions/{revision}")
def read_revision(services: Parts, caller: Reader, job_id: str, revision: int) -> JournalModel:
    """Return the journal of an earlier revision."""
    job = own_job(services, caller, job_id)
    return _journal(_answered(lambda: _revisions(services).earlier(job, revision)))


@router.post("/revisions/{revision}/restore")
def restore_revision(
    services: Parts,
    caller: Writer,
    job_id: str,
    revision: int,
    response: Response,
    if_match: IfMatch = None,
) -> JournalModel:
    """Return to the edits of an earlier revision, in a new one."""
    job = own_job(services, caller, job_id)
    return _changed(
        response,
        lambda: _revisions(services).restore(job, revision, expected=_expected(if_match)),
    )


def _revisions(services: Services) -> Revisions:
    return Revisions(objects=services.objects, jobs=services.jobs, clock=services.clock)


def _expected(if_match: str | None) -> int:
    text = (if_match or "").strip().removeprefix("W/").strip('"')
    if if_match is None:
        raise ProblemError(
            428,
            "edits.revision_required",
            "A correction names the revision that it corrects.",
            "Read the edits, and send their ETag as If-Match.",
        )
    if not text.isascii() or not text.isdigit():
        raise _not_current(f"If-Match is {if_match!r:.60}, which is no revision")
    return int(text)


def _not_current(detail: str) -> ProblemError:
    return ProblemError(
        412, "edits.changed", f"{detail}.", "Read the edits again, and repeat yours if they fit."
    )


def _changed(response: Response, change: Callable[[], Corrected]) -> JournalModel:
    current = _answered(change)
    response.headers["ETag"] = _etag(current)
    return _journal(current.journal)


def _answered(read: Callable[[], T]) -> T:
    try:
        return read()
    except RevisionChangedError as error:
        raise _not_current(f"The current revision is {error.revision}") from error
    except EditRefusedError as error:
        if error.code in STATES:
            raise conflict(str(error), "Wait for its results.", code=error.code) from error
        remedy = "Read the edits again; nothing was changed."
        raise invalid(error.code, str(error), remedy) from error


def _etag(current: Corrected) -> str:
    return f'"{current.journal.revision}"'


def _journal(journal: Journal) -> JournalModel:
    entries = [EntryModel(**entry_json(entry)) for entry in journal.entries]
    return JournalModel(
        revision=journal.revision,
        can_undo=bool(journal.active),
        can_redo=any(entry.undone and not entry.discarded for entry in journal.entries),
        entries=entries,
    )
