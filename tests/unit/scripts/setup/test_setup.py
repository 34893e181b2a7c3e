import threading

import pytest

from scripts.setup.__main__ import side_by_side

LONG_SECONDS = 20.0


def test_should_run_steps_at_the_same_time() -> None:
    both = threading.Barrier(2)
    side_by_side(lambda: both.wait(LONG_SECONDS), lambda: both.wait(LONG_SECONDS))


def test_should_end_every_step_before_it_fails() -> None:
    failed = threading.Event()
    ended: list[bool] = []

    def fail() -> None:
        failed.set()
        raise SystemExit(3)

    with pytest.raises(SystemExit, match="3"):
        side_by_side(fail, lambda: ended.append(failed.wait(LONG_SECONDS)))
    assert ended == [True]
