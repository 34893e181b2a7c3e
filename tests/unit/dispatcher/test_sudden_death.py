"""Killing the dispatcher before and after every port call, once and twice, then redelivering."""

import itertools

import pytest

from runtime.core.jobs import State
from tests.fakes.launcher import Fault
from tests.unit.dispatcher.world import VISIBILITY_SECONDS, World, s3_event

CALLS = 5
"""One more than the longest way through the dispatcher has."""
DEATHS = [(call, after) for call in range(CALLS) for after in (False, True)]
FAULTS = [[], *([fault] for fault in Fault)]


def _runs_once(world: World) -> None:
    source = world.upload()
    receives = world.deliver_until_gone(s3_event())
    assert receives <= 4
    world.switch.disarm()
    world.clock.advance(VISIBILITY_SECONDS)
    assert world.deliver(s3_event()), "a launched job must acknowledge its duplicates"
    job = world.job(source)
    assert world.launcher.started == [(source.job_id, job.attempt)]
    assert job.state is State.LAUNCHED


@pytest.mark.parametrize("faults", FAULTS)
@pytest.mark.parametrize("death", DEATHS)
def test_should_run_once_however_the_dispatcher_dies(
    death: tuple[int, bool], faults: list[Fault]
) -> None:
    world = World()
    world.launcher.faults = list(faults)
    world.switch.arm(death[0], after=death[1])
    _runs_once(world)


@pytest.mark.parametrize(("first", "second"), list(itertools.product(DEATHS, DEATHS)))
def test_should_run_once_though_the_second_dispatcher_dies_too(
    first: tuple[int, bool], second: tuple[int, bool]
) -> None:
    world = World()
    world.upload()
    world.switch.arm(first[0], after=first[1])
    world.deliver(s3_event())
    world.clock.advance(VISIBILITY_SECONDS)
    world.switch.arm(second[0], after=second[1])
    _runs_once(world)
