"""Gap (1.5.33, local): RunTask needs a Docker daemon; a container as ministack calls it."""

import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from local.emulator.containers import task_container
from local.emulator.containers.placement import Placement
from local.emulator.containers.task_process import TaskProcess
from local.emulator.settings import HOST

NOT_STARTED_EXIT_CODE = 1
LEAST_STARVED_SECONDS = 0.05

RunInside = Callable[[Sequence[str]], TaskProcess]
"""Starts another command beside the container's own, in its environment."""


class RunningContainer:
    """A process and the folder that ends with it."""

    def __init__(
        self,
        process: TaskProcess,
        placement: Placement,
        run_inside: RunInside,
        published: Mapping[int, int] | None = None,
    ) -> None:
        self.id = uuid.uuid4().hex * 2
        self.name = placement.name
        self.attrs = {"NetworkSettings": {"Networks": {"local": {"IPAddress": HOST}}}}
        self.published = dict(published or {})
        """Ports of this machine by the container's own."""
        self._process = process
        self._placement = placement
        self._run_inside = run_inside

    @property
    def reason(self) -> str | None:
        """Why it ended, where ECS would say so beside the exit code."""
        return task_container.reason(self._placement.scratch)

    @property
    def status(self) -> str:
        """`exited` once the exit code is there and every log line is in its stream."""
        return "exited" if self._process.finished else "running"

    def succeeds(self, command: Sequence[str], timeout_seconds: float) -> bool:
        """Run a command in the container; return whether it exits with 0 in time.

        What it waits for a processor of a busy machine is not counted.
        """
        process = self._run_inside(command)
        left, granted = timeout_seconds, 0.0
        while not process.wait(left):
            left = process.starved_seconds - granted
            if left < LEAST_STARVED_SECONDS:
                process.kill()
                return False
            granted += left
        return process.exit_code == 0

    @property
    def starved_seconds(self) -> float:
        """How long it has waited for a processor."""
        return self._process.starved_seconds

    def reload(self) -> None:
        """Do nothing: `status` is always current."""

    def wait(self) -> dict[str, int]:
        """Wait for the end and return the exit code as Docker does."""
        self._process.wait()
        code = self._process.exit_code
        return {"StatusCode": NOT_STARTED_EXIT_CODE if code is None else code}

    def logs(self, **_: Any) -> bytes:
        """Return nothing: lines are delivered as they come, not kept."""
        return b""

    def stop(self, **_: Any) -> None:
        """Stop as ECS does: SIGTERM, then SIGKILL after the task definition's `stopTimeout`."""
        self._process.stop(self._placement.stop_timeout_seconds)

    def kill(self) -> None:
        """Kill it without waiting."""
        self._process.kill()

    def remove(self, **_: Any) -> None:
        """Kill what still runs and remove the scratch folder."""
        self.kill()
        self._process.wait()
        shutil.rmtree(self._placement.scratch, ignore_errors=True)
