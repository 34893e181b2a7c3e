"""The tasks that a fake launcher started, found and stopped as by ECS's API."""

from runtime.core.jobs import Job
from tests.fakes.launcher import FakeLauncher


class FakeTasks:
    """`stopped` lists what was stopped, with its reason; `workers` are tasks of a service."""

    def __init__(self, launcher: FakeLauncher) -> None:
        self._launcher = launcher
        self.stopped: list[tuple[str, str]] = []
        self.workers: set[str] = set()

    def find(self, job: Job) -> str | None:
        task = self._launcher.find(job)
        return task.task_arn if task else None

    def stop(self, task_arn: str, reason: str) -> bool:
        if task_arn in self.workers:
            self.workers.remove(task_arn)
            self.stopped.append((task_arn, reason))
            return True
        _, _, job_id, attempt = task_arn.split("/")
        self.stopped.append((task_arn, reason))
        self._launcher.stop(job_id, int(attempt))
        return True
