"""Who runs a job: a task of its own, or a worker that finds it in a queue."""

from collections.abc import Mapping
from typing import Protocol

from runtime.core.contract import Compute
from runtime.core.errors import Permanent, Retryable
from runtime.core.jobs import Job
from runtime.core.messages import queued_message
from runtime.core.options import JobOptions, no_gpu
from runtime.core.ports import (
    LaunchFailedError,
    LaunchUncertainError,
    Queued,
    RunningTask,
    TaskLauncher,
)


class Sender(Protocol):
    """A queue, as its sender sees it."""

    def send(self, body: str) -> None:
        """Add a message; raise `Retryable` or `Permanent`."""
        ...


class QueueLauncher:
    """Puts attempts into a work queue; the worker that finds one claims it by its record.

    Sent before the job is recorded as queued: dying in between leaves a claim that a worker may
    start, or that runs out, and then its message is outdated. The other way round a job could
    wait for a message that nobody sent.
    """

    def __init__(self, queue: Sender) -> None:
        """Put them into this queue."""
        self._queue = queue

    def launch(self, job: Job) -> RunningTask | Queued:
        """Send the attempt's message."""
        try:
            self._queue.send(queued_message(job.job_id, job.attempt))
        except Permanent as error:
            raise LaunchFailedError(str(error)) from error
        except Retryable as error:
            raise LaunchUncertainError(str(error)) from error
        return Queued()

    def find(self, job: Job) -> RunningTask | None:  # noqa: ARG002 - the port's signature
        """Return None: who has a message cannot be asked, and the record says who runs a job."""
        return None


class Routes:
    """A launcher for each kind of compute that the environment has."""

    def __init__(self, launchers: Mapping[Compute, TaskLauncher]) -> None:
        """Route by a job's own options."""
        self._launchers = launchers

    def check(self, options: JobOptions) -> JobOptions:
        """Return options that a job can be launched with; raise `OptionsRefusedError`."""
        if options.compute not in self._launchers:
            raise no_gpu()
        return options

    def launch(self, job: Job) -> RunningTask | Queued:
        """Launch on what the job asks for."""
        return self._launchers[job.options.compute].launch(job)

    def find(self, job: Job) -> RunningTask | None:
        """Find on what the job asks for; None where that is no more."""
        launcher = self._launchers.get(job.options.compute)
        return None if launcher is None else launcher.find(job)
