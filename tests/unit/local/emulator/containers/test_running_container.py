"""A check inside a container: its time limit is time in which it could run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from local.emulator.containers.placement import Placement
from local.emulator.containers.running_container import RunningContainer
from local.emulator.containers.task_process import TaskProcess

TIMEOUT_SECONDS = 5.0


@dataclass
class Check:
    """A process that takes `needs` seconds of its own, with a processor for `share` of the time."""

    needs: float
    share: float = 1.0
    passed: float = 0.0
    waits: list[float] = field(default_factory=list)
    killed: bool = False
    exit_code: int = 0

    @property
    def starved_seconds(self) -> float:
        return self.passed * (1 - self.share)

    def wait(self, timeout_seconds: float) -> bool:
        self.waits.append(timeout_seconds)
        self.passed += timeout_seconds
        return self.passed * self.share >= self.needs

    def kill(self) -> None:
        self.killed = True


def container(check: Check) -> RunningContainer:
    def run_inside(command: Sequence[str]) -> TaskProcess:
        assert command == ["check"]
        return cast("TaskProcess", check)

    placement = Placement(
        name="any", container={}, task={}, task_id="any", scratch=Path("/nowhere")
    )
    return RunningContainer(cast("TaskProcess", check), placement, run_inside)


@pytest.mark.parametrize("share", [1.0, 0.5, 0.04])
def test_should_give_a_check_its_time_however_busy_the_machine_is(share: float) -> None:
    check = Check(needs=4.0, share=share)

    assert container(check).succeeds(["check"], TIMEOUT_SECONDS)
    assert not check.killed


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_should_end_a_check_that_takes_longer_by_itself(share: float) -> None:
    check = Check(needs=6.0, share=share)

    assert not container(check).succeeds(["check"], TIMEOUT_SECONDS)
    assert check.killed


def test_should_report_the_checks_exit_code() -> None:
    assert not container(Check(needs=1.0, exit_code=1)).succeeds(["check"], TIMEOUT_SECONDS)
