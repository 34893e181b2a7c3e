"""Gap (1.5.33, upstream): StopTask reports STOPPED before the process has ended."""

import threading
from collections.abc import Callable
from typing import Any

from ministack.core.concurrency import resource_lock, spawn_background
from ministack.core.responses import json_response
from ministack.services import ecs

from local.emulator.containers.registry import NoSuchContainerError
from local.emulator.containers.running_container import RunningContainer
from local.emulator.ecs.daemon import ProcessDaemon
from local.emulator.ecs.records import Response, task_of
from local.emulator.patching import around, register, replace

Request = dict[str, Any]
Task = dict[str, Any]

USER_INITIATED = "UserInitiated"
SCHEDULER_INITIATED = "ServiceSchedulerInitiated"
STOPPER = "_stopper"
"""Internal field of a task: the thread that may still change it while it is being stopped."""


def install(daemon: ProcessDaemon, announce: Callable[[Task], None]) -> None:
    """Make StopTask, and the service scheduler's own stops, wait for the process.

    `announce` is called with the task when its `desiredStatus` changes.
    """
    original: Callable[[Request], Response] = ecs._stop_task

    @around(ecs, "_task_is_active")
    def is_active(original: Callable[[str, Task], bool], arn: str, task: Task) -> bool:
        if task.get(STOPPER) == threading.get_ident():
            return bool(ecs._tasks.get(arn) is task and task["lastStatus"] != "STOPPED")
        return original(arn, task)

    def stop(request: Request, code: str) -> Response:
        task = task_of(request)
        if task is None or task["lastStatus"] == "STOPPED":
            return original(request)
        reason = request.get("reason") or "Task stopped by user"
        if _begin(task, reason, code):
            announce(task)
            name = f"stop-{task['taskArn'][-8:]}"
            spawn_background(_finish, daemon, task, reason, code, thread_name=name)
        return json_response({"task": ecs._sanitize(task)})

    by_user = ("StopTask", lambda request: stop(request, USER_INITIATED))
    register(ecs._ACTION_MAP, [by_user], __name__)
    replace(ecs, "_stop_task", lambda request: stop(request, SCHEDULER_INITIATED), module=__name__)


def _begin(task: Task, reason: str, code: str) -> bool:
    """Record that a task is to stop; return False when that is recorded already."""
    with resource_lock("ecs-task", task["taskArn"]):
        if task["desiredStatus"] == "STOPPED":
            return False
        ecs._bump_task_version(task)
        task.update(
            desiredStatus="STOPPED", stoppingAt=ecs._iso(), stoppedReason=reason, stopCode=code
        )
        return True


def _finish(daemon: ProcessDaemon, task: Task, reason: str, code: str) -> None:
    """Stop every container, record the real exit codes, then report STOPPED."""
    containers = [_container(daemon, identifier) for identifier in task.get("_docker_ids") or []]
    stopping = [threading.Thread(target=c.stop) for c in containers if c is not None]
    for thread in stopping:
        thread.start()
    for thread in stopping:
        thread.join()
    with resource_lock("ecs-task", task["taskArn"]):
        for described, container in zip(task["containers"], containers, strict=False):
            if container is not None:
                described["exitCode"] = container.wait()["StatusCode"]
        task[STOPPER] = threading.get_ident()
    ecs._mark_task_stopped(task["taskArn"], task, reason, code)
    ecs._cleanup_task_resources(task, daemon)


def _container(daemon: ProcessDaemon, identifier: str) -> RunningContainer | None:
    try:
        return daemon.containers.get(identifier)
    except NoSuchContainerError:
        return None
