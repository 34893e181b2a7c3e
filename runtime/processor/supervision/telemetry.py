"""Emits one attempt's spans and its metrics of time and cost."""

import threading
from dataclasses import dataclass

from runtime.core.clock import Clock
from runtime.core.contract import Metric, Stage
from runtime.core.jobs import Job
from runtime.core.spans import Part, Span
from runtime.core.task_cost import TaskSize, cost_usd
from runtime.core.telemetry import Telemetry


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRun:
    """A stage that has ended on this machine, or whose output was kept (`restored`).

    `code` is why it failed; with `degraded` the job went on without its output.
    """

    stage: Stage
    seconds: float
    code: str | None = None
    restored: bool = False
    degraded: bool = False


class AttemptTelemetry:
    """Emits the spans and metrics of an attempt that owns its job; safe to share between threads.

    The process span is sent when the attempt starts, so that a killed process has a trace. Nothing
    here raises or waits.
    """

    def __init__(
        self, *, job: Job, task_size: TaskSize, clock: Clock, telemetry: Telemetry
    ) -> None:
        self._job = job
        self._task_size = task_size
        self._clock = clock
        self._metrics = telemetry.metrics
        self._tracing = telemetry.tracing
        self._lock = threading.Lock()
        self._ended = False
        self._began, self._began_at = clock.monotonic(), clock.now()
        self._add_span(Part.PROCESS, self._began_at, None)
        self._tracing.flush_soon()

    def stage(self, run: StageRun) -> None:
        """Emit a stage's span and, if it ran to its end, its duration."""
        now = self._clock.now()
        notes: dict[str, str | int | bool] = {"restored": run.restored, "degraded": run.degraded}
        # A stage may be restored, and then run again for its file: two spans.
        occasion = "restored" if run.restored else ""
        self._add_span(
            run.stage, now - run.seconds, now, code=run.code, occasion=occasion, notes=notes
        )
        if run.code is None and not run.restored:
            self._metrics.put({Metric.STAGE_SECONDS: run.seconds}, of=str(run.stage))
        self._tracing.flush_soon()

    def succeeded(self, media_seconds: float) -> None:
        """Emit the length of the processed media."""
        self._metrics.put({Metric.MEDIA_SECONDS: media_seconds})

    def ended(self, code: str | None) -> None:
        """Emit the process span and the attempt's cost; only the first call has an effect."""
        with self._lock:
            if self._ended:
                return
            self._ended = True
        self._add_span(Part.PROCESS, self._began_at, self._clock.now(), code=code)
        spent = cost_usd(self._clock.monotonic() - self._began, self._task_size)
        if spent is not None:
            self._metrics.put({Metric.PROCESSING_USD: spent})
        self._tracing.flush_soon()

    def _add_span(
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
