"""Turns an upload into a launched job: read its options, claim it, launch it."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from runtime.core.contract import Metric, is_folder_marker
from runtime.core.errors import LifestreamError, Retryable
from runtime.core.jobs import (
    CAPACITY,
    SCAN,
    Failure,
    Job,
    Source,
    State,
    fail,
    launched,
    queued,
    requeue,
    wait,
)
from runtime.core.log import Log
from runtime.core.malware import ScanDecision
from runtime.core.messages import (
    Ignored,
    MalformedMessageError,
    Request,
    Requeued,
    Upload,
    parse,
    requeue_message,
)
from runtime.core.options import JobOptions, OptionsRefusedError, parse_options
from runtime.core.ports import (
    LaunchDelayedError,
    LaunchFailedError,
    LaunchUncertainError,
    MessageSender,
    ObjectFacts,
    ObjectNotFoundError,
    ObjectStore,
    Queued,
    StaleWriteError,
)
from runtime.core.spans import Part, Span, about
from runtime.core.submission import parse_submission
from runtime.core.telemetry import Telemetry
from runtime.core.turns import older_waits, pass_turn
from runtime.dispatcher.claim import Claims
from runtime.dispatcher.scan import ScanGate


@contextmanager
def _errors_about(job_id: str) -> Iterator[None]:
    """Add the job to the log fields of errors raised inside."""
    try:
        yield
    except LifestreamError as error:
        error.about = about(job_id)
        raise


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatcher:
    """Handles messages of the jobs queue, `queue`; uploads to other buckets are ignored.

    `scans` is None where uploads are not scanned for malware.
    """

    bucket: str
    objects: ObjectStore
    claims: Claims
    queue: MessageSender
    telemetry: Telemetry
    scans: ScanGate | None = None

    def work(self, body: str) -> None:
        """Handle all requests of one message; it may be deleted once this returns.

        Idempotent. An error of one request does not stop the others; the message then comes back
        as a whole, by the first `Retryable`, else the first error.
        """
        message = parse(body, bucket=self.bucket)
        for part in message.ignored:
            self._log_ignored(part)
        errors: list[LifestreamError] = [MalformedMessageError(each) for each in message.problems]
        for request in message.requests:
            try:
                self._dispatch(request)
            except LifestreamError as error:
                errors.append(error)
        if errors:
            raise min(errors, key=lambda each: not isinstance(each, Retryable))

    def send_later(self, body: str, message_id: str) -> None:
        """Send a message again, to be received after a claim's lease and up to half of it more."""
        jitter = hashlib.sha256(message_id.encode()).digest()[0] / 512
        self.queue.send(body, delay_seconds=self.claims.lease_seconds * (1 + jitter))

    def _dispatch(self, request: Request) -> None:
        match request:
            case Upload():
                self._dispatch_upload(request)
            case Requeued():
                self._dispatch_requeued(request.job_id)

    def _dispatch_requeued(self, job_id: str) -> None:
        log = self.telemetry.log.bind(**about(job_id))
        with _errors_about(job_id):
            job = self.claims.jobs.get(job_id)
            if job is None:
                log.warning("dispatch.job_gone")
                return
            log = log.bind(key=job.source.key)
            try:
                options = self._requeued_options(job)
            except OptionsRefusedError as error:
                if self.claims.refuse_existing(job, error, log):
                    self._count_refusal(error, log)
                return
            claimed = self.claims.claim_existing(job, options, log)
            if claimed is not None:
                self._launch(claimed, log.bind(attempt=claimed.attempt))

    def _dispatch_upload(self, upload: Upload) -> None:
        try:
            found = self.objects.look(upload.bucket, upload.key)
        except ObjectNotFoundError:
            self.telemetry.log.warning("dispatch.object_gone", bucket=upload.bucket, key=upload.key)
            return
        source = found.source
        if is_folder_marker(source.key, source.size_bytes):
            self._log_ignored(Ignored("folder marker", upload.bucket, upload.key))
            return
        log = self.telemetry.log.bind(**about(source.job_id), key=source.key)
        with _errors_about(source.job_id):
            submission = parse_submission(found.metadata)
            try:
                options = self._options(found)
            except OptionsRefusedError as error:
                if self.claims.refuse(source, error, log, submission):
                    self._count_refusal(error, log)
                    now = self.claims.clock.now()
                    self._trace_upload(source, upload, claimed_at=now, code=error.code)
                return
            job = self.claims.claim(
                source,
                options,
                log,
                uploaded_at=upload.uploaded_at,
                scanned=upload.scanned,
                submission=submission,
            )
            if job is not None:
                self._trace_upload(source, upload, claimed_at=job.created_at)
                self._launch(job, log.bind(attempt=job.attempt))

    def _log_ignored(self, part: Ignored) -> None:
        self.telemetry.log.info(
            "dispatch.ignored", reason=part.reason, bucket=part.bucket, key=part.key
        )

    def _options(self, found: ObjectFacts) -> JobOptions:
        return self.claims.launcher.check(parse_options(found.metadata))

    def _requeued_options(self, job: Job) -> JobOptions:
        """Return the options of a requeued job.

        They are read again while no processor has had the job: the recorded ones may be empty
        because they were refused, and may have been corrected since.
        """
        if job.state is State.PENDING and not job.ever_ran and not job.options_requested:
            try:
                found = self.objects.look(job.source.bucket, job.source.key)
            except ObjectNotFoundError:
                found = None
            # A job whose upload was deleted or replaced runs all the same, and fails saying so.
            if found is not None and found.source.etag == job.source.etag:
                return self._options(found)
        return self.claims.launcher.check(job.options)

    def _count_refusal(self, error: OptionsRefusedError | Failure, log: Log) -> None:
        log.warning("dispatch.refused", code=error.code, summary=error.summary)
        self.telemetry.metrics.put({Metric.JOBS_FAILED: 1}, code=error.code)

    def _trace_upload(
        self, source: Source, upload: Upload, *, claimed_at: float, code: str | None = None
    ) -> None:
        """Trace how long an upload waited for its first claim."""
        began = claimed_at if upload.uploaded_at is None else min(upload.uploaded_at, claimed_at)
        self.telemetry.tracing.add(
            Span(
                job_id=source.job_id,
                part=Part.UPLOAD,
                attempt=1,
                began=began,
                ended=claimed_at,
                code=code,
                notes={"size_bytes": source.size_bytes},
            )
        )

    def _launch(self, job: Job, log: Log) -> None:
        code: str | None = "internal"
        try:
            self._start(job, log)
            code = None
        except LifestreamError as error:
            code = error.code
            raise
        finally:
            self.telemetry.tracing.add(
                Span(
                    job_id=job.job_id,
                    part=Part.DISPATCH,
                    attempt=job.attempt,
                    began=job.updated_at,
                    ended=self.claims.clock.now(),
                    code=code,
                    notes={"compute": str(job.options.compute)},
                )
            )

    def _start(self, job: Job, log: Log) -> None:
        scan = ScanDecision.START if self.scans is None else self.scans.decide(job)
        if isinstance(scan, Failure):
            self._fail(job, scan, log)
            return
        if scan is ScanDecision.WAIT:
            self._wait(job, LaunchDelayedError(SCAN, "Its upload is not scanned yet"), log)
            return
        if job.waits and older_waits(self.claims.jobs, job, now=self.claims.clock.now()):
            self._wait(job, LaunchDelayedError(CAPACITY, "An older job waits for it too"), log)
            return
        try:
            launch = self.claims.launcher.launch(job)
        except LaunchDelayedError as error:
            self._wait(job, error, log)
            return
        except LaunchFailedError as error:
            self.telemetry.metrics.put({Metric.LAUNCHES_FAILED: 1}, code="launch.failed")
            self._save(job, requeue(job, now=self.claims.clock.now()), log)
            raise Retryable(
                "launch.failed",
                f"Job {job.job_id} ({job.source.key}) could not be launched: {error}.",
                "The message comes back; if it ends in the dead-letter queue, redrive it.",
            ) from error
        except LaunchUncertainError as error:
            self._find(job, error, log)
            return
        if isinstance(launch, Queued):
            log.info("dispatch.queued", compute=job.options.compute)
            self._record(job, queued(job, now=self.claims.clock.now()), log)
        else:
            # LAUNCHED is not written: the processor itself moves the job on to RUNNING, and a
            # dispatcher that dies here finds the task again by its claim.
            log.info("dispatch.launched", task_arn=launch.task_arn)
            if job.waits:
                # There may be capacity for the next one as well.
                pass_turn(self.claims.jobs, self.queue, now=self.claims.clock.now(), log=log)

    def _fail(self, job: Job, failure: Failure, log: Log) -> None:
        failed = fail(job, now=self.claims.clock.now(), failure=failure)
        if self._save(job, failed, log) and failed.state is State.FAILED:
            self._count_refusal(failure, log)

    def _wait(self, job: Job, reason: LaunchDelayedError, log: Log) -> None:
        """Try again later by a new message, which uses up no receive of this one.

        Dying before the message is sent leaves a pending job that the reaper announces.
        """
        now = self.claims.clock.now()
        waiting = wait(job, now=now, waiting_for=reason.code)
        if not self._save(job, waiting, log):
            return
        delay = waiting.announce_after - now
        log.info(
            "dispatch.waiting",
            waiting_for=reason.code,
            reason=str(reason),
            waits=waiting.waits,
            delay_seconds=round(delay, 1),
        )
        self.queue.send(requeue_message(job.job_id), delay_seconds=delay)

    def _find(self, job: Job, lost: LaunchUncertainError, log: Log) -> None:
        task = self.claims.launcher.find(job)
        if task is None:
            self.telemetry.metrics.put({Metric.LAUNCHES_FAILED: 1}, code="launch.uncertain")
            # ECS is eventually consistent, so a task may yet appear. The claim stays; the next
            # dispatcher looks for the task again once the lease has expired.
            raise Retryable(
                "launch.uncertain",
                f"The answer to starting job {job.job_id} ({job.source.key}) was lost: {lost}.",
                "The message comes back after the claim's lease and looks for the task again.",
            ) from lost
        log.info("dispatch.found_launched", task_arn=task.task_arn)
        after = launched(job, now=self.claims.clock.now(), task_arn=task.task_arn)
        self._record(job, after, log)

    def _save(self, before: Job, after: Job, log: Log) -> bool:
        """Save a claimed job; return False where another dispatcher has it by now."""
        try:
            self.claims.jobs.save(before, after)
        except StaleWriteError:
            log.warning("dispatch.claim_lost")
            return False
        return True

    def _record(self, before: Job, after: Job, log: Log) -> None:
        try:
            self.claims.jobs.save(before, after)
        except StaleWriteError:
            log.info("dispatch.already_running")
