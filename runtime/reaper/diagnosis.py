"""Why a task stopped or a job got stuck, derived from ECS's event or the job's record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from runtime.core.contract import PROCESSOR_CONTAINER_NAME, ExitCode
from runtime.core.jobs import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedTask:
    """A stopped task, from an `ECS Task State Change` event.

    A task started for one attempt names it. A worker belongs to a service and does not: its job is
    found by the jobs' records.
    """

    task_arn: str
    job_id: str | None = None
    attempt: int | None = None
    stop_code: str = ""
    stopped_reason: str = ""
    exit_code: int | None = None
    container_reason: str = ""

    @property
    def detail(self) -> str:
        """ECS's own reasons, in one line."""
        exit_status = "" if self.exit_code is None else f"exit {self.exit_code}"
        parts = (self.stop_code, self.stopped_reason, self.container_reason, exit_status)
        return "; ".join(filter(None, parts)) or "ECS gave no reason"


Fits = Callable[[StoppedTask], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What happened and what to do; `retryable`: whether another attempt may succeed.

    `fits` says which stopped tasks it is about.
    """

    code: str
    summary: str
    resolution: str
    retryable: bool = True
    fits: Fits = lambda _: True

    def failure(self, detail: str) -> Failure:
        """Return it as the reason of a failed job."""
        return Failure(
            code=self.code, summary=f"{self.summary} ({detail})", resolution=self.resolution
        )


SPOT_INTERRUPTION = "SpotInterruption"
"""The stop code of a task whose Spot capacity was reclaimed."""

_SERVICE = "ecs-svc/"
"""The prefix of `startedBy` for the tasks of a service."""


def stopped_task(detail: Mapping[str, Any]) -> StoppedTask | None:
    """Return the event's task if it has stopped and belongs to a job or a service."""
    started_by = str(detail.get("startedBy", ""))
    job_id, _, attempt = started_by.rpartition("-")
    of_a_job = bool(job_id) and attempt.isdigit()
    if detail.get("lastStatus") != "STOPPED" or not (of_a_job or started_by.startswith(_SERVICE)):
        return None
    containers = [
        c for c in detail.get("containers", []) if c.get("name") == PROCESSOR_CONTAINER_NAME
    ]
    container: Mapping[str, Any] = containers[0] if containers else {}
    return StoppedTask(
        task_arn=str(detail.get("taskArn", "")),
        job_id=job_id if of_a_job else None,
        attempt=int(attempt) if of_a_job else None,
        stop_code=str(detail.get("stopCode", "")),
        stopped_reason=str(detail.get("stoppedReason", "")),
        exit_code=container.get("exitCode"),
        container_reason=str(container.get("reason", "")),
    )


def diagnose(task: StoppedTask) -> Diagnosis:
    """Return the first diagnosis that fits."""
    return next(diagnosis for diagnosis in _TABLE if diagnosis.fits(task))


def _exit(*codes: int) -> Fits:
    return lambda task: task.exit_code in codes


def _exit_of_its_job(*codes: int) -> Fits:
    """Fit a job's own task; a worker's exit code is about its last job alone."""
    return lambda task: task.job_id is not None and task.exit_code in codes


def _stop_code(*codes: str) -> Fits:
    return lambda task: task.stop_code in codes


def _says(*words: str) -> Fits:
    def fits(task: StoppedTask) -> bool:
        said = f"{task.stopped_reason} {task.container_reason}".lower()
        return any(word.lower() in said for word in words)

    return fits


_KILLED = 128 + 9

_TABLE = (
    Diagnosis(
        fits=_exit(ExitCode.BAD_CONFIGURATION),
        code="task.configuration",
        summary="The processor refused its settings.",
        resolution="Read its first log lines, correct the environment file and deploy again.",
        retryable=False,
    ),
    Diagnosis(
        fits=_exit_of_its_job(ExitCode.PERMANENT_FAILURE),
        code="task.gave_up",
        summary="The processor gave the video up, but could not record why.",
        resolution="Look for action job.failed in its log.",
        retryable=False,
    ),
    Diagnosis(
        fits=_exit_of_its_job(ExitCode.RETRYABLE_FAILURE),
        code="task.retryable",
        summary="The processor met a passing fault too often.",
        resolution="Look for action job.retry_later in its log; retry the job when it is gone.",
    ),
    Diagnosis(
        fits=_says("CannotPull", "pull image", "ImageNotFound"),
        code="task.image_pull",
        summary="The processor's image could not be pulled.",
        resolution="Check that the image tag of the environment file was pushed, and that the "
        "task's subnets reach the registry; then retry the job.",
    ),
    Diagnosis(
        fits=_says("ResourceInitializationError"),
        code="task.initialization",
        summary="The task's network, secrets or log driver could not be set up.",
        resolution="Check the subnets' endpoints or NAT and the execution role; then retry.",
    ),
    Diagnosis(
        fits=_says("Capacity is unavailable", "RESOURCE:"),
        code="task.capacity",
        summary="Fargate had no capacity for the task.",
        resolution="Retry the job later, or give the environment more zones.",
    ),
    Diagnosis(
        fits=_says("OutOfMemory"),
        code="task.out_of_memory",
        summary="The processor needed more memory than its task has.",
        resolution="Raise memory_mib in the environment file, deploy, and retry the job.",
    ),
    # The stop code comes before the exit code that the stop led to.
    Diagnosis(
        fits=_stop_code(SPOT_INTERRUPTION),
        code="task.spot_interruption",
        summary="Spot took the capacity back.",
        resolution="Retry the job: it goes on from its checkpoints.",
    ),
    Diagnosis(
        fits=_stop_code("ServiceSchedulerInitiated"),
        code="task.scaled_in",
        summary="The service stopped the worker while it had the job.",
        resolution="Look for protection.lost and protection.refused in the worker's log; retry "
        "the job: it goes on from its checkpoints.",
    ),
    Diagnosis(
        fits=_stop_code("TerminationNotice", "InfrastructureHealth"),
        code="task.infrastructure",
        summary="AWS stopped the task for reasons of its infrastructure.",
        resolution="Retry the job: it goes on from its checkpoints.",
    ),
    Diagnosis(
        fits=_stop_code("UserInitiated"),
        code="task.stopped",
        summary="Somebody had the task stopped.",
        resolution="Retry the job if that was a mistake; to stop one for good, cancel it.",
    ),
    Diagnosis(
        fits=_stop_code("TaskFailedToStart"),
        code="task.not_started",
        summary="The task could not be started.",
        resolution="Read ECS's reason; correct the task definition or the network; retry.",
    ),
    Diagnosis(
        fits=_exit(ExitCode.RESUMABLE),
        code="task.interrupted",
        summary="The processor was asked to stop and left its checkpoints.",
        resolution="Retry the job: it goes on from its checkpoints.",
    ),
    Diagnosis(
        fits=_exit(_KILLED),
        code="task.killed",
        summary="The processor was killed: most often for want of memory.",
        resolution="Look at the task's memory; raise memory_mib if it was full; retry the job.",
    ),
    Diagnosis(
        fits=_exit(ExitCode.SUCCESS, ExitCode.LOST_CLAIM),
        code="task.silent_end",
        summary="The processor ended without recording how.",
        resolution="Read the end of its log, then retry the job.",
    ),
    Diagnosis(
        code="task.crashed",
        summary="The processor ended unexpectedly.",
        resolution="Read the end of its log; retry the job once the cause is mended.",
    ),
)


class Concern(Enum):
    """What may be wrong with a job, each with the diagnosis by which it fails in the end."""

    UNANNOUNCED = Diagnosis(
        code="job.never_dispatched",
        summary="No task could be started for the job.",
        resolution="Look at the dispatcher's log and the dead-letter queue; then redrive or retry.",
    )
    LEASE_OVER = Diagnosis(
        code="job.claim_lost",
        summary="Dispatcher after dispatcher died while starting the job's task.",
        resolution="Look at the dispatcher's log for errors and timeouts; then retry the job.",
    )
    NOT_STARTED = Diagnosis(
        code="job.not_started",
        summary="The job's task did not begin to work in time.",
        resolution="Look at the task's events in ECS; correct the network or the image; retry the "
        "job.",
    )
    UNFETCHED = Diagnosis(
        code="job.unfetched",
        summary="No worker took the job from the work queue.",
        resolution="Look at the worker service: whether it scales, and whether its tasks start; "
        "and at the work queue's dead letters; then retry the job.",
    )
    MESSAGE_GONE = Diagnosis(
        code="job.message_gone",
        summary="The job's messages left the work queue without a worker starting it.",
        resolution="Look at the work queue's dead letters and at the workers' logs; then retry the "
        "job.",
    )
    WAITED_TOO_LONG = Diagnosis(
        code="job.waited_too_long",
        summary="The job waited for capacity, a worker or a service for longer than it may.",
        resolution="Look at what it waited for: raise the account's quota, the pool's size or the "
        "limit on waiting; then retry the job.",
        retryable=False,
    )
    SILENT = Diagnosis(
        code="job.hung",
        summary="The processor stopped reporting.",
        resolution="Read the end of its log: the stage it was in is the job's last; retry the job.",
    )
    OVERDUE = Diagnosis(
        code="job.deadline",
        summary="The job took longer than its time limit.",
        resolution="Raise job_timeout_seconds in the environment file, deploy, and retry the job.",
        retryable=False,
    )
