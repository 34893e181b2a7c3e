"""Where a job is launched: as a task of its own, or in a work queue that workers poll."""

from collections.abc import Mapping

from runtime.core.contract import Compute
from runtime.core.errors import Permanent, Retryable
from runtime.core.jobs import Job
from runtime.core.messages import queued_message
from runtime.core.options import JobOptions, no_gpu
from runtime.core.ports import (
    LaunchFailedError,
    LaunchUncertainError,
    MessageSender,
    Queued,
    RunningTask,
    TaskLauncher,
)


class QueueLauncher:
    """Sends attempts to a work queue; the worker that receives one claims it by its record.

    The message is sent before the job is recorded as queued. A dispatcher that dies in between
    leaves a claim that a worker may start; the other order could leave a job without a message.
    """

    def __init__(self, queue: MessageSender) -> None:
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
        """Return None: SQS cannot say who has a message; the record says which task runs a job."""
        return None


class Routes:
    """A launcher for each kind of compute that the environment has."""

    def __init__(self, launchers: Mapping[Compute, TaskLauncher]) -> None:
        self._launchers = launchers

    def check(self, options: JobOptions) -> JobOptions:
        """Return the options if a job can be launched with them; else `OptionsRefusedError`."""
        if options.compute not in self._launchers:
            raise no_gpu()
        return options

    def launch(self, job: Job) -> RunningTask | Queued:
        """Launch the job on the compute it asks for."""
        return self._launchers[job.options.compute].launch(job)

    def find(self, job: Job) -> RunningTask | None:
        """Return the job's task; None where the environment no longer has its compute."""
        launcher = self._launchers.get(job.options.compute)
        return None if launcher is None else launcher.find(job)
