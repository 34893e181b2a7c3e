"""A task launcher in memory, with RunTask's idempotency and its ways to fail."""

import threading
from collections.abc import Callable
from enum import Enum

from runtime.core.jobs import Job
from runtime.core.ports import LaunchFailedError, LaunchUncertainError, RunningTask


class Fault(Enum):
    """What happens to the next launch."""

    REFUSED = "refused"
    ANSWER_LOST = "started, but the answer is lost"
    REQUEST_LOST = "not started, and the answer is lost"


class FakeLauncher:
    """`started` lists every task really started, as (job id, attempt), in order.

    `during_find` is what the rest of the world does while a look-up is under way.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tasks: dict[tuple[str, int], RunningTask] = {}
        self._gone: set[tuple[str, int]] = set()
        self.started: list[tuple[str, int]] = []
        self.faults: list[Fault] = []
        self.during_find: Callable[[], object] = lambda: None

    def launch(self, job: Job) -> RunningTask:
        with self._lock:
            fault = self.faults.pop(0) if self.faults else None
            if fault is Fault.REFUSED:
                raise LaunchFailedError("Capacity is unavailable at this time")
            if fault is Fault.REQUEST_LOST:
                raise LaunchUncertainError("the request got no answer")
            task = self._start(job)
            if fault is Fault.ANSWER_LOST:
                raise LaunchUncertainError("the request got no answer")
            return task

    def find(self, job: Job) -> RunningTask | None:
        self.during_find()
        with self._lock:
            identity = (job.job_id, job.attempt)
            return None if identity in self._gone else self._tasks.get(identity)

    def stop(self, job_id: str, attempt: int) -> None:
        """End a task: `find` no longer sees it, as ListTasks does not see stopped tasks."""
        with self._lock:
            self._gone.add((job_id, attempt))

    def _start(self, job: Job) -> RunningTask:
        identity = (job.job_id, job.attempt)
        if identity not in self._tasks:
            self._tasks[identity] = RunningTask(
                task_arn=f"arn:fake:task/any-cluster/{job.job_id}/{job.attempt}"
            )
            self.started.append(identity)
        return self._tasks[identity]
