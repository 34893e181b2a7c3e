"""`jobs list | show | trace | watch | cancel | retry | reprocess`."""

import heapq
import re
from collections.abc import Callable
from itertools import islice
from typing import Annotated

import typer

from lifestream import job_actions
from lifestream.follow import JobStalledError, follow
from lifestream.job_actions import ActionResult, known
from lifestream.ports import Operations
from lifestream.session import JsonOption, on_environment
from lifestream.view.console import Screen
from lifestream.view.formatting import JOB_COLUMNS, job_fields, job_json, job_row
from lifestream.view.waterfall import COLUMNS, waterfall
from runtime.core.contract import is_upload
from runtime.core.errors import Permanent
from runtime.core.jobs import Job, State
from runtime.core.ports import ObjectNotFoundError
from runtime.core.spans import trace_id

JOB_ID = re.compile(r"[0-9a-f]{32}")

SILENCE_SECONDS = 900.0

app = typer.Typer(
    name="jobs", help="List, show, trace, watch, cancel, retry, reprocess, hold and delete jobs."
)
JobName = Annotated[str, typer.Argument(metavar="JOB", help="Its id, or the key of an upload.")]


def _positive(value: float) -> float:
    if not value > 0:
        raise typer.BadParameter(f"{value:g} is not more than 0")
    return value


