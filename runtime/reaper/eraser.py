"""Erases jobs: stops what works on them, removes every version and record, certifies it.

Each step can be repeated, so that a run which dies is continued by the next one. A job is fenced
before it comes here: its state refuses every write of an attempt, and every reader.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from runtime.core.clock import WallClock
from runtime.core.contract import result_prefix, work_prefix
from runtime.core.erasure import (
    WATCH_SECONDS,
    Certificate,
    ErasedStore,
    ErasureRecords,
    Inventory,
    JobNames,
    KeptCopy,
    ObjectVersion,
    UnfinishedUpload,
    VersionedObjects,
    Watched,
    finished,
)
from runtime.core.errors import LifestreamError
from runtime.core.jobs import Job, State
from runtime.core.ports import CountedQueue, JobStore, Tasks, WorkMessage, WorkQueue
from runtime.core.spans import about
from runtime.core.telemetry import Telemetry
from runtime.reaper.service_traces import ServiceTraces

RESERVE_SECONDS = 20.0
"""Time that must be left to go on with one more job."""

SETTLED_SECONDS = 5.0
"""Objects of an erased job that are younger may be those of the same upload, made again."""

MAX_LETTERS = 1000
"""The most dead letters that are looked at for one job."""

LETTERS_SECONDS = 900.0
"""How long an erasure waits for dead letters that another reader hides, by their counts."""

Named = TypeVar("Named", ObjectVersion, UnfinishedUpload)

STOP_REASON = "Its job is being erased"


class DeadLetterQueue(WorkQueue, CountedQueue, Protocol):
    """A queue of messages that failed too often."""


class ErasureFailedError(Exception):
    """Some jobs could not be erased; the next sweep goes on with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Eraser:
    """Goes on with erasures. Idempotent and safe to run in parallel."""

    jobs: JobStore
    objects: VersionedObjects
    erasures: ErasureRecords
    tasks: Tasks
    dead_letters: Sequence[DeadLetterQueue] = ()
    service: ServiceTraces | None = None
    kept: Sequence[KeptCopy] = ()
    clock: WallClock
    telemetry: Telemetry
    watch_seconds: float = WATCH_SECONDS

    def run(self, remaining_seconds: Callable[[], float]) -> None:
        """Go on with every job that is being erased, then look after those that were.

        A job that fails does not stop the others; raise `ErasureFailedError` at the end.
        """
        failed: list[str] = []
        steps: list[Callable[[], object]] = [
            *(partial(self.erase, job) for job in self.jobs.in_state(State.ERASING)),
            *(partial(self.watch, each) for each in self.erasures.watched()),
        ]
        for step in steps:
            if remaining_seconds() < RESERVE_SECONDS:
                self.telemetry.log.warning("erasure.out_of_time")
                break
            try:
                step()
            except LifestreamError as error:
                self.telemetry.log.error("erasure.failed", code=error.code, error=error.summary)
                failed.append(error.code)
        if failed:
            raise ErasureFailedError(f"{len(failed)} job(s): {', '.join(sorted(set(failed)))}")

    def erase(self, listed: Job) -> Certificate | None:
        """Erase all of a job; return its certificate, or None while a process may still write.

        The listing may lag: the record decides.
        """
        job = self.jobs.get(listed.job_id)
        if job is None or not job.erasing:
            return None
        names = JobNames(job)
        certificate = self.erasures.begin(job, lambda: self._inventory(names))
        self._stop_task(job)
        letters_seen = self._remove(names)
        if not letters_seen and self.clock.now() < job.updated_at + LETTERS_SECONDS:
            return None
        if job.not_before is not None and self.clock.now() < job.not_before:
            return None
        if self._versions(job) or self._unfinished(job):
            return None  # Written since they were listed; the next sweep removes them.
        certificate = finished(
            certificate, now=self.clock.now(), kept=self.kept, watch_seconds=self.watch_seconds
        )
        self.erasures.finish(job, certificate)
        self.telemetry.log.info("erasure.finished", **about(job.job_id))
        return certificate

    def watch(self, erased: Watched) -> None:
        """Remove what was written to an erased job, and end this once its time has passed."""
        now = self.clock.now()
        if self.jobs.get(erased.job_id) is not None:
            return  # The same bytes were uploaded again: that is a job of its own.
        late = [
            version
            for prefix in _prefixes(erased.job_id)
            for version in self.objects.versions(erased.bucket, prefix)
            if version.modified_at <= now - SETTLED_SECONDS
        ]
        if late:
            self.objects.remove_versions(erased.bucket, late)
            self.telemetry.log.warning(
                "erasure.late_writes", **about(erased.job_id), objects=len(late)
            )
        for prefix in _prefixes(erased.job_id):
            for upload in list(self.objects.unfinished(erased.bucket, prefix)):
                self.objects.abort(erased.bucket, upload)
        if now >= erased.until and not late:
            self.erasures.close(erased, now)

    def _stop_task(self, job: Job) -> None:
        """Stop the job's own task. A worker leaves the job at its next heartbeat."""
        task_arn = self.tasks.find(job)
        if task_arn is not None:
            self.telemetry.log.warning(
                "erasure.stopping_task", **about(job.job_id), task_arn=task_arn
            )
            self.tasks.stop(task_arn, STOP_REASON)

    def _inventory(self, names: JobNames) -> Inventory:
        job = names.job
        versions = self._versions(job)
        work, results = _prefixes(job.job_id)

        def below(prefix: str) -> int:
            return sum(1 for each in versions if each.key.startswith(prefix))

        in_work, in_results = below(work), below(results)
        return Inventory(
            requested_at=job.updated_at,
            counts={
                ErasedStore.UPLOAD: len(versions) - in_work - in_results,
                ErasedStore.CHECKPOINTS: in_work,
                ErasedStore.RESULTS: in_results,
                ErasedStore.UNFINISHED_UPLOADS: len(self._unfinished(job)),
                # The job's own and its idempotency record.
                ErasedStore.RECORDS: 2 + (self.service.count(names) if self.service else 0),
            },
            size_bytes=sum(each.size_bytes for each in versions),
        )

    def _remove(self, names: JobNames) -> bool:
        """Remove what names the job; return whether every dead letter was looked at."""
        bucket = names.job.source.bucket
        letters_seen = [remove_messages(queue, names) for queue in self.dead_letters]
        if self.service is not None:
            self.service.erase(names)
        for upload in self._unfinished(names.job):
            self.objects.abort(bucket, upload)
        if versions := self._versions(names.job):
            self.objects.remove_versions(bucket, versions)
        return all(letters_seen)

    def _versions(self, job: Job) -> list[ObjectVersion]:
        found = self._named(self.objects.versions, job)
        uploads = [each for each in found if each.key == job.source.key]
        own = [each for each in found if each.key != job.source.key]
        return versions_of_upload(job, uploads) + own

    def _unfinished(self, job: Job) -> list[UnfinishedUpload]:
        return self._named(self.objects.unfinished, job)

    def _named(self, below: Callable[[str, str], Iterable[Named]], job: Job) -> list[Named]:
        """Return what has the key of the job's upload, or lies below one of its prefixes."""
        bucket, key = job.source.bucket, job.source.key
        uploads = [each for each in below(bucket, key) if each.key == key]
        return uploads + [
            each for prefix in _prefixes(job.job_id) for each in below(bucket, prefix)
        ]


