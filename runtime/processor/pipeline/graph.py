"""The pipeline as data: dependencies between steps, pending steps and steps that may start now.

`executor` runs it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from runtime.core.contract import Stage
from runtime.core.ports import Progress
from runtime.processor.checkpoints.artifacts import Artifact, StageOutput
from runtime.processor.host.resources import Capacity
from runtime.results.warnings import ResultWarning, in_result_order


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The cores that a step keeps busy, and its peak memory in megabytes."""

    cores: int = 1
    memory_mb: int = 100


class StageOutputs:
    """The outputs so far, as later steps see them."""

    def __init__(self, outputs: Mapping[Stage, StageOutput[Any]]) -> None:
        self._outputs = outputs

    def __getitem__(self, stage: Stage) -> Any:
        """Return a stage's output; raise `KeyError` where this graph has no such step."""
        return self._outputs[stage].value

    def get(self, stage: Stage, default: Any) -> Any:
        """Return a stage's output, or the default where this graph has no such step."""
        output = self._outputs.get(stage)
        return default if output is None else output.value

    @property
    def warnings(self) -> tuple[ResultWarning, ...]:
        """The warnings of all outputs so far, each once."""
        # A copy, because other steps may finish meanwhile.
        outputs = list(self._outputs.values())
        return in_result_order({warning for output in outputs for warning in output.warnings})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One stage of the graph.

    `needs` are the steps whose outputs it takes; `files` those of them whose file must be on this
    machine's disk. `artifact` says how its output is kept; without one every process computes it
    again. `leaves_file` marks a step whose kept output does not include its file: it runs again
    when a pending step needs the file. `fallback` returns the output to go on with when the step
    fails; without one the job fails.
    """

    stage: Stage
    run: Callable[[StageOutputs, Progress], StageOutput[Any]]
    needs: tuple[Stage, ...] = ()
    files: tuple[Stage, ...] = ()
    artifact: Artifact[Any] | None = None
    leaves_file: bool = False
    cost: Cost = Cost()
    fallback: Callable[[Exception], StageOutput[Any]] | None = None


Graph = Mapping[Stage, Step]


def graph_of(steps: Iterable[Step]) -> Graph:
    """Return the steps by stage; raise `ValueError` unless each needs only steps before it.

    A single core runs the steps in this order.
    """
    graph: dict[Stage, Step] = {}
    for step in steps:
        unknown = [stage for stage in (*step.needs, *step.files) if stage not in graph]
        if unknown or step.stage in graph:
            raise ValueError(f"step {step.stage} is there twice or before what it needs: {unknown}")
        if not set(step.files) <= set(step.needs):
            raise ValueError(f"step {step.stage} wants the file of a step it does not need")
        graph[step.stage] = step
    return graph


def reusable_steps(graph: Graph, kept: Collection[Stage]) -> frozenset[Stage]:
    """Return the steps whose kept output may be used: those whose inputs were kept as well.

    An output could contradict an input that is computed again.
    """
    found: set[Stage] = set()
    for stage, step in graph.items():
        inputs = (need for need in step.needs if graph[need].artifact is not None)
        if stage in kept and found.issuperset(inputs):
            found.add(stage)
    return frozenset(found)


def pending_steps(
    graph: Graph, *, target: Stage, kept: AbstractSet[Stage], local: AbstractSet[Stage]
) -> tuple[Stage, ...]:
    """Return the steps that have to run for the target, in order.

    The outputs of `kept` steps are known; `local` steps ran on this machine and left their files.
    """
    pending: set[Stage] = set()
    for stage, step in reversed(list(graph.items())):
        users = [graph[user] for user in pending if stage in graph[user].needs]
        if stage in local:
            runs = False
        elif stage in kept:
            runs = step.leaves_file and any(stage in user.files for user in users)
        else:
            runs = stage is target or bool(users)
        if runs:
            pending.add(stage)
    return tuple(stage for stage in graph if stage in pending)


def ready_steps(
    graph: Graph, *, waiting: Collection[Stage], running: Collection[Stage], capacity: Capacity
) -> tuple[Stage, ...]:
    """Return the waiting steps to start now, in the graph's order as far as capacity allows.

    A step is ready when its inputs are neither waiting nor running. It starts as soon as one core
    is free, also when it has more threads: until others end they share cores, and none is idle.
    With nothing running the first ready step starts whatever it costs, as capacity will not grow. A
    ready step that needs too much memory does not hold back smaller ones after it.
    """
    unfinished = {*waiting, *running}
    cores = capacity.cores - sum(graph[stage].cost.cores for stage in running)
    memory = capacity.memory_mb - sum(graph[stage].cost.memory_mb for stage in running)
    chosen: list[Stage] = []
    for stage in graph:
        step = graph[stage]
        if stage not in waiting or not unfinished.isdisjoint(step.needs):
            continue
        fits = cores > 0 and step.cost.memory_mb <= memory
        if fits or not (running or chosen):
            chosen.append(stage)
            cores -= step.cost.cores
            memory -= step.cost.memory_mb
    return tuple(chosen)
