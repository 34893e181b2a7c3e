"""Reports the progress of stages, and checks at every step whether the job may go on."""

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from runtime.core.clock import MonotonicClock
from runtime.core.contract import Stage
from runtime.core.errors import LifestreamError
from runtime.core.log import Log
from runtime.core.ports import Progress
from runtime.processor.host.resources import peak_rss_mb
from runtime.processor.supervision.interruption import Interruption, StopRequestedError
from runtime.processor.supervision.reporter import Reporter
from runtime.processor.supervision.telemetry import StageRun

WEIGHTS = {
    Stage.FETCH: 2,
    Stage.PROBE: 1,
    Stage.AUDIO: 2,
    Stage.TRANSCRIBE: 27,
    Stage.DIARIZE: 41,
    Stage.SCENES: 17,
    Stage.THUMBNAILS: 2,
    Stage.PLAYER_AUDIO: 1,
    Stage.ATTRIBUTE: 1,
    Stage.CHUNK: 3,
    Stage.SUMMARIZE: 1,
    Stage.PUBLISH: 2,
}
"""Percent of a job's time by stage, in their order; measured on a 104 s talk with two cores."""

STALL_SECONDS = dict.fromkeys(Stage, 300.0) | {
    Stage.PROBE: 180.0,
    Stage.TRANSCRIBE: 600.0,
    Stage.DIARIZE: 900.0,
    Stage.CHUNK: 600.0,
}
"""How long a stage may go without a sign of progress before it counts as hung.

Many times the longest measured silence of each; clustering the voices of twelve hours, which
reports no progress, took 37 s.
"""


class SiblingFailedError(Exception):
    """This stage stopped because a parallel one failed; that failure is the one to report."""


class StageTracker:
    """Tracks the stages of one job, also parallel ones; `on_end` is called at each stage's end.

    `seconds` are the durations of finished stages, `peaks` the process's peak megabytes when they
    ended. The job's record shows the first unfinished stage, in the order of `Stage`, and the share
    of the whole job that is done; neither goes back.
    """

    def __init__(
        self,
        *,
        reporter: Reporter,
        interruption: Interruption,
        clock: MonotonicClock,
        log: Log,
        on_end: Callable[[StageRun], None] = lambda _: None,
    ) -> None:
        self._on_end = on_end
        self._degraded: dict[Stage, str] = {}
        self._reporter = reporter
        self._interruption = interruption
        self._clock = clock
        self._log = log
        self._lock = threading.Lock()
        self._left = dict.fromkeys(Stage, 0.0)
        self._last_step: dict[Stage, float] = {}
        self._stopped = False
        self.seconds: dict[Stage, float] = {}
        self.peaks: dict[Stage, int] = {}

    def expect(self, stages: Collection[Stage]) -> None:
        """Set the stages that are still to run; all others count as done."""
        with self._lock:
            self._left = {stage: done for stage, done in self._left.items() if stage in stages}

    def stop_siblings(self) -> None:
        """Stop every open stage at its next step, because a parallel one has failed."""
        self._stopped = True

    @property
    def stalled(self) -> Stage | None:
        """A stage without progress for longer than its `STALL_SECONDS`, if there is one."""
        now = self._clock.monotonic()
        with self._lock:
            return next(
                (s for s, last in self._last_step.items() if now - last >= STALL_SECONDS[s]), None
            )

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[Progress]:
        """Run the block as this stage; the block reports progress, 0 to 1, to the yielded function.

        That call, and leaving the block, raise what ends the job early: `StopRequestedError`,
        `LeaseLost`, `Permanent` past the deadline, `SiblingFailedError`. They win over the block's
        own error, because a library may have wrapped them.
        """
        self._advance(stage, 0.0)
        began = self._clock.monotonic()
        self._log.info("stage.started", stage=stage)
        try:
            yield lambda fraction: self._advance(stage, fraction)
            self.check()
        except Exception as error:
            ending = self._ending(error)
            took = self._clock.monotonic() - began
            self._on_end(StageRun(stage=stage, seconds=took, code=code_of(ending)))
            if ending is not error:
                raise ending from error
            # The record keeps the stage that failed, not one that ran beside it.
            self._reporter.report(stage, self.overall)
            raise
        finally:
            with self._lock:
                self._last_step.pop(stage, None)
        with self._lock:
            self._left.pop(stage, None)
            self.seconds[stage] = self._clock.monotonic() - began
            self.peaks[stage] = peak_rss_mb()
        self._log.info("stage.finished", stage=stage, seconds=round(self.seconds[stage], 2))
        code = self._degraded.get(stage)
        self._on_end(
            StageRun(stage=stage, seconds=self.seconds[stage], code=code, degraded=code is not None)
        )

    def restored(self, stage: Stage) -> None:
        """Record that a stage's output was kept by an earlier attempt."""
        self._log.info("stage.resumed", stage=stage)
        self._on_end(StageRun(stage=stage, seconds=0.0, restored=True))

    def degraded(self, stage: Stage, error: Exception) -> None:
        """Record that an open stage failed and the job goes on without its output."""
        self._degraded[stage] = code_of(error)

    def _ending(self, error: Exception) -> Exception:
        """Return the error to raise for a failed stage: what ends the job wins."""
        try:
            self.check()
        except Exception as ending:  # noqa: BLE001 - it is returned, and raised by the caller
            return ending
        return error

    @property
    def overall(self) -> float:
        """The share of the whole job that is done, 0 to 1."""
        with self._lock:
            to_do = sum(WEIGHTS[stage] * (1.0 - done) for stage, done in self._left.items())
        return 1.0 - to_do / sum(WEIGHTS.values())

    def check(self) -> None:
        """Raise if the job or its open stages must end early."""
        self._interruption.check()
        self._reporter.check()
        if self._stopped:
            raise SiblingFailedError

    def _advance(self, stage: Stage, fraction: float) -> None:
        self.check()
        with self._lock:
            self._last_step[stage] = self._clock.monotonic()
            self._left[stage] = max(self._left.get(stage, 0.0), min(1.0, fraction))
            shown = next(s for s in Stage if s in self._left)
        self._reporter.report(shown, self.overall)


def code_of(error: Exception) -> str:
    """Return the dotted code of the error that ended a stage."""
    match error:
        case LifestreamError():
            return error.code
        case StopRequestedError():
            return error.why
        case SiblingFailedError():
            return "job.stopped_beside"
        case _:
            return "internal"
