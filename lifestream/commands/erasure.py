"""`jobs delete | erasure | hold | release`, and `erase --owner`."""

import getpass
from collections.abc import Callable, Iterator
from typing import Annotated

import typer

from lifestream.commands.jobs import JobName, job_id_of
from lifestream.job_actions import change, known
from lifestream.ports import Operations
from lifestream.session import JsonOption, on_environment
from lifestream.view.console import Screen
from runtime.core.contract import ERASE_EVENT, UPLOADS_PREFIX, is_folder_marker
from runtime.core.erasure import certificate_document, certificate_text
from runtime.core.errors import Permanent
from runtime.core.jobs import (
    IllegalTransitionError,
    Job,
    Source,
    State,
    erase,
    hold,
    release,
    submitted,
)
from runtime.core.options import DEFAULT_OPTIONS
from runtime.core.ports import ObjectNotFoundError
from runtime.core.submission import parse_submission

POLL_SECONDS = 5.0
MAX_WAIT_SECONDS = 1800.0
"""Longer than a sweep's interval and the time in which a process that is cut off stops."""

YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
WaitOption = Annotated[bool, typer.Option("--wait", help="Wait for the certificate.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands on one job to those of `jobs`."""
    for name, command in (
        ("delete", delete),
        ("erasure", certificate),
        ("hold", hold_job),
        ("release", release_job),
    ):
        app.command(name)(command)


@on_environment
def delete(
    operations: Operations,
    screen: Screen,
    name: JobName,
    *,
    yes: YesOption = False,
    wait: WaitOption = False,
    as_json: JsonOption = False,
) -> int:
    """Erase a job in any state: upload, checkpoints, results, records, in every version."""
    job_id = job_id_of(operations, name)
    if not yes:
        typer.confirm(f"Erase job {job_id} for good?", abort=True)
    begin(operations, job_id)
    operations.reaper.invoke(ERASE_EVENT)
    screen.note(f"Job {job_id} is being erased.")
    if not wait:
        screen.say(f"Its certificate: {operations.command} jobs erasure {job_id}")
        return 0
    return _wait(operations, screen, job_id, as_json=as_json)


@on_environment
def certificate(
    operations: Operations,
    screen: Screen,
    job: Annotated[str, typer.Argument(metavar="JOB", help="Its id.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Show what was erased of a job, and what remains until when."""
    _show(operations, screen, job, as_json=as_json)


@on_environment
def hold_job(
    operations: Operations,
    screen: Screen,
    name: JobName,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why it must not be erased.")],
) -> int:
    """Put a job that has ended under a legal hold: nothing of it is erased or replaced."""
    job_id, by = job_id_of(operations, name), getpass.getuser()
    if operations.object_days:
        raise Permanent(
            "hold.would_expire",
            f"S3 expires recordings of {operations.environment} after {operations.object_days} "
            "days, also those on hold.",
            "Remove storage.upload_days and storage.result_days from the environment and deploy.",
        )

    def held(job: Job, now: float) -> Job:
        return hold(job, reason=reason, by=by, now=now)

    _change_ended(operations, job_id, held)
    screen.say(f"Job {job_id} is on hold. To lift it: {operations.command} jobs release {job_id}")
    return 0


@on_environment
def release_job(operations: Operations, screen: Screen, name: JobName) -> None:
    """Lift a job's legal hold."""
    job_id = job_id_of(operations, name)
    _change_ended(operations, job_id, lambda job, _now: release(job))
    screen.say(f"Job {job_id} is not on hold.")


@on_environment
def erase_owner(
    operations: Operations,
    screen: Screen,
    *,
    owner: Annotated[str, typer.Option("--owner", help="The subject of their sign-in.")],
    yes: YesOption = False,
) -> int:
    """Find and erase all jobs and uploads of an owner; those under a legal hold stay."""
    with screen.busy("Looking for what they own"):
        found = sorted({*jobs_of(operations, owner), *uploads_of(operations, owner)})
    if not found:
        screen.say(f"Nothing in {operations.environment} belongs to {owner!r}.")
        return 0
    if not yes:
        typer.confirm(f"Erase {len(found)} job(s) for good?", abort=True)
    held = []
    for job_id in found:
        try:
            begin(operations, job_id)
        except Permanent as error:
            if error.code != "job.on_hold":
                raise
            held.append(job_id)
    operations.reaper.invoke(ERASE_EVENT)
    for job_id in found:
        screen.say(f"{job_id}  {'on hold' if job_id in held else 'being erased'}")
    return 1 if held else 0


def begin(operations: Operations, job_id: str) -> Job:
    """Have a job erased, whatever its state; raise `Permanent` under a legal hold. Idempotent."""
    return change(operations, job_id, lambda job, now: job if job.erasing else erase(job, now=now))


def jobs_of(operations: Operations, owner: str) -> Iterator[str]:
    """Yield the ids of an owner's jobs, by their records."""
    for state in State:
        for job in operations.jobs.in_state(state):
            if job.submission.owner == owner:
                yield job.job_id


def uploads_of(operations: Operations, owner: str) -> Iterator[str]:
    """Yield the ids of an owner's uploads whose records have expired, or never were.

    Each gets a record, by which it is erased.
    """
    for listed in operations.objects.list_objects(operations.bucket, UPLOADS_PREFIX):
        source = listed.source
        if is_folder_marker(source.key, source.size_bytes):
            continue
        if operations.jobs.get(source.job_id) is None and _is_of(operations, source, owner):
            yield source.job_id


def _is_of(operations: Operations, source: Source, owner: str) -> bool:
    try:
        facts = operations.objects.look(source.bucket, source.key)
    except ObjectNotFoundError:
        return False
    submission = parse_submission(facts.metadata)
    if submission.owner != owner or facts.source.job_id != source.job_id:
        return False
    operations.jobs.create(
        submitted(
            facts.source,
            now=operations.clock.now(),
            options=DEFAULT_OPTIONS,
            submission=submission,
        )
    )
    return True


def _change_ended(operations: Operations, job_id: str, to: Callable[[Job, float], Job]) -> None:
    try:
        change(operations, job_id, to)
    except IllegalTransitionError as error:
        raise Permanent(
            "job.not_ended",
            f"Job {job_id} is {known(operations, job_id).state}: only an ended job can be held.",
            f"Wait for its end, or end it: {operations.command} jobs cancel {job_id}",
        ) from error


def _wait(operations: Operations, screen: Screen, job_id: str, *, as_json: bool) -> int:
    began = operations.clock.now()
    while operations.clock.now() - began < MAX_WAIT_SECONDS:
        found = operations.erasures.find(job_id)
        if found is not None and found.erased_at is not None:
            _show(operations, screen, job_id, as_json=as_json)
            return 0
        operations.clock.sleep(POLL_SECONDS)
    screen.say(f"Job {job_id} is not erased yet; look for the cause: {operations.command} doctor")
    return 1


def _show(operations: Operations, screen: Screen, job_id: str, *, as_json: bool) -> None:
    found = operations.erasures.find(job_id)
    if found is None:
        raise Permanent(
            "erasure.not_found",
            f"There is no certificate of an erasure of job {job_id}.",
            f"Erase it: {operations.command} jobs delete {job_id}",
        )
    if as_json:
        screen.json(certificate_document(found))
    else:
        screen.say(certificate_text(found))
