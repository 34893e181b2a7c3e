"""Imports: the service fetches a recording from a URL."""

from dataclasses import replace
from pathlib import PurePosixPath
from typing import Annotated
from urllib.parse import unquote, urlsplit

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from runtime.api.access import Parts, Reader, Writer
from runtime.api.identity import Caller
from runtime.api.imports.records import Claimed, Import, ImportLostError, ImportState
from runtime.api.models import ErrorModel, OptionValue, Page, RequestBody
from runtime.api.outbound.transport import MAX_URL_CHARACTERS, check_url
from runtime.api.problems import ProblemError, conflict, not_found
from runtime.api.routing import IdempotentRoute
from runtime.api.services import Services
from runtime.api.upload_options import upload_metadata
from runtime.api.uploads import safe_name

router = APIRouter(prefix="/v1/imports", tags=["imports"], route_class=IdempotentRoute)

DEFAULT_NAME = "recording"


class NewImport(RequestBody):
    """The https:// URL of a recording on a public host; `options` as in GET /v1/options."""

    url: str = Field(min_length=1, max_length=MAX_URL_CHARACTERS)
    name: str | None = Field(default=None, min_length=1, max_length=1000)
    options: dict[str, OptionValue] = Field(default_factory=dict, max_length=50)


class ImportModel(BaseModel):
    """An import; once it is done, `job_id` is the job that goes on."""

    import_id: str
    name: str
    state: ImportState
    bytes: int
    total_bytes: int | None
    job_id: str | None
    error: ErrorModel | None
    created_at: float
    updated_at: float


@router.post("", status_code=202)
def begin(services: Parts, caller: Writer, new: NewImport) -> ImportModel:
    """Have a recording fetched and processed."""
    if services.import_workers is None:
        raise ProblemError(
            501,
            "imports.unavailable",
            "This deployment fetches nothing.",
            "Upload the file; see `features` of GET /.",
        )
    check_url(new.url)
    path = PurePosixPath(unquote(urlsplit(new.url).path))
    made = services.imports.add(
        caller.owner,
        url=new.url,
        name=safe_name(new.name or path.name or DEFAULT_NAME),
        metadata=upload_metadata(new.options, owner=caller.owner),
    )
    services.import_workers.wake()
    return _model(made)


@router.get("")
def list_imports(
    services: Parts, caller: Reader, limit: Annotated[int, Query(ge=1, le=100)] = 50
) -> Page[ImportModel]:
    """Return the caller's imports of the last week, the newest first."""
    return Page(
        items=[_model(each) for each in services.imports.of_owner(caller.owner, limit=limit)]
    )


@router.get("/{import_id}")
def read(services: Parts, caller: Reader, import_id: str) -> ImportModel:
    """Return one import."""
    return _model(_own(services, caller, import_id).value)


@router.delete("/{import_id}", status_code=204, response_class=Response)
def cancel(services: Parts, caller: Writer, import_id: str) -> None:
    """Cancel an import that has not ended."""
    for _ in range(5):
        found = _own(services, caller, import_id)
        if found.value.state is ImportState.CANCELLED:
            return
        if found.value.ended:
            raise conflict(f"The import is {found.value.state}.", "There is nothing to cancel.")
        try:
            services.imports.save(found, replace(found.value, state=ImportState.CANCELLED))
        except ImportLostError:
            continue
        return
    raise conflict("The import keeps changing.", "Try again.")


def _own(services: Services, caller: Caller, import_id: str) -> Claimed:
    found = services.imports.find(caller.owner, import_id)
    if found is None:
        raise not_found("import")
    return found


def _model(each: Import) -> ImportModel:
    error = None
    if each.error_code is not None:
        error = ErrorModel(code=each.error_code, message=each.error or "", remedy=each.remedy or "")
    return ImportModel(
        import_id=each.import_id,
        name=PurePosixPath(each.key).name,
        state=each.state,
        bytes=each.bytes_done,
        total_bytes=each.total_bytes,
        job_id=each.job_id,
        error=error,
        created_at=each.created_at,
        updated_at=each.updated_at,
    )
