from typing import Any

import pytest

from runtime.core.contract import ExitCode
from runtime.reaper.diagnosis import StoppedTask, diagnose, stopped_task


def a_task(**fields: Any) -> StoppedTask:
    return StoppedTask(task_arn="arn:any", job_id="any-job", attempt=1, **fields)


def a_worker(**fields: Any) -> StoppedTask:
    return StoppedTask(task_arn="arn:any", **fields)


@pytest.mark.parametrize(
    ("task", "code", "again"),
    [
        (a_task(exit_code=ExitCode.BAD_CONFIGURATION), "task.configuration", False),
        (a_task(exit_code=ExitCode.PERMANENT_FAILURE), "task.gave_up", False),
        (a_task(exit_code=ExitCode.RETRYABLE_FAILURE), "task.retryable", True),
        (a_task(exit_code=ExitCode.RESUMABLE), "task.interrupted", True),
        (a_task(exit_code=ExitCode.SUCCESS), "task.silent_end", True),
        (a_task(exit_code=ExitCode.LOST_CLAIM), "task.silent_end", True),
        (
            a_task(
                stop_code="TaskFailedToStart",
                stopped_reason="CannotPullContainerError: pull image manifest has been retried",
            ),
            "task.image_pull",
            True,
        ),
        (
            a_task(
                stop_code="TaskFailedToStart",
                stopped_reason="ResourceInitializationError: unable to pull secrets",
            ),
            "task.initialization",
            True,
        ),
        (
            a_task(
                stop_code="TaskFailedToStart",
                stopped_reason="Capacity is unavailable at this time. Please try again later",
            ),
            "task.capacity",
            True,
        ),
        (a_task(stop_code="TaskFailedToStart"), "task.not_started", True),
        (
            a_task(
                stop_code="EssentialContainerExited",
                exit_code=137,
                container_reason="OutOfMemoryError: Container killed due to memory usage",
            ),
            "task.out_of_memory",
            True,
        ),
        (a_task(stop_code="EssentialContainerExited", exit_code=137), "task.killed", True),
        (a_task(stop_code="SpotInterruption", exit_code=137), "task.spot_interruption", True),
        (
            a_task(stop_code="SpotInterruption", exit_code=ExitCode.RESUMABLE),
            "task.spot_interruption",
            True,
        ),
        (a_task(stop_code="TerminationNotice"), "task.infrastructure", True),
        (a_task(stop_code="ServiceSchedulerInitiated"), "task.scaled_in", True),
        (a_worker(stop_code="ServiceSchedulerInitiated", exit_code=12), "task.scaled_in", True),
        (a_worker(exit_code=ExitCode.PERMANENT_FAILURE), "task.crashed", True),
        (a_worker(exit_code=ExitCode.RETRYABLE_FAILURE), "task.crashed", True),
        (a_worker(exit_code=137), "task.killed", True),
        (a_task(stop_code="UserInitiated", exit_code=ExitCode.RESUMABLE), "task.stopped", True),
        (a_task(stop_code="EssentialContainerExited", exit_code=1), "task.crashed", True),
        (a_task(), "task.crashed", True),
    ],
)
def test_should_tell_why_a_task_stopped(task: StoppedTask, code: str, again: bool) -> None:  # noqa: FBT001 - parametrized
    diagnosis = diagnose(task)
    assert (diagnosis.code, diagnosis.retryable) == (code, again)


def test_should_add_what_ecs_said_to_the_failure() -> None:
    task = a_task(stop_code="EssentialContainerExited", exit_code=1, container_reason="any")
    failure = diagnose(task).failure(task.detail)
    assert failure.summary.endswith("(EssentialContainerExited; any; exit 1)")
    assert a_task().detail == "ECS gave no reason"


def test_should_read_the_event_of_a_stopped_task() -> None:
    detail = {
        "taskArn": "arn:any",
        "lastStatus": "STOPPED",
        "startedBy": "0123abcd-12",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "containers": [
            {"name": "sidecar", "exitCode": 0},
            {"name": "processor", "exitCode": 11, "reason": "any"},
        ],
    }
    assert stopped_task(detail) == StoppedTask(
        task_arn="arn:any",
        job_id="0123abcd",
        attempt=12,
        stop_code="EssentialContainerExited",
        stopped_reason="Essential container in task exited",
        exit_code=11,
        container_reason="any",
    )


@pytest.mark.parametrize(
    "detail",
    [
        {},
        {"lastStatus": "RUNNING", "startedBy": "0123abcd-1"},
        {"lastStatus": "STOPPED"},
        {"lastStatus": "RUNNING", "startedBy": "ecs-svc/1234567890"},
        {"lastStatus": "STOPPED", "startedBy": "somebody"},
    ],
)
def test_should_pass_over_tasks_that_run_or_are_not_ours(detail: dict[str, Any]) -> None:
    assert stopped_task(detail) is None


def test_should_read_the_event_of_a_stopped_worker() -> None:
    detail = {
        "taskArn": "arn:any",
        "lastStatus": "STOPPED",
        "startedBy": "ecs-svc/1234567890",
        "stopCode": "ServiceSchedulerInitiated",
    }
    assert stopped_task(detail) == StoppedTask(
        task_arn="arn:any", stop_code="ServiceSchedulerInitiated"
    )
