from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.emulator.ecs.service_plan import (
    UNHEALTHY_REASON,
    Plan,
    Service,
    ServiceTask,
    Stop,
    is_complete,
    plan,
)

NEW, OLD = "ecs-svc/new", "ecs-svc/old"
SCALED = f"Scaling activity initiated by (deployment {NEW})"


def service(desired: int, least: int = 100, most: int = 200) -> Service:
    return Service(desired=desired, primary=NEW, minimum_percent=least, maximum_percent=most)


def new(name: str, **more: bool) -> ServiceTask:
    return ServiceTask(arn=name, deployment=NEW, created_at=name, **{"serving": True, **more})


def old(name: str, **more: bool) -> ServiceTask:
    return replace(new(name, **more), deployment=OLD)


def stopped(todo: Plan) -> list[str]:
    return [stop.arn for stop in todo.stops]


def test_should_start_what_is_missing() -> None:
    assert plan(service(3), (new("a"),)) == Plan(2, ())


def test_should_leave_a_steady_service_alone() -> None:
    assert plan(service(2), (new("a"), new("b", protected=True))) == Plan(0, ())


def test_should_scale_in_what_does_not_serve_then_the_newest() -> None:
    tasks = (new("a"), new("b"), new("c", serving=False), new("d"))
    assert plan(service(2), tasks).stops == (Stop("c", SCALED), Stop("d", SCALED))


def test_should_scale_in_unprotected_tasks_only() -> None:
    tasks = (new("a"), new("b", protected=True), new("c", protected=True))
    assert stopped(plan(service(1), tasks)) == ["a"]
    assert stopped(plan(service(0), tasks)) == ["a"]


def test_should_start_the_new_before_the_old_go() -> None:
    before = (old("a"), old("b"))
    assert plan(service(2), before) == Plan(2, ())
    starting = (*before, new("c", serving=False), new("d", serving=False))
    assert plan(service(2), starting) == Plan(0, ())
    assert stopped(plan(service(2), (*before, new("c"), new("d")))) == ["b", "a"]


def test_should_make_room_where_the_old_may_go_first() -> None:
    todo = plan(service(2, least=50, most=100), (old("a"), old("b")))
    assert (todo.start, stopped(todo)) == (1, ["b"])


def test_should_leave_protected_old_tasks_alone_and_count_them() -> None:
    tasks = (old("a", protected=True), old("b", protected=True))
    assert plan(service(2), tasks) == Plan(2, ())
    assert plan(service(2, most=150), tasks) == Plan(1, ())
    assert plan(service(2, most=100), tasks) == Plan(0, ())
    assert plan(service(2), (*tasks, new("c"), new("d"))) == Plan(0, ())


def test_should_not_be_complete_while_an_old_task_is_protected() -> None:
    assert not is_complete(service(1), (new("a"), old("b", protected=True)))
    assert not is_complete(service(1), (new("a", serving=False),))
    assert is_complete(service(1), (new("a"),))
    assert is_complete(service(0), ())


def test_should_stop_the_old_when_nothing_is_wanted() -> None:
    assert stopped(plan(service(0), (old("a"), old("b", protected=True)))) == ["a"]


def test_should_replace_an_unhealthy_task_even_if_protected() -> None:
    todo = plan(service(1), (new("a", unhealthy=True, serving=False, protected=True),))
    assert todo == Plan(1, (Stop("a", UNHEALTHY_REASON),))


def test_should_start_nothing_after_a_failure() -> None:
    assert plan(replace(service(2), halted=True), ()) == Plan(0, ())


TASKS = st.builds(
    ServiceTask,
    arn=st.uuids().map(str),
    deployment=st.sampled_from([NEW, OLD]),
    serving=st.booleans(),
    protected=st.booleans(),
    created_at=st.sampled_from("abc"),
)
PERCENTS = st.tuples(st.sampled_from([0, 50, 100]), st.sampled_from([100, 150, 200]))


@given(st.integers(0, 5), PERCENTS, st.lists(TASKS, max_size=8, unique_by=lambda task: task.arn))
def test_should_never_stop_the_protected_nor_leave_too_few_nor_start_too_many(
    desired: int, percents: tuple[int, int], drawn: list[ServiceTask]
) -> None:
    wanted, tasks = service(desired, *percents), tuple(drawn)
    todo = plan(wanted, tasks)
    by_arn = {task.arn: task for task in tasks}
    going = [by_arn[arn] for arn in stopped(todo)]
    assert len(set(stopped(todo))) == len(todo.stops)
    assert not any(task.protected for task in going)
    left = [task for task in tasks if task not in going]
    serving = sum(task.serving for task in left)
    scaled_in = any(task.deployment == NEW for task in going)
    assert scaled_in or serving >= min(wanted.least, sum(task.serving for task in tasks))
    assert not todo.start or todo.start + len(left) <= wanted.most


@pytest.mark.parametrize("percents", [(0, 100), (50, 100), (50, 150), (100, 150), (100, 200)])
@pytest.mark.parametrize("desired", [0, 1, 2, 3, 5])
def test_should_reach_what_is_wanted_step_by_step(desired: int, percents: tuple[int, int]) -> None:
    if desired == 1 and percents != (0, 100):
        percents = (percents[0], 200)  # otherwise there is no room for a second task, as on AWS
    wanted = service(desired, *percents)
    tasks: tuple[ServiceTask, ...] = tuple(old(name) for name in "pqrst"[:desired])
    for step in range(20):
        todo = plan(wanted, tasks)
        if not todo.start and not todo.stops:
            break
        left = [task for task in tasks if task.arn not in stopped(todo)]
        tasks = (*left, *(new(f"{step}{n}") for n in range(todo.start)))
    assert is_complete(wanted, tasks)
    assert len(tasks) == desired
