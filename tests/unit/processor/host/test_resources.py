import os

import pytest

from runtime.processor.host.resources import machine_capacity, threads_for


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 1), (3, 1), (4, 2), (8, 4)])
def test_should_share_the_cores_between_two_models(cores: int, threads: int) -> None:
    assert threads_for(cores) == threads


def test_should_find_room_on_this_machine() -> None:
    capacity = machine_capacity()
    assert 1 <= capacity.cores <= (os.cpu_count() or 1)
    assert capacity.memory_mb > 100
