"""Runs a graph's steps side by side as far as capacity allows, and stores each output."""

import traceback
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any

from runtime.core.contract import Stage
from runtime.core.errors import LeaseLost, Permanent, Retryable
from runtime.core.log import Log
from runtime.processor.checkpoints.artifacts import StageOutput
from runtime.processor.checkpoints.store import Checkpoints
from runtime.processor.host.resources import Capacity
from runtime.processor.pipeline.graph import (
    Graph,
    StageOutputs,
    Step,
    pending_steps,
    ready_steps,
    reusable_steps,
)
from runtime.processor.supervision.error_owner import machine_fault
from runtime.processor.supervision.interruption import StopRequestedError
from runtime.processor.supervision.progress import SiblingFailedError, StageTracker

_WAKE_SECONDS = 0.5
"""Python runs signal handlers in the main thread only, and not while it waits for a lock."""

_INDEPENDENT_OF_INPUT = ("job.", "models.", "worker.")
"""Codes of failures that any video would meet: a partial result would hide them."""


class GraphExecutor:
    """Runs graphs of one job; outputs that an earlier attempt has kept are used again."""

    def __init__(
        self, *, checkpoints: Checkpoints, tracker: StageTracker, capacity: Capacity, log: Log
    ) -> None:
        self._checkpoints = checkpoints
        self._tracker = tracker
        self._capacity = capacity
        self._log = log
        self._outputs: dict[Stage, StageOutput[Any]] = {}
        self._local: set[Stage] = set()
        self._looked_up: set[Stage] = set()

    def plan(self, graph: Graph, *, target: Stage) -> tuple[Stage, ...]:
        """Return the steps that have to run for the target, after reading the checkpoints."""
        self._load(graph)
        return pending_steps(graph, target=target, kept=self._outputs.keys(), local=self._local)

    def run(self, graph: Graph, *, target: Stage) -> Any:
        """Run the steps that the target needs and return its output.

        The first failure stops the other steps at their next sign of progress and is raised.
        `LeaseLost` and `StopRequestedError`, which end the whole job, win over failures of steps.
        """
        waiting = list(self.plan(graph, target=target))
        running: dict[Future[StageOutput[Any]], Stage] = {}
        failures: list[BaseException] = []
        with ThreadPoolExecutor(max(1, len(waiting)), thread_name_prefix="step") as pool:
            while running or (waiting and not failures):
                if not failures:
                    for stage in ready_steps(
                        graph, waiting=waiting, running=running.values(), capacity=self._capacity
                    ):
                        waiting.remove(stage)
                        running[pool.submit(self._run, graph[stage])] = stage
                failures += self._collect(running)
        if failures:
            raise min(failures, key=_precedence)
        return self._outputs[target].value

    def _collect(self, running: dict[Future[StageOutput[Any]], Stage]) -> list[BaseException]:
        """Wait a moment for steps to end; store their outputs and return their failures."""
        failures = []
        done, _ = wait(running, _WAKE_SECONDS, return_when=FIRST_COMPLETED)
        for future in done:
            stage, error = running.pop(future), future.exception()
            if error is not None:
                self._tracker.stop_siblings()
                failures.append(error)
            else:
                self._outputs[stage] = future.result()
                self._local.add(stage)
        return failures

    def _load(self, graph: Graph) -> None:
        """Load kept outputs, except those computed from an output that was not kept."""
        kept = dict(self._outputs)
        for stage, step in graph.items():
            if stage not in self._looked_up and step.artifact is not None:
                found = self._checkpoints.load(step.artifact)
                if found is not None:
                    kept[stage] = found
            self._looked_up.add(stage)
        for stage in reusable_steps(graph, kept) - self._outputs.keys():
            self._tracker.restored(stage)
            self._outputs[stage] = kept[stage]

    def _run(self, step: Step) -> StageOutput[Any]:
        with self._tracker.stage(step.stage) as on_progress:
            try:
                output = step.run(StageOutputs(self._outputs), on_progress)
            except Exception as error:
                if (fault := machine_fault(error)) is not None:
                    raise fault from error
                if step.fallback is None or not _depends_on_input(error):
                    raise
                # A library may have wrapped a request to end the job, which must still be raised.
                self._tracker.check()
                self._tracker.degraded(step.stage, error)
                self._log.error(
                    "stage.degraded",
                    stage=step.stage,
                    error=repr(error),
                    traceback=traceback.format_exc(),
                )
                output = replace(step.fallback(error), is_fallback=True)
            if step.artifact is None:
                return output
            # Saved before the stage closes: a stop request raised there must not lose the work.
            return self._checkpoints.save(step.artifact, output)


def _depends_on_input(error: Exception) -> bool:
    if isinstance(error, StopRequestedError | LeaseLost | Retryable | SiblingFailedError):
        return False
    return not (isinstance(error, Permanent) and error.code.startswith(_INDEPENDENT_OF_INPUT))


def _precedence(error: BaseException) -> int:
    """Rank failures of parallel steps: the process's end, the job's end, then step failures."""
    if isinstance(error, SiblingFailedError):
        return 4
    if not isinstance(error, Exception):
        return 0
    return 1 if isinstance(error, LeaseLost) else 2 if isinstance(error, StopRequestedError) else 3
