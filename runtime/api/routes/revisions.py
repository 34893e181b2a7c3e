"""Revisions of a job's results: their list, journal, files and differences; restoring one."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from runtime.api.access import Parts, Reader, own_job
from runtime.api.correcting import (
    Correcting,
    EarlierRunModel,
    JournalModel,
    answered,
    earlier_run_model,
    existing,
    journal_model,
    revisions,
)
from runtime.api.problems import not_found
from runtime.api.routes.results import REDIRECTS, URL_SECONDS, type_of
from runtime.api.routing import IdempotentRoute
from runtime.corrections.comparison import compare
from runtime.corrections.journal import Action

router = APIRouter(
    prefix="/v1/jobs/{job_id}/revisions", tags=["corrections"], route_class=IdempotentRoute
)

MAX_REVISION = 1 << 31
Revision = Annotated[int, Path(ge=0, le=MAX_REVISION)]


class RevisionModel(BaseModel):
    """What made a revision; `edits` is the number of edits in force."""

    revision: int
    action: Action
    author: str
    at: float
    edits: int


class RevisionsModel(BaseModel):
    """The revisions, the newest last; `current` is the one that readers see."""

    current: int
    earlier_run: EarlierRunModel | None
    revisions: list[RevisionModel]


class TextDifferenceModel(BaseModel):
    """A text that differs; `place` is a label, an index, or an item's two indexes."""

    place: str
    before: str | None
    after: str | None


class WordDifferenceModel(BaseModel):
    """A word that was added, removed or changed, or given to another speaker."""

    kind: str
    word: str
    start_seconds: float
    before: str | None
    after: str | None
    speaker_before: str | None
    speaker_after: str | None


class ComparisonModel(BaseModel):
    """What differs between two revisions; `sentences` are words that begin one in one of both."""

    before: int
    after: int
    title: TextDifferenceModel | None
    names: list[TextDifferenceModel]
    chapters: list[TextDifferenceModel]
    summary: list[TextDifferenceModel]
    words: list[WordDifferenceModel]
    sentences: list[str]


@router.get("")
def list_revisions(services: Parts, caller: Reader, job_id: str) -> RevisionsModel:
    """Return who made which revision, and when."""
    job = own_job(services, caller, job_id)
    found = revisions(services)
    current = answered(lambda: found.read(job))
    return RevisionsModel(
        current=current.journal.revision,
        earlier_run=earlier_run_model(found, current),
        revisions=[RevisionModel(**asdict(change)) for change in current.journal.history],
    )


@router.get("/{revision}")
def read_revision(services: Parts, caller: Reader, job_id: str, revision: Revision) -> JournalModel:
    """Return the journal of an earlier revision."""
    job = own_job(services, caller, job_id)
    found = revisions(services)
    return journal_model(answered(lambda: found.earlier(found.read(job), revision)))


@router.get("/{revision}/compare")
def compare_revisions(
    services: Parts,
    caller: Reader,
    job_id: str,
    revision: Revision,
    to: Annotated[int | None, Query(alias="with", ge=0, le=MAX_REVISION)] = None,
) -> ComparisonModel:
    """Return what differs between this revision and another, by default the current one."""
    job = own_job(services, caller, job_id)
    found = revisions(services)

    def compared() -> ComparisonModel:
        current = found.read(job)
        other = current.journal.revision if to is None else to
        difference = compare(
            found.document_of(current, revision),
            found.document_of(current, other),
            current.found.summary,
        )
        return ComparisonModel.model_validate(
            {"before": revision, "after": other, **asdict(difference)}
        )

    return answered(compared)


@router.get(
    "/{revision}/results/{path:path}",
    responses=REDIRECTS,
    status_code=307,
    response_class=Response,
)
def revision_file(
    services: Parts, caller: Reader, job_id: str, revision: Revision, path: str
) -> Response:
    """Redirect to a file as an earlier revision published it."""
    job = own_job(services, caller, job_id)
    found = revisions(services)
    results = answered(lambda: existing(lambda: found.results_of(found.read(job), revision)))
    if path not in results.keys:
        raise not_found("result")
    url = services.transfers.get(
        results.bucket,
        results.keys[path],
        expires_seconds=URL_SECONDS,
        content_type=type_of(path),
    )
    return RedirectResponse(url, 307)


@router.post("/{revision}/restore")
def restore_revision(given: Correcting, revision: Revision) -> JournalModel:
    """Return to the edits of an earlier revision, in a new one."""
    return given.make(given.revisions.restore, revision)