def versions_of_upload(job: Job, versions: Sequence[ObjectVersion]) -> list[ObjectVersion]:
    """Return which versions of its key are the job's: those of its bytes, up to the request.

    Other bytes under the same key are another job's. Delete markers go with the last version:
    before, removing one would make an older version current.
    """
    own = [
        each
        for each in versions
        if each.etag == job.source.etag and each.modified_at <= job.updated_at
    ]
    others = [each for each in versions if each.etag is not None and each not in own]
    return own if others else list(versions)


def remove_messages(queue: DeadLetterQueue, names: JobNames) -> bool:
    """Delete the messages of a queue that name the job; return whether all could be looked at."""
    backlog = queue.backlog()
    expected = backlog.waiting + backlog.in_work + backlog.delayed
    if not expected:
        return True
    removed, others = 0, list[WorkMessage]()
    try:
        while len(others) < MAX_LETTERS and (message := queue.receive(1)) is not None:
            if message.message_id in {each.message_id for each in others}:
                break  # Its visibility timeout has passed: all were seen.
            if names.named_in(message.body):
                queue.delete(message)
                removed += 1
            else:
                others.append(message)
    finally:
        for message in others:
            queue.hide(message, 0)
    return removed + len(others) >= expected


def _prefixes(job_id: str) -> tuple[str, str]:
    return work_prefix(job_id), result_prefix(job_id)