@app.command("list")
@on_environment
def list_jobs(
    operations: Operations,
    screen: Screen,
    *,
    state: Annotated[
        list[State] | None, typer.Option(case_sensitive=False, help="Only jobs in these states.")
    ] = None,
    more_states: Annotated[
        # `--state RUNNING FAILED`: what follows the option's first value are arguments.
        list[State] | None, typer.Argument(case_sensitive=False, hidden=True)
    ] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="At most N jobs.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show the jobs that changed last."""
    chosen = [*(state or ()), *(more_states or ())]
    states = chosen or list(State)
    with screen.busy("Reading the jobs"):
        jobs = newest(operations, states, limit=limit)
    if as_json:
        screen.json([job_json(job) for job in jobs])
        return
    if not jobs:
        of = " in " + ", ".join(states) if chosen else ""
        screen.say(f"There are no jobs{of} in {operations.environment}.")
        return
    now = operations.clock.now()
    screen.table(JOB_COLUMNS, [job_row(job, now=now) for job in jobs])
    if len(jobs) == limit:
        screen.note(f"The {limit} that changed last; --limit shows more, --state fewer.")


@app.command()
@on_environment
def show(
    operations: Operations, screen: Screen, name: JobName, *, as_json: JsonOption = False
) -> None:
    """Show all that is known of one job."""
    job = known(operations, job_id_of(operations, name))
    if as_json:
        screen.json(job_json(job))
        return
    now = operations.clock.now()
    screen.fields(job_fields(job, now=now, log_group=operations.log_group))
    if next_step := _next_step(job, operations):
        screen.say()
        screen.say(next_step)


@app.command()
@on_environment
def trace(
    operations: Operations, screen: Screen, name: JobName, *, as_json: JsonOption = False
) -> int:
    """Show what was done for a job, and when."""
    job = known(operations, job_id_of(operations, name))
    segments = operations.traces.read(trace_id(job.job_id))
    if as_json:
        screen.json(segments)
        return 0
    if not segments:
        screen.say(f"Nothing is known of trace {trace_id(job.job_id)}.")
        screen.say("X-Ray keeps traces for 30 days; tracing may be off in this environment.")
        return 1
    screen.say(f"Trace {trace_id(job.job_id)}")
    screen.table(COLUMNS, waterfall(segments, now=operations.clock.now()))
    return 0


@app.command()
@on_environment
def watch(
    operations: Operations,
    screen: Screen,
    name: JobName,
    *,
    silence: Annotated[
        float,
        typer.Option(
            callback=_positive, metavar="SECONDS", help="Give up after this time without a change."
        ),
    ] = SILENCE_SECONDS,
) -> int:
    """Follow a job to its end; the exit status is 0 when it succeeded."""
    job_id = job_id_of(operations, name)
    if not is_upload(name):
        known(operations, job_id)
    updates = follow(
        lambda: operations.jobs.get(job_id),
        clock=operations.clock,
        silence_seconds=silence,
        poll_seconds=1.0,
    )
    try:
        job = screen.follow(updates)
    except JobStalledError as stalled:
        screen.say(f"Job {job_id} stalled: {stalled}.")
        screen.say(f"Look for the cause: {operations.command} doctor")
        return 1
    if job is None or job.state is not State.SUCCEEDED:
        if job is not None and job.failure is not None:
            screen.say(f"Job {job_id} failed: {job.failure.summary} [{job.failure.code}]")
            screen.say(f"What to do: {job.failure.resolution}")
        elif job is not None:
            screen.say(f"Job {job_id} ended as {job.state}.")
        return 1
    screen.say(f"Job {job_id} succeeded: {operations.command} jobs show {job_id}")
    return 0


def _acting(act: Callable[[Operations, str], ActionResult]) -> Callable[..., int]:
    @on_environment
    def command(operations: Operations, screen: Screen, name: JobName) -> int:
        return print_result(act(operations, job_id_of(operations, name)), screen)

    return command


for _action, _act, _help in (
    ("cancel", job_actions.cancel, "End a job that has not ended, and stop its task."),
    ("retry", job_actions.retry, "Run a failed or cancelled job again, as if new."),
):
    app.command(_action, help=_help)(_acting(_act))


@app.command()
@on_environment
def reprocess(
    operations: Operations,
    screen: Screen,
    name: JobName,
    *,
    from_scratch: Annotated[
        bool, typer.Option("--from-scratch", help="Remove its checkpoints instead of reusing them.")
    ] = False,
) -> int:
    """Process a succeeded job again, or an upload without a job.

    Old results stay until new ones are published.
    """
    job_id = job_id_of(operations, name)
    key = key_of(operations, name)
    if key is not None and operations.jobs.get(job_id) is None:
        return print_result(job_actions.announce_upload(operations, key), screen)
    return print_result(
        job_actions.reprocess(operations, job_id, from_scratch=from_scratch), screen
    )


def print_result(outcome: ActionResult, screen: Screen) -> int:
    """Print how a request ended and return the exit status."""
    screen.say(outcome.summary)
    if outcome.next:
        screen.say(outcome.next)
    return 0 if outcome.ok else 1


def newest(operations: Operations, states: list[State], *, limit: int) -> list[Job]:
    """Return up to `limit` jobs of these states, those that changed last first."""
    by_state = (
        islice(operations.jobs.in_state(state, newest_first=True), limit) for state in states
    )
    merged = heapq.merge(*by_state, key=lambda job: -job.updated_at)
    return list(islice(merged, limit))


def job_id_of(operations: Operations, given: str) -> str:
    """Return the id that a person means by an id or by the key of an upload.

    Raise `Permanent` when it is neither, or there is no such upload.
    """
    if JOB_ID.fullmatch(given):
        return given
    key = key_of(operations, given)
    if key is None:
        raise Permanent(
            "job.unreadable_name",
            f"{given!r} is neither a job's id (32 hexadecimal digits) nor the key of an upload.",
            f"Give either, such as uploads/talk.mp4. List the jobs: {operations.command} jobs list",
        )
    try:
        return operations.objects.head(operations.bucket, key).job_id
    except ObjectNotFoundError as error:
        raise Permanent(
            "upload.gone",
            f"There is no upload {key} in s3://{operations.bucket}.",
            "Check the key's spelling, or name the job by its id.",
        ) from error


def key_of(operations: Operations, given: str) -> str | None:
    """Return the key of an upload that a person gave as a key or an `s3://` address, or None."""
    key = given.removeprefix(f"s3://{operations.bucket}/")
    return key if is_upload(key) else None


def _next_step(job: Job, operations: Operations) -> str:
    if job.state in {State.FAILED, State.CANCELLED}:
        return f"Run it again: {operations.command} jobs retry {job.job_id}"
    if job.state is State.SUCCEEDED:
        return f"Process it again: {operations.command} jobs reprocess {job.job_id}"
    return f"Follow it: {operations.command} jobs watch {job.job_id}"
