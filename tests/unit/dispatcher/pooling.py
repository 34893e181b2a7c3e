"""The dispatcher's world with a work queue, and the claims that its workers make."""

from runtime.core.contract import Compute
from runtime.core.errors import LeaseLost
from runtime.core.jobs import Job
from runtime.core.messages import parse_queued
from runtime.core.ports import TaskLauncher
from runtime.dispatcher.routing import QueueLauncher
from runtime.processor.supervision.reporter import start_job
from tests.fakes.work_queue import FakeWorkQueue
from tests.unit.dispatcher.world import World


class PoolWorld(World):
    """`started` lists each attempt that a worker really started, in order."""

    def __init__(self) -> None:
        self.started: list[tuple[str, int]] = []
        super().__init__()

    def launchers(self) -> dict[Compute, TaskLauncher]:
        self.work = FakeWorkQueue(clock=self.clock)
        self.gpu_work = FakeWorkQueue(clock=self.clock)
        queues = {Compute.CPU: self.work, Compute.GPU: self.gpu_work}
        return {kind: QueueLauncher(self.switch.guard(queue)) for kind, queue in queues.items()}

    def let_workers_start(self) -> list[Job]:
        """Have every visible message taken by a worker, which starts what it may."""
        running = []
        while (message := self.work.receive()) is not None:
            asked = parse_queued(message.body)
            try:
                job = start_job(
                    store=self.jobs,
                    job_id=asked.job_id,
                    attempt=asked.attempt,
                    task_arn="arn:any:worker",
                    now=self.clock.now(),
                )
            except LeaseLost:
                self.work.delete(message)
                continue
            self.started.append((job.job_id, job.attempt))
            running.append(job)
        return running
