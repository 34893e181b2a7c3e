from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.core.contract import Stage
from runtime.processor.checkpoints.artifacts import Artifact, StageOutput
from runtime.processor.host.resources import Capacity
from runtime.processor.pipeline.graph import (
    Cost,
    Graph,
    Step,
    graph_of,
    pending_steps,
    ready_steps,
    reusable_steps,
)

FETCH, PROBE, AUDIO, WORDS, VOICES, SCENES, ATTRIBUTE, PUBLISH = (
    Stage.FETCH,
    Stage.PROBE,
    Stage.AUDIO,
    Stage.TRANSCRIBE,
    Stage.DIARIZE,
    Stage.SCENES,
    Stage.ATTRIBUTE,
    Stage.PUBLISH,
)


def step(
    stage: Stage,
    *needs: Stage,
    files: tuple[Stage, ...] = (),
    kept: bool = True,
    leaves_file: bool = False,
    cost: Cost | None = None,
) -> Step:
    return Step(
        stage=stage,
        run=lambda _given, _on_progress: StageOutput(value=None),
        needs=needs,
        files=files,
        artifact=Artifact(stage=stage, kind=str, version=1) if kept else None,
        leaves_file=leaves_file,
        cost=cost or Cost(),
    )


JOB = graph_of(
    [
        step(FETCH, kept=False, leaves_file=True),
        step(PROBE, FETCH, files=(FETCH,)),
        step(AUDIO, FETCH, PROBE, files=(FETCH,), leaves_file=True),
        step(WORDS, AUDIO, files=(AUDIO,), cost=Cost(cores=2)),
        step(VOICES, AUDIO, files=(AUDIO,), cost=Cost(cores=2)),
        step(SCENES, FETCH, PROBE, files=(FETCH,)),
        step(ATTRIBUTE, WORDS, VOICES),
        step(PUBLISH, PROBE, AUDIO, WORDS, VOICES, SCENES, ATTRIBUTE, kept=False),
    ]
)
ALL_KEPT = frozenset(JOB) - {FETCH, PUBLISH}


def left(kept: Collection[Stage], local: Collection[Stage] = ()) -> tuple[Stage, ...]:
    return pending_steps(JOB, target=PUBLISH, kept=set(kept), local=set(local))


def test_should_refuse_a_step_before_what_it_needs() -> None:
    with pytest.raises(ValueError, match="before what it needs"):
        graph_of([step(PROBE, FETCH), step(FETCH)])


def test_should_refuse_the_file_of_a_step_that_is_not_needed() -> None:
    with pytest.raises(ValueError, match="does not need"):
        graph_of([step(FETCH), step(PROBE, files=(FETCH,))])


def test_should_run_everything_for_a_new_job() -> None:
    assert left(()) == tuple(JOB)


def test_should_publish_alone_when_all_is_kept() -> None:
    assert left(ALL_KEPT) == (PUBLISH,)


def test_should_bring_files_again_for_the_steps_that_read_them() -> None:
    assert left(ALL_KEPT - {VOICES, ATTRIBUTE}) == (FETCH, AUDIO, VOICES, ATTRIBUTE, PUBLISH)
    assert left(ALL_KEPT - {SCENES}) == (FETCH, SCENES, PUBLISH)
    assert left(ALL_KEPT - {ATTRIBUTE}) == (ATTRIBUTE, PUBLISH)


def test_should_not_bring_a_file_that_is_here() -> None:
    assert left(ALL_KEPT - {SCENES}, local={FETCH}) == (SCENES, PUBLISH)


def test_should_not_trust_what_was_made_from_something_that_is_made_anew() -> None:
    assert reusable_steps(JOB, ALL_KEPT) == ALL_KEPT
    assert reusable_steps(JOB, ALL_KEPT - {VOICES}) == ALL_KEPT - {VOICES, ATTRIBUTE}
    assert reusable_steps(JOB, ALL_KEPT - {PROBE}) == frozenset()


def started(
    waiting: Collection[Stage],
    running: Collection[Stage] = (),
    *,
    cores: int = 2,
    memory: int = 999,
) -> tuple[Stage, ...]:
    capacity = Capacity(cores=cores, memory_mb=memory)
    return ready_steps(JOB, waiting=waiting, running=running, capacity=capacity)


def test_should_start_what_is_ready_side_by_side_as_far_as_there_are_cores() -> None:
    after_probe = set(JOB) - {FETCH, PROBE}
    assert started(after_probe) == (AUDIO, SCENES)
    assert started(after_probe, cores=1) == (AUDIO,)


def test_should_wait_for_cores_and_for_inputs() -> None:
    assert started({WORDS, VOICES, ATTRIBUTE, PUBLISH}, running={SCENES}, cores=1) == ()
    assert started({WORDS, VOICES, ATTRIBUTE, PUBLISH}, running={SCENES}, cores=3) == (WORDS,)
    assert started({ATTRIBUTE, PUBLISH}, running={VOICES}, cores=9) == ()


def test_should_leave_no_core_idle_for_a_step_of_more_threads() -> None:
    assert started({VOICES, ATTRIBUTE, PUBLISH}, running={WORDS, SCENES}, cores=4) == (VOICES,)
    assert started({VOICES, ATTRIBUTE, PUBLISH}, running={WORDS, SCENES}, cores=3) == ()


def test_should_start_a_smaller_step_that_fits_beside_a_larger_one_that_does_not() -> None:
    large = step(VOICES, AUDIO, files=(AUDIO,), cost=Cost(memory_mb=900))
    chosen = ready_steps(
        {**JOB, VOICES: large},
        waiting={VOICES, SCENES, ATTRIBUTE, PUBLISH},
        running={WORDS},
        capacity=Capacity(cores=4, memory_mb=999),
    )
    assert chosen == (SCENES,)


def test_should_wait_for_memory() -> None:
    assert started({AUDIO, SCENES, PUBLISH}, memory=150) == (AUDIO,)


def test_should_start_one_step_on_the_smallest_machine() -> None:
    assert started({WORDS, VOICES, PUBLISH}, cores=1, memory=1) == (WORDS,)


@given(
    cores=st.integers(1, 8),
    memory=st.integers(1, 1000),
    costs=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 400)), min_size=8, max_size=8),
    order=st.randoms(use_true_random=False),
)
def test_should_reach_the_end_on_any_machine_within_its_room(
    cores: int, memory: int, costs: list[tuple[int, int]], order: object
) -> None:
    graph: Graph = graph_of(
        step(s.stage, *s.needs, cost=Cost(cores=c, memory_mb=m))
        for s, (c, m) in zip(JOB.values(), costs, strict=True)
    )
    capacity = Capacity(cores=cores, memory_mb=memory)
    waiting, running, done = set(graph), set[Stage](), set[Stage]()
    while waiting or running:
        chosen = ready_steps(graph, waiting=waiting, running=running, capacity=capacity)
        assert all(done.issuperset(graph[stage].needs) for stage in chosen)
        waiting -= set(chosen)
        running |= set(chosen)
        assert running
        if len(running) > 1:
            threads = [graph[stage].cost.cores for stage in running]
            # Only the last to start may have found fewer free cores than it has threads.
            assert sum(threads) - max(threads) < cores
            assert sum(graph[stage].cost.memory_mb for stage in running) <= memory
        ended = order.choice(sorted(running))  # type: ignore[attr-defined]
        running.discard(ended)
        done.add(ended)
