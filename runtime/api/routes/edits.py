"""Corrections of a job's results: what can be edited, edits, undo and redo."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from runtime.api.access import Parts, Reader, own_job
from runtime.api.correcting import (
    Correcting,
    JournalModel,
    answered,
    etag,
    expected,
    journal_model,
    revisions,
)
from runtime.api.models import RequestBody
from runtime.api.problems import not_found
from runtime.api.routing import IdempotentRoute
from runtime.corrections.captions import Format
from runtime.corrections.document import Document
from runtime.corrections.edits import Edit, edit_of, json_of
from runtime.corrections.journal import Action
from runtime.corrections.revisions import Corrected, RevisionChangedError
from runtime.results.job_result import JobResult

router = APIRouter(prefix="/v1/jobs/{job_id}", tags=["corrections"], route_class=IdempotentRoute)

MAX_EDITS = 200
MAX_REVISION = 1 << 31
EDITED_FILE = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-subrip": {"schema": {"type": "string"}},
            "text/vtt": {"schema": {"type": "string"}},
            "application/json": {"schema": {"type": "object"}},
        },
    }
}


class Edits(RequestBody):
    """Edits in their order: all are made, or none. docs/corrections.md lists the kinds."""

    edits: list[dict[str, Any]] = Field(min_length=1, max_length=MAX_EDITS)


class WordModel(BaseModel):
    """A word as it can be edited; `first`: a sentence begins with it.

    `author` is who wrote it and `speaker_author` who said whose it is, null for the machine.
    """

    id: str
    text: str
    start_seconds: float
    end_seconds: float
    speaker: str
    probability: float
    first: bool
    edited: bool
    author: str | None
    speaker_author: str | None


class SummaryItemModel(BaseModel):
    """A sentence of the summary, by the indexes that stay; `text` is null for a removed one."""

    section: int
    item: int
    name: str
    found: str
    text: str | None


class EditableModel(JournalModel):
    """Everything that can be edited, with the corrections in force."""

    title: str | None
    names: dict[str, str]
    speakers: list[str]
    chapters: list[str]
    summary: list[SummaryItemModel]
    words: list[WordModel]


class ImportQuery(BaseModel):
    """How a file is imported.

    `base` is the revision that it was exported from, by default the one in `If-Match`. `dry_run`
    returns the edits and makes none.
    """

    format: Format
    base: int | None = Field(default=None, ge=0, le=MAX_REVISION)
    dry_run: bool = False


class ImportModel(JournalModel):
    """The journal after an import, and the edits that it made."""

    imported: list[dict[str, Any]]


@router.get("/edits")
def read_edits(services: Parts, caller: Reader, job_id: str, response: Response) -> EditableModel:
    """Return the transcript word by word, to be edited; its `ETag` is the revision."""
    job = own_job(services, caller, job_id)
    current = answered(lambda: revisions(services).read(job))
    document = current.document
    response.headers["ETag"] = etag(current)
    return EditableModel(
        **journal_model(current.journal).model_dump(),
        title=document.title,
        names=dict(document.names),
        speakers=list(document.speakers),
        chapters=list(document.chapter_titles),
        summary=_summary(current.found, document),
        words=[WordModel.model_validate(word, from_attributes=True) for word in document.words],
    )


@router.post("/edits")
def make_edits(given: Correcting, body: Edits) -> JournalModel:
    """Make edits of the revision in `If-Match`, and publish the next one with all files."""
    edits = answered(lambda: [edit_of(each) for each in body.edits])
    return given.make(given.revisions.edit, edits)


async def whole_body(request: Request) -> bytes:
    """Return the body; a dependency after the caller's, so only a permitted one's is read."""
    return await request.body()


@router.post("/edits/import", openapi_extra=EDITED_FILE)
def import_file(
    given: Correcting,
    content: Annotated[bytes, Depends(whole_body)],
    how: Annotated[ImportQuery, Query()],
) -> ImportModel:
    """Make the edits that a transcript was given elsewhere: one change, undone as one."""
    number, found = expected(given.if_match), given.revisions

    def imported() -> tuple[list[Edit], Corrected]:
        current = found.read(given.job)
        if current.journal.revision != number:
            raise RevisionChangedError(current.journal.revision)
        base = number if how.base is None else how.base
        edits = found.import_edits(current, content, how.format, base=base)
        if how.dry_run or not edits:
            return edits, current
        return edits, found.edit(
            given.job, edits, author=given.author, expected=number, action=Action.IMPORT
        )

    edits, current = answered(imported)
    given.response.headers["ETag"] = etag(current)
    return ImportModel(
        **journal_model(current.journal).model_dump(), imported=[json_of(edit) for edit in edits]
    )


@router.get("/edits/earlier")
def read_earlier_edits(services: Parts, caller: Reader, job_id: str) -> JournalModel:
    """Return the corrections of the run before, which are kept when a job is run again."""
    job = own_job(services, caller, job_id)
    found = revisions(services)
    earlier = found.earlier_run(answered(lambda: found.read(job)))
    if earlier is None:
        raise not_found("earlier correction")
    return journal_model(earlier.journal)


@router.post("/edits/carry")
def carry_edits(given: Correcting) -> JournalModel:
    """Carry the corrections of the run before over, as one change; what does not fit is noted."""
    return given.make(given.revisions.carry)


@router.post("/edits/undo")
def undo_edit(given: Correcting) -> JournalModel:
    """Take the last edit back, or the last import."""
    return given.make(given.revisions.undo)


@router.post("/edits/redo")
def redo_edit(given: Correcting) -> JournalModel:
    """Make the edit again that was taken back last."""
    return given.make(given.revisions.redo)


def _summary(found: JobResult, document: Document) -> list[SummaryItemModel]:
    return [
        SummaryItemModel(
            section=s,
            item=i,
            name=section.name,
            found=item.text,
            text=document.summary.get((s, i), item.text),
        )
        for s, section in enumerate(found.summary.sections)
        for i, item in enumerate(section.items)
    ]
