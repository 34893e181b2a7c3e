"""Reports each stage's share of the whole job, and asks at every step whether to go on."""

from collections.abc import Iterator
from contextlib import contextmanager

from runtime.core.clock import MonotonicClock
from runtime.core.contract import Stage
from runtime.core.log import Log
from runtime.core.ports import Progress
from runtime.processor.interruption import Interruption
from runtime.processor.reporter import Reporter

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


class StageTracker:
    """Opens stages one after another and remembers how long each took."""

    def __init__(
        self,
        *,
        reporter: Reporter,
        interruption: Interruption,
        clock: MonotonicClock,
        log: Log,
    ) -> None:
        """Bind to one running job."""
        self._reporter = reporter
        self._interruption = interruption
        self._clock = clock
        self._log = log
        self.seconds: dict[Stage, float] = {}

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[Progress]:
        """Run the block as this stage; it calls the yielded function with 0 to 1 as it advances.

        That call, and leaving the block, raise what ends the job early: `StopRequestedError`,
        `LeaseLost`, `Permanent` past the deadline. They win over an error of the block itself,
        because a library may have wrapped them on their way through it.
        """
        self._advance(stage, 0.0)
        began = self._clock.monotonic()
        try:
            yield lambda fraction: self._advance(stage, fraction)
        except Exception:
            self._check()
            raise
        self._check()
        self.seconds[stage] = self._clock.monotonic() - began
        self._log.info("stage.finished", stage=stage, seconds=round(self.seconds[stage], 2))

    def _advance(self, stage: Stage, fraction: float) -> None:
        self._check()
        self._reporter.report(stage, overall_progress(stage, fraction))

    def _check(self) -> None:
        self._interruption.check()
        self._reporter.check()


def overall_progress(stage: Stage, fraction: float) -> float:
    """Return the share of the whole job that is done, 0 to 1, with `fraction` of `stage` done."""
    done = 0
    for earlier, weight in WEIGHTS.items():
        if earlier is stage:
            break
        done += weight
    within = WEIGHTS[stage] * min(1.0, max(0.0, fraction))
    return (done + within) / sum(WEIGHTS.values())
