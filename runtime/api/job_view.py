"""A job's record as the API shows it."""

from pathlib import PurePosixPath

from runtime.api.job_facts import NO_FACTS, JobFacts
from runtime.api.models import ErrorModel, JobLinks, JobModel, StageModel, WarningModel
from runtime.core.contract import Stage
from runtime.core.jobs import Failure, Job, State
from runtime.core.options import json_of
from runtime.corrections.revisions import revision_of

STAGES = tuple(Stage)


def job_model(job: Job, facts: JobFacts = NO_FACTS) -> JobModel:
    """Return the job as answers and events carry it; `facts` are those of its results."""
    path = f"/v1/jobs/{job.job_id}"
    failure = job.failure
    return JobModel(
        job_id=job.job_id,
        name=PurePosixPath(job.source.key).name,
        title=job.submission.title,
        owner=job.submission.owner,
        state=job.state,
        stage=job.stage,
        progress=job.progress,
        stages=stages_of(job),
        waiting_for=job.waiting_for,
        not_before=job.not_before,
        created_at=job.created_at,
        started_at=job.first_started_at,
        updated_at=job.updated_at,
        finished_at=job.updated_at if job.ended else None,
        duration_seconds=facts.duration_seconds,
        speakers=facts.speakers,
        language=facts.language,
        size_bytes=job.source.size_bytes,
        thumbnail=facts.thumbnail,
        error=None if failure is None else _error(failure),
        warnings=[WarningModel(code=code, message=text) for code, text in facts.warnings],
        options=json_of(job.options),
        attempt=job.attempt,
        on_hold=job.hold is not None,
        revision=revision_of(job.result_key),
        links=JobLinks(self=path, results=f"{path}/results", events=f"{path}/events"),
    )


def _error(failure: Failure) -> ErrorModel:
    return ErrorModel(code=failure.code, message=failure.summary, remedy=failure.resolution)


def stages_of(job: Job) -> list[StageModel]:
    """Return every stage with its state, derived from the one that the job reports."""
    names = [str(stage) for stage in STAGES]
    if job.state is State.SUCCEEDED:
        return [StageModel(name=name, state="done", progress=1.0) for name in names]
    at = names.index(job.stage) if job.stage in names else -1
    running = job.state is State.RUNNING
    return [
        StageModel(name=name, state=_stage_state(index, at, running=running))
        for index, name in enumerate(names)
    ]


def _stage_state(index: int, at: int, *, running: bool) -> str:
    if index < at:
        return "done"
    return "running" if index == at and running else "pending"
