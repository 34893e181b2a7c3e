"""Tells what one attempt did: to the job's trace as it goes, and in metrics of time and money."""

import threading
from dataclasses import dataclass

from runtime.core.clock import Clock
from runtime.core.contract import Metric, Stage
from runtime.core.jobs import Job
from runtime.core.metrics import Metrics
from runtime.core.spans import Part, Span
from runtime.core.task_cost import TaskSize, cost_usd
from runtime.core.tracer import Tracing


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRun:
    """A stage that has ended on this task_size, or whose output was found kept (`restored`).

    `code` is why it did not end well; with `degraded` the job went on without its output.
    """

    stage: Stage
    seconds: float
    code: str | None = None
    restored: bool = False
    degraded: bool = False


class AttemptTelemetry:
    """Tells of one attempt that owns its job; safe to share between threads.

    What is in the trace before the end is sent at once, so that a process that is killed has told
    how far it came. Nothing here raises or waits.
    """

    def __init__(
        self, *, job: Job, task_size: TaskSize, clock: Clock, metrics: Metrics, tracing: Tracing
    ) -> None:
        """Tell that the attempt has begun."""
        self._job = job
        self._task_size = task_size
        self._clock = clock
        self._metrics = metrics
        self._tracing = tracing
        self._lock = threading.Lock()
        self._ended = False
        self._began, self._began_at = clock.monotonic(), clock.now()
        self._tell(Part.PROCESS, self._began_at, None)
        tracing.flush_soon()

    def stage(self, run: StageRun) -> None:
        """Tell of a stage."""
        now = self._clock.now()
        notes: dict[str, str | int | bool] = {"restored": run.restored, "degraded": run.degraded}
        # A stage of which only words are kept may be restored, and then run for its file.
        occasion = "restored" if run.restored else ""
        self._tell(run.stage, now - run.seconds, now, code=run.code, occasion=occasion, notes=notes)
        if run.code is None and not run.restored:
            self._metrics.put({Metric.STAGE_SECONDS: run.seconds}, of=str(run.stage))
        self._tracing.flush_soon()

    def succeeded(self, media_seconds: float) -> None:
        """Tell of a video that was processed."""
        self._metrics.put({Metric.MEDIA_SECONDS: media_seconds})

    def ended(self, code: str | None) -> None:
        """Tell that the attempt has ended, and why not well; only the first end counts.

        Every attempt costs what it took, whatever came of it.
        """
        with self._lock:
            if self._ended:
                return
            self._ended = True
        self._tell(Part.PROCESS, self._began_at, self._clock.now(), code=code)
        spent = cost_usd(self._clock.monotonic() - self._began, self._task_size)
        if spent is not None:
            self._metrics.put({Metric.PROCESSING_USD: spent})
        self._tracing.flush_soon()

    def _tell(
        self,
        part: Part | Stage,
        began: float,
        ended: float | None,
        *,
        code: str | None = None,
        occasion: str = "",
        notes: dict[str, str | int | bool] | None = None,
    ) -> None:
        self._tracing.add(
            Span(
                job_id=self._job.job_id,
                part=part,
                attempt=self._job.attempt,
                began=began,
                ended=ended,
                code=code,
                occasion=occasion,
                notes=notes or {},
            )
        )
