"""What the routes of corrections share: the revision a caller names, and refusals as problems."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Response
from pydantic import BaseModel

from runtime.api.access import Parts, Writer, own_job
from runtime.api.problems import ProblemError, conflict, invalid, not_found
from runtime.api.services import Services
from runtime.core.jobs import Job
from runtime.corrections.edits import EditRefusedError
from runtime.corrections.journal import Action, Journal, entry_json
from runtime.corrections.revisions import Corrected, RevisionChangedError, Revisions
from runtime.documents.files import render_documents

T = TypeVar("T")
STATES = {"edits.not_editable", "edits.not_ended"}
IfMatch = Annotated[str | None, Header(max_length=50)]


class EntryModel(BaseModel):
    """One edit of the journal; edits of one `group` are undone together.

    `dropped`: it did not fit the words that a later run found.
    """

    number: int
    author: str
    at: float
    undone: bool
    discarded: bool
    group: int | None
    dropped: bool
    edit: dict[str, Any]


class JournalModel(BaseModel):
    """The journal at a revision; 0 is what the machine found."""

    revision: int
    can_undo: bool
    can_redo: bool
    entries: list[EntryModel]


class EarlierRunModel(BaseModel):
    """Corrections of the run before, kept with the results that replaced its own.

    `carried`: they have been carried over. `edits` is how many were in force at its `revision`.
    """

    revision: int
    edits: int
    carried: bool


def earlier_run_model(found: Revisions, current: Corrected) -> EarlierRunModel | None:
    """Return what is kept of the run before."""
    earlier = found.earlier_run(current)
    if earlier is None:
        return None
    return EarlierRunModel(
        revision=earlier.journal.revision,
        edits=len(earlier.journal.active),
        carried=any(change.action is Action.CARRY for change in current.journal.history),
    )


def revisions(services: Services) -> Revisions:
    """Return the corrections of a process, rendered with the processor's code."""
    return Revisions(
        objects=services.objects,
        jobs=services.jobs,
        clock=services.clock,
        render=render_documents,
    )


def expected(if_match: str | None) -> int:
    """Return the revision of an `If-Match`; raise `ProblemError` 428 or 412."""
    if if_match is None:
        raise ProblemError(
            428,
            "edits.revision_required",
            "A correction names the revision that it corrects.",
            "Read the edits, and send their ETag as If-Match.",
        )
    text = if_match.strip().removeprefix("W/").strip('"')
    if not text.isascii() or not text.isdigit():
        raise _not_current(f"If-Match is {if_match!r:.60}, which is no revision")
    return int(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A change of a job's results that a caller asks for, of the revision in `If-Match`."""

    revisions: Revisions
    job: Job
    author: str
    if_match: str | None
    response: Response

    def make(self, change: Callable[..., Corrected], *arguments: Any) -> JournalModel:
        """Return the journal after a change of `revisions`, its revision as `ETag`."""
        current = answered(
            lambda: change(
                self.job, *arguments, author=self.author, expected=expected(self.if_match)
            )
        )
        self.response.headers["ETag"] = etag(current)
        return journal_model(current.journal)


def correction(
    services: Parts, caller: Writer, job_id: str, response: Response, if_match: IfMatch = None
) -> Correction:
    """Return the change of one of the caller's jobs."""
    return Correction(
        revisions=revisions(services),
        job=own_job(services, caller, job_id),
        author=caller.owner,
        if_match=if_match,
        response=response,
    )


Correcting = Annotated[Correction, Depends(correction)]


def answered(read: Callable[[], T]) -> T:
    """Return what `read` returns; raise `ProblemError` for what it refuses."""
    try:
        return read()
    except RevisionChangedError as error:
        raise _not_current(f"The current revision is {error.revision}") from error
    except EditRefusedError as error:
        if error.code in STATES:
            raise conflict(str(error), "Wait for its results.", code=error.code) from error
        remedy = "Read the edits again; nothing was changed."
        raise invalid(error.code, str(error), remedy) from error


def existing(read: Callable[[], T]) -> T:
    """Return what `read` returns; a revision that does not exist is 404."""
    try:
        return read()
    except EditRefusedError as error:
        if error.code != "edits.no_such_revision":
            raise
        raise not_found("revision") from error


def etag(current: Corrected) -> str:
    """Return the `ETag` of a revision."""
    return f'"{current.journal.revision}"'


def journal_model(journal: Journal) -> JournalModel:
    """Return a journal as JSON."""
    return JournalModel(
        revision=journal.revision,
        can_undo=bool(journal.active),
        can_redo=journal.can_redo,
        entries=[EntryModel(**entry_json(entry)) for entry in journal.entries],
    )


def _not_current(detail: str) -> ProblemError:
    return ProblemError(
        412, "edits.changed", f"{detail}.", "Read the edits again, and repeat yours if they fit."
    )
