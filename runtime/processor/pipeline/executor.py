"""Runs a graph's steps side by side as far as capacity allows, and stores each output."""

import traceback
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any

from runtime.core.contract import Stage
from runtime.core.errors import LeaseLost, Permanent, Retryable
from runtime.core.log import Log
from runtime.processor.checkpoints.artifacts import StageOutput
from runtime.processor.checkpoints.store import Checkpoints
from runtime.processor.pipeline.graph import (
    Capacity,
    Graph,
    Step,
    pending_steps,
    ready_steps,
    reusable_steps,
)
from runtime.processor.supervision.interruption import StopRequestedError
from runtime.processor.supervision.progress import SiblingFailedError, StageTracker
from runtime.results.warnings import WARNINGS, ResultWarning

_LOOK_UP_SECONDS = 0.5
"""Python runs signal handlers in this thread alone, and not while it waits for a lock."""

_NOT_OF_THE_INPUT = ("job.", "models.", "worker.")
"""Codes of failures that another video would meet too: shipping a part would hide them."""


class Values:
    """What steps made, as the steps after them see it."""

    def __init__(self, made: Mapping[Stage, StageOutput[Any]]) -> None:
        """Show a growing mapping; a step sees what was there when it started, and its inputs."""
        self._made = made

    def __getitem__(self, stage: Stage) -> Any:
        """Return what a stage made."""
        return self._made[stage].value

    def get(self, stage: Stage, default: Any) -> Any:
        """Return what a stage made, or the default."""
        made = self._made.get(stage)
        return default if made is None else made.value

    @property
    def warnings(self) -> tuple[ResultWarning, ...]:
        """What is missing or doubtful about all that was made so far, each once."""
        told = {warning for made in list(self._made.values()) for warning in made.warnings}
        return tuple(warning for warning in WARNINGS.values() if warning in told)


class Runner:
    """Takes a graph to its targets; what an earlier attempt has kept is not made again."""

    def __init__(
        self, *, checkpoints: Checkpoints, tracker: StageTracker, capacity: Capacity, log: Log
    ) -> None:
        """Bind to one job."""
        self._checkpoints = checkpoints
        self._tracker = tracker
        self._room = capacity
        self._log = log
        self._made: dict[Stage, StageOutput[Any]] = {}
        self._here: set[Stage] = set()
        self._looked: set[Stage] = set()

    def plan(self, graph: Graph, *, target: Stage) -> tuple[Stage, ...]:
        """Return the steps that have yet to run for the target, after a look at what was kept."""
        self._load(graph)
        return pending_steps(graph, target=target, kept=self._made.keys(), here=self._here)

    def run(self, graph: Graph, *, target: Stage) -> Any:
        """Run what the target needs and return what it made.

        The first failure stops the other steps at their next sign of progress and is raised; what
        ends the whole job (`LeaseLost`, `StopRequestedError`) wins over what is wrong with the
        video.
        """
        waiting = list(self.plan(graph, target=target))
        running: dict[Future[StageOutput[Any]], Stage] = {}
        failures: list[BaseException] = []
        with ThreadPoolExecutor(max(1, len(waiting)), thread_name_prefix="step") as pool:
            while running or (waiting and not failures):
                if not failures:
                    for stage in ready_steps(
                        graph, waiting=waiting, running=running.values(), capacity=self._room
                    ):
                        waiting.remove(stage)
                        running[pool.submit(self._run, graph[stage])] = stage
                failures += self._settle(running)
        if failures:
            raise min(failures, key=_precedence)
        return self._made[target].value

    def _settle(self, running: dict[Future[StageOutput[Any]], Stage]) -> list[BaseException]:
        """Wait a while for steps to end; take what they made, or return why they failed."""
        failures = []
        done, _ = wait(running, _LOOK_UP_SECONDS, return_when=FIRST_COMPLETED)
        for future in done:
            stage, error = running.pop(future), future.exception()
            if error is not None:
                self._tracker.stop_siblings()
                failures.append(error)
            else:
                self._made[stage] = future.result()
                self._here.add(stage)
        return failures

    def _load(self, graph: Graph) -> None:
        """Take over what was kept, except what was made from something that was not."""
        kept = dict(self._made)
        for stage, step in graph.items():
            if stage not in self._looked and step.artifact is not None:
                found = self._checkpoints.load(step.artifact)
                if found is not None:
                    kept[stage] = found
            self._looked.add(stage)
        for stage in reusable_steps(graph, kept) - self._made.keys():
            self._tracker.restored(stage)
            self._made[stage] = kept[stage]

    def _run(self, step: Step) -> StageOutput[Any]:
        with self._tracker.stage(step.stage) as on_progress:
            try:
                made = step.run(Values(self._made), on_progress)
            except Exception as error:
                if step.instead is None or not _is_of_the_input(error):
                    raise
                # Whoever asked for an end must get it: a library may have wrapped that request.
                self._tracker.check()
                self._tracker.degraded(step.stage, error)
                self._log.error(
                    "stage.degraded",
                    stage=step.stage,
                    error=repr(error),
                    traceback=traceback.format_exc(),
                )
                made = replace(step.instead(error), is_fallback=True)
            if step.artifact is None:
                return made
            # Kept before the stage closes: a stop request raised there must not lose the work.
            return self._checkpoints.save(step.artifact, made)


def _is_of_the_input(error: Exception) -> bool:
    if isinstance(error, StopRequestedError | LeaseLost | Retryable | SiblingFailedError):
        return False
    return not (isinstance(error, Permanent) and error.code.startswith(_NOT_OF_THE_INPUT))


def _precedence(error: BaseException) -> int:
    """Rank failures of steps side by side: the end of the process, the job's, the video's."""
    if isinstance(error, SiblingFailedError):
        return 4
    if not isinstance(error, Exception):
        return 0
    return 1 if isinstance(error, LeaseLost) else 2 if isinstance(error, StopRequestedError) else 3
