"""The pipeline's shape as data: what depends on what, what has to run, what may start now.

Nothing here runs anything; `runner` does.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Protocol

from runtime.core.contract import Stage
from runtime.core.ports import Progress
from runtime.processor.checkpoints.artifacts import Artifact, StageOutput
from runtime.results.warnings import ResultWarning


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a step keeps busy while it runs: processor cores, and megabytes at its peak."""

    cores: int = 1
    memory_mb: int = 100


class Inputs(Protocol):
    """What the steps before have made."""

    def __getitem__(self, stage: Stage, /) -> Any:
        """Return what a stage made; raise `KeyError` where this graph has no such step."""
        ...

    def get(self, stage: Stage, default: Any, /) -> Any:
        """Return what a stage made, or the default where this graph has no such step."""
        ...

    @property
    def warnings(self) -> tuple[ResultWarning, ...]:
        """What is missing or doubtful about all that was made so far, each once."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One stage of the graph: what it needs, what it makes, what that takes.

    `needs` are the steps whose outputs it is given; `files` those of them whose file must be on
    this machine's disk. `artifact` says how its output is kept; without one it is made anew by
    each process. `leaves_file` marks a step of which only words are kept: it runs again when a step
    to run needs its file. `instead` says what to go on with when the step fails, or None to fail.
    """

    stage: Stage
    run: Callable[[Inputs, Progress], StageOutput[Any]]
    needs: tuple[Stage, ...] = ()
    files: tuple[Stage, ...] = ()
    artifact: Artifact[Any] | None = None
    leaves_file: bool = False
    cost: Cost = Cost()
    instead: Callable[[Exception], StageOutput[Any]] | None = None


Graph = Mapping[Stage, Step]


def graph_of(steps: Iterable[Step]) -> Graph:
    """Return the steps by stage; raise `ValueError` unless each needs only steps before it.

    The order given is the order of work on a single core, so it must be one that works.
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

    What was made from something that is made anew could contradict it.
    """
    found: set[Stage] = set()
    for stage, step in graph.items():
        inputs = (need for need in step.needs if graph[need].artifact is not None)
        if stage in kept and found.issuperset(inputs):
            found.add(stage)
    return frozenset(found)


def pending_steps(
    graph: Graph, *, target: Stage, kept: AbstractSet[Stage], here: AbstractSet[Stage]
) -> tuple[Stage, ...]:
    """Return the steps that have to run for the target, in order.

    The outputs of `kept` are known; those `here` ran on this machine, so that their files are too.
    """
    wanted: set[Stage] = set()
    for stage, step in reversed(list(graph.items())):
        users = [graph[user] for user in wanted if stage in graph[user].needs]
        if stage in here:
            runs = False
        elif stage in kept:
            runs = step.leaves_file and any(stage in user.files for user in users)
        else:
            runs = stage is target or bool(users)
        if runs:
            wanted.add(stage)
    return tuple(stage for stage in graph if stage in wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What this machine has for a job."""

    cores: int
    memory_mb: int


def ready_steps(
    graph: Graph, *, waiting: Collection[Stage], running: Collection[Stage], capacity: Capacity
) -> tuple[Stage, ...]:
    """Return the waiting steps to start now, in the graph's order as far as there is room.

    A step whose inputs are neither waiting nor running is ready. With nothing running the first
    ready step starts whatever it costs: there will never be more room. A step that is ready and
    too large does not hold back smaller ones after it.
    """
    unfinished = {*waiting, *running}
    cores = capacity.cores - sum(graph[stage].cost.cores for stage in running)
    memory = capacity.memory_mb - sum(graph[stage].cost.memory_mb for stage in running)
    chosen: list[Stage] = []
    for stage in graph:
        step = graph[stage]
        if stage not in waiting or not unfinished.isdisjoint(step.needs):
            continue
        fits = step.cost.cores <= cores and step.cost.memory_mb <= memory
        if fits or not (running or chosen):
            chosen.append(stage)
            cores -= step.cost.cores
            memory -= step.cost.memory_mb
    return tuple(chosen)
