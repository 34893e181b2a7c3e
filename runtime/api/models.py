"""Bodies of answers that several routes share, as the OpenAPI document describes them."""

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from runtime.core.jobs import State

Item = TypeVar("Item")

OptionValue = str | int | float | bool | list[str] | None
"""A value of `options`; GET /v1/options says which."""


class RequestBody(BaseModel):
    """The body of a request; a field that it does not have is refused."""

    model_config = ConfigDict(extra="forbid")


class Page(BaseModel, Generic[Item]):
    """A page of a listing; `next_cursor` null means that there are no more."""

    items: list[Item]
    next_cursor: str | None = None


class StageModel(BaseModel):
    """A stage of the job's current attempt."""

    name: str
    state: str = Field(description="pending, running, done or skipped")
    progress: float | None = None
    seconds: float | None = None


class ErrorModel(BaseModel):
    """Why a job failed: a stable code, what happened, what to do."""

    code: str
    message: str
    remedy: str


class WarningModel(BaseModel):
    """Something that a reader of the results should know."""

    code: str
    message: str


class JobLinks(BaseModel):
    """Paths of what belongs to a job."""

    self: str
    results: str
    events: str


class JobModel(BaseModel):
    """A job. Times are seconds since the epoch; `progress` runs from 0 to 1."""

    job_id: str
    name: str = Field(description="The file name")
    title: str | None
    owner: str | None
    state: State
    stage: str | None
    progress: float | None
    stages: list[StageModel]
    waiting_for: str | None
    not_before: float | None
    created_at: float
    started_at: float | None = Field(
        description="When a worker first had it, since a person last asked to run it"
    )
    updated_at: float
    finished_at: float | None
    duration_seconds: float | None = Field(description="Of the recording")
    speakers: int | None
    language: str | None
    size_bytes: int
    thumbnail: bool
    error: ErrorModel | None
    warnings: list[WarningModel]
    options: dict[str, Any]
    attempt: int
    on_hold: bool = Field(description="Under a legal hold: it can be neither erased nor replaced")
    revision: int
    links: JobLinks
