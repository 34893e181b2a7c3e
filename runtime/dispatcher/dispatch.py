"""From an upload to a launched job: look, claim, launch, and what to do when a step fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from runtime.core.contract import Metric
from runtime.core.errors import LifestreamError, Retryable
from runtime.core.jobs import Job, Source, State, launched, queued, release
from runtime.core.log import Log
from runtime.core.messages import Ask, Requeued, Upload, parse
from runtime.core.metrics import Metrics
from runtime.core.options import JobOptions, OptionsRefusedError, parse_options
from runtime.core.ports import (
    LaunchFailedError,
    LaunchUncertainError,
    ObjectFacts,
    ObjectNotFoundError,
    ObjectStore,
    Queued,
    StaleWriteError,
)
from runtime.core.spans import Part, Span, about
from runtime.core.tracer import NoTracing, Tracing
from runtime.dispatcher.claim import Claims


@contextmanager
def _naming(job_id: str) -> Iterator[None]:
    """Have errors of the block say what job they are about."""
    try:
        yield
    except LifestreamError as error:
        error.about = about(job_id)
        raise


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatcher:
    """Works on messages of the jobs queue; `bucket` is the one whose uploads are ours."""

    bucket: str
    objects: ObjectStore
    claims: Claims
    log: Log
    metrics: Metrics
    tracing: Tracing = field(default_factory=NoTracing)

    def work(self, body: str) -> None:
        """Do all that one message asks for; returning means that it may be deleted.

        Doing it again is harmless, so a message of several records fails as a whole.
        """
        asks, ignored = parse(body, bucket=self.bucket)
        for part in ignored:
            self.log.info("dispatch.ignored", reason=part.reason, bucket=part.bucket, key=part.key)
        for ask in asks:
            self._dispatch(ask)

    def _dispatch(self, ask: Ask) -> None:
        match ask:
            case Upload():
                self._dispatch_upload(ask)
            case Requeued():
                self._dispatch_again(ask.job_id)

    def _dispatch_again(self, job_id: str) -> None:
        log = self.log.bind(**about(job_id))
        with _naming(job_id):
            there = self.claims.jobs.get(job_id)
            if there is None:
                log.warning("dispatch.job_gone")
                return
            log = log.bind(key=there.source.key)
            try:
                options = self._options_again(there)
            except OptionsRefusedError as why:
                self._count_refusal(why, log, news=self.claims.refuse_again(there, why, log))
                return
            job = self.claims.claim_again(there, options, log)
            if job is not None:
                self._launch(job, log.bind(attempt=job.attempt))

    def _dispatch_upload(self, upload: Upload) -> None:
        try:
            found = self.objects.look(upload.bucket, upload.key)
        except ObjectNotFoundError:
            self.log.warning("dispatch.object_gone", bucket=upload.bucket, key=upload.key)
            return
        source = found.source
        log = self.log.bind(**about(source.job_id), key=source.key)
        with _naming(source.job_id):
            try:
                options = self._options(found)
            except OptionsRefusedError as why:
                news = self.claims.refuse(source, why, log)
                self._count_refusal(why, log, news=news)
                if news:
                    self._trace_upload(source, upload, taken_at=self.claims.clock.now(), why=why)
                return
            job = self.claims.claim(source, options, log)
            if job is not None:
                self._trace_upload(source, upload, taken_at=job.created_at)
                self._launch(job, log.bind(attempt=job.attempt))

    def _options(self, found: ObjectFacts) -> JobOptions:
        return self.claims.launcher.check(parse_options(found.metadata))

    def _options_again(self, there: Job) -> JobOptions:
        """Return the options that a job is put back with.

        Before a processor ever had it they are read anew: those recorded may be none, because they
        were refused, and the person who had it put back may have corrected them.
        """
        if there.state is State.PENDING and not there.ever_ran:
            try:
                found = self.objects.look(there.source.bucket, there.source.key)
            except ObjectNotFoundError:
                found = None
            # A job whose upload is gone or was replaced is run all the same, to say just that.
            if found is not None and found.source.etag == there.source.etag:
                return self._options(found)
        return self.claims.launcher.check(there.options)

    def _count_refusal(self, why: OptionsRefusedError, log: Log, *, news: bool) -> None:
        if news:
            log.warning("dispatch.refused", code=why.code, summary=why.summary)
            self.metrics.put({Metric.JOBS_FAILED: 1}, code=why.code)

    def _trace_upload(
        self,
        source: Source,
        upload: Upload,
        *,
        taken_at: float,
        why: OptionsRefusedError | None = None,
    ) -> None:
        """Tell how long an upload has waited for its first claim: the same each time it is told."""
        began = taken_at if upload.uploaded_at is None else min(upload.uploaded_at, taken_at)
        self.tracing.add(
            Span(
                job_id=source.job_id,
                part=Part.UPLOAD,
                attempt=1,
                began=began,
                ended=taken_at,
                code=None if why is None else why.code,
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
            # Since its claim, which is the last that was written.
            self.tracing.add(
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
        try:
            launch = self.claims.launcher.launch(job)
        except LaunchFailedError as error:
            self.metrics.put({Metric.LAUNCHES_FAILED: 1}, code="launch.failed")
            self._give_back(job, log)
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

    def _give_back(self, job: Job, log: Log) -> None:
        try:
            self.claims.jobs.save(job, release(job, now=self.claims.clock.now()))
        except StaleWriteError:
            log.warning("dispatch.claim_lost")

    def _find(self, job: Job, lost: LaunchUncertainError, log: Log) -> None:
        task = self.claims.launcher.find(job)
        if task is None:
            self.metrics.put({Metric.LAUNCHES_FAILED: 1}, code="launch.uncertain")
            # A task may yet appear: ECS is eventually consistent. The claim stays, and whoever
            # sees its lease expire looks again before starting another attempt.
            raise Retryable(
                "launch.uncertain",
                f"The answer to starting job {job.job_id} ({job.source.key}) was lost: {lost}.",
                "The message comes back after the claim's lease and looks for the task again.",
            ) from lost
        log.info("dispatch.found_launched", task_arn=task.task_arn)
        after = launched(job, now=self.claims.clock.now(), task_arn=task.task_arn)
        self._record(job, after, log)

    def _record(self, before: Job, after: Job, log: Log) -> None:
        try:
            self.claims.jobs.save(before, after)
        except StaleWriteError:
            log.info("dispatch.already_running")
