"""Checks what a run left behind, and reports which promises were kept."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from chaos.command import Report
from chaos.ledger import NO_JOB, Breach, Violation, broken_by_kind
from chaos.system import System
from chaos.traffic import Video
from runtime.core.contract import IdempotencyTable, Output, ResultFile, result_prefix
from runtime.core.jobs import Job, State
from runtime.core.ports import ObjectNotFoundError
from runtime.results.published import open_results


@dataclass(frozen=True, slots=True)
class RunReport(Report):
    """How a run ended."""

    jobs: int
    faults: int
    violations: tuple[Violation, ...]

    def __str__(self) -> str:
        """Return the closing line."""
        broken = broken_by_kind(self.violations)
        rules = f", rules broken {broken[Breach.RULE]}" if broken[Breach.RULE] else ""
        return (
            f"jobs {self.jobs}, faults {self.faults}, lost {broken[Breach.LOST]}, "
            f"published twice {broken[Breach.TWICE]}, stuck {broken[Breach.STUCK]}{rules}"
        )


def check_final_state(system: System, videos: Iterable[Video]) -> Iterator[Violation]:
    """Yield the promises that the final state breaks."""
    jobs = {job.job_id: job for state in State for job in system.jobs().in_state(state)}
    records = _records(system)
    known = set()
    for video in videos:
        known.add(video.source.job_id)
        job = jobs.get(video.source.job_id)
        if job is None:
            yield Violation(Breach.LOST, video.number, "has no record, though it was uploaded")
        else:
            yield from _end(video, job)
            if job.state is State.SUCCEEDED:
                yield from _results(system, video, job)
                if records.get(job.source.object_id) != job.result_key:
                    yield Violation(
                        Breach.LOST, video.number, "succeeded, but is not recorded as processed"
                    )
    for stranger in jobs.keys() - known:
        yield Violation(Breach.RULE, NO_JOB, f"job {stranger} exists for no upload")
    for queue in (Output.JOBS_QUEUE_URL, Output.JOBS_DLQ_URL):
        if count := system.messages(queue):
            yield Violation(Breach.STUCK, NO_JOB, f"{queue} still has {count} message(s)")
    for task in system.tasks():
        yield Violation(Breach.STUCK, NO_JOB, f"a task is left: {task.get('startedBy')}")


def _end(video: Video, job: Job) -> Iterator[Violation]:
    if not job.ended:
        state = f"is {job.state} (attempt {job.attempt}, runs {job.runs}, misses {job.misses})"
        yield Violation(Breach.STUCK, video.number, state)
    elif video.scenario.poison is None and job.state is not State.SUCCEEDED:
        code = job.failure.code if job.failure else "no reason"
        yield Violation(Breach.LOST, video.number, f"is {job.state} ({code}), but can be processed")
    elif video.scenario.poison is not None:
        if job.state is not State.FAILED:
            yield Violation(Breach.RULE, video.number, f"is poison, but {job.state}")
        elif job.failure is None or not job.failure.resolution:
            yield Violation(Breach.LOST, video.number, "failed without a reason")


def _results(system: System, video: Video, job: Job) -> Iterator[Violation]:
    objects, prefix = system.objects(), result_prefix(job.job_id)
    try:
        results = open_results(job, objects)
        for name in results.keys:
            if objects.read_bytes(system.bucket, prefix + name) != results.read(name):
                yield Violation(
                    Breach.TWICE, video.number, f"the public copy of {name} is of other results"
                )
        for file in json.loads(results.manifest)["files"]:
            content = results.read(file["name"])
            if hashlib.sha256(content).hexdigest() != file["sha256"]:
                yield Violation(
                    Breach.TWICE, video.number, f"{file['name']} is not what the manifest says"
                )
        if (
            video.scenario.conditions.speech
            and not results.read(ResultFile.TRANSCRIPT_TEXT).strip()
        ):
            yield Violation(Breach.LOST, video.number, "succeeded without the words it has")
    except ObjectNotFoundError as error:
        yield Violation(Breach.LOST, video.number, f"succeeded, but {error}")


def _records(system: System) -> dict[str, str]:
    """Return the results of all processed uploads, by the identity of the upload."""
    pages = (
        system.cloud.client("dynamodb")
        .get_paginator("scan")
        .paginate(TableName=system.outputs[Output.IDEMPOTENCY_TABLE])
    )
    return {
        item[IdempotencyTable.PARTITION_KEY]["S"]: item["result_s3_key"]["S"]
        for page in pages
        for item in page["Items"]
        if item["status"]["S"] == IdempotencyTable.PROCESSED
    }
