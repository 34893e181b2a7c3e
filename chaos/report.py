"""Checks what a run left behind, and reports which promises were kept."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from chaos.command import Report
from chaos.ledger import NO_JOB, Breach, Violation, broken_by_kind
from chaos.oracle.histories import Finding
from chaos.oracle.samples import inconsistent_files
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
        for finding in _judge(system, video, job, records):
            yield finding.about(video.number)
    for stranger in jobs.keys() - known:
        yield Violation(Breach.RULE, NO_JOB, f"job {stranger} exists for no upload")
    for queue in (Output.JOBS_QUEUE_URL, Output.JOBS_DLQ_URL):
        if count := system.messages(queue):
            yield Violation(Breach.STUCK, NO_JOB, f"{queue} still has {count} message(s)")
    for task in system.tasks():
        yield Violation(Breach.STUCK, NO_JOB, f"a task is left: {task.get('startedBy')}")


def _judge(
    system: System, video: Video, job: Job | None, records: Mapping[str, str]
) -> Iterator[Finding]:
    poison = video.scenario.poison is not None
    if job is None:
        yield Finding(Breach.LOST, "has no record, though it was uploaded")
    elif not job.ended:
        state = f"is {job.state} (attempt {job.attempt}, runs {job.runs}, misses {job.misses})"
        yield Finding(Breach.STUCK, state)
    elif not poison and job.state is not State.SUCCEEDED:
        code = job.failure.code if job.failure else "no reason"
        yield Finding(Breach.LOST, f"is {job.state} ({code}), but can be processed")
    elif poison and job.state is not State.FAILED:
        yield Finding(Breach.RULE, f"is poison, but {job.state}")
    elif poison and (job.failure is None or not job.failure.resolution):
        yield Finding(Breach.LOST, "failed without a reason")
    if job is not None and job.state is State.SUCCEEDED:
        yield from _results(system, job, speech=video.scenario.conditions.speech)
        if records.get(job.source.object_id) != job.result_key:
            yield Finding(Breach.LOST, "succeeded, but is not recorded as processed")


def _results(system: System, job: Job, *, speech: bool) -> Iterator[Finding]:
    objects, prefix = system.objects(), result_prefix(job.job_id)
    try:
        results = open_results(job, objects)
        for name in results.keys:
            if objects.read_bytes(system.bucket, prefix + name) != results.read(name):
                yield Finding(Breach.TWICE, f"the public copy of {name} is of other results")
        yield from inconsistent_files(results)
        if speech and not results.read(ResultFile.TRANSCRIPT_TEXT).strip():
            yield Finding(Breach.LOST, "succeeded without the words it has")
    except ObjectNotFoundError as error:
        yield Finding(Breach.LOST, f"succeeded, but {error}")


def _records(system: System) -> dict[str, str]:
    """Return the results of all processed uploads, by the identity of the upload."""
    scan = system.cloud.client("dynamodb").get_paginator("scan")
    pages = scan.paginate(TableName=system.outputs[Output.IDEMPOTENCY_TABLE])
    return {
        item[IdempotencyTable.PARTITION_KEY]["S"]: item["result_s3_key"]["S"]
        for page in pages
        for item in page["Items"]
        if item["status"]["S"] == IdempotencyTable.PROCESSED
    }
