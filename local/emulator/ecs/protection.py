"""Gap (1.5.33, upstream): task protection is a stub; ECS protects tasks of services only."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import ecs

from local.emulator.ecs.records import Response, cluster_of, is_service_task, service_of, task_of
from local.emulator.patching import around, register
from runtime.core.clock import SystemClock, WallClock

Request = dict[str, Any]
Task = dict[str, Any]

DEFAULT_MINUTES = 120
MAX_MINUTES = 2880
MAX_TASKS = 10
SECONDS_PER_MINUTE = 60
OVERRIDING = frozenset({"Service deleted", "Task failed container health checks"})
"""The scheduler's reasons that protection does not stand against."""


@dataclass(frozen=True, slots=True)
class Protections:
    """Which tasks are protected until when (seconds since the epoch)."""

    clock: WallClock
    gate: threading.RLock = field(default_factory=threading.RLock)
    """Held while it is decided who is protected, and while it is decided who is stopped."""

    _expiry: dict[str, float] = field(default_factory=dict)

    def protect(self, arn: str, minutes: int) -> None:
        """Protect a task from now on; a call resets the expiry."""
        self._expiry[arn] = self.clock.now() + minutes * SECONDS_PER_MINUTE

    def release(self, arn: str) -> None:
        """End a task's protection."""
        self._expiry.pop(arn, None)

    def is_protected(self, arn: str) -> bool:
        """Return whether a task is protected now."""
        return self._expiry.get(arn, 0.0) > self.clock.now()

    def describe(self, arn: str) -> dict[str, Any]:
        """Return a task's protection as the API does."""
        if not self.is_protected(arn):
            return {"taskArn": arn, "protectionEnabled": False}
        return {"taskArn": arn, "protectionEnabled": True, "expirationDate": self._expiry[arn]}


def answer(
    request: Request, protections: Protections, cluster: str, *, update: bool
) -> dict[str, Any]:
    """Return the answer to GetTaskProtection, or with `update` to UpdateTaskProtection."""
    protected, failures = [], []
    protects = update and bool(request.get("protectionEnabled"))
    for reference in request.get("tasks", []):
        with protections.gate:
            task = ecs._resolve_task(reference, cluster)
            reason = failure(task, protections, protects=protects)
            if task is None or reason:
                arn = task["taskArn"] if task else reference
                failures.append({"arn": arn, "reason": reason})
                continue
            if protects:
                minutes = int(request.get("expiresInMinutes") or DEFAULT_MINUTES)
                protections.protect(task["taskArn"], minutes)
            elif update:
                protections.release(task["taskArn"])
            protected.append(protections.describe(task["taskArn"]))
    return {"protectedTasks": protected, "failures": failures}


def failure(task: Task | None, protections: Protections, *, protects: bool) -> str | None:
    """Return why a call fails for one task, else None."""
    if task is None or "STOPPED" in {task["lastStatus"], task["desiredStatus"]}:
        return "MISSING"
    if not is_service_task(task):
        return "TASK_NOT_VALID"
    if protects:
        service = service_of(task) or {"desiredCount": 0}
        others = sum(
            protections.is_protected(other["taskArn"])
            for other in live_siblings(task)
            if other is not task
        )
        if others + 1 > int(service["desiredCount"]):
            return "DEPLOYMENT_BLOCKED"
    return None


def refusal(request: Request) -> str | None:
    """Return why ECS would refuse an update outright, else None."""
    if len(request.get("tasks", [])) > MAX_TASKS:
        return f"Number of tasks cannot exceed {MAX_TASKS}."
    minutes = request.get("expiresInMinutes")
    if minutes is not None and not 1 <= int(minutes) <= MAX_MINUTES:
        return f"expiresInMinutes must be between 1 and {MAX_MINUTES}."
    return None


def update_protection(request: Request, protections: Protections) -> Response:
    """Answer UpdateTaskProtection as the ECS API does."""
    return _call(request, protections, update=True)


def get_protection(request: Request, protections: Protections) -> Response:
    """Answer GetTaskProtection as the ECS API does."""
    return _call(request, protections, update=False)


def _call(request: Request, protections: Protections, *, update: bool) -> Response:
    cluster = cluster_of(request)
    if cluster not in ecs._clusters:
        return error_response_json("ClusterNotFoundException", "Cluster not found.")
    if update and (message := refusal(request)):
        return error_response_json("InvalidParameterException", message)
    return json_response(answer(request, protections, cluster, update=update))


def live_siblings(task: Task) -> list[Task]:
    """Return the tasks of a task's service that are not about to stop, itself among them."""
    return [
        other
        for other in ecs._tasks.values()
        if other.get("group") == task["group"]
        and other["clusterArn"] == task["clusterArn"]
        and other["desiredStatus"] != "STOPPED"
    ]


def install() -> Protections:
    """Answer the two calls, and keep the service scheduler off protected tasks.

    A call of StopTask and the deletion of a service with `force` ignore protection.
    """
    protections = Protections(SystemClock())
    calls = {
        "UpdateTaskProtection": lambda request: update_protection(request, protections),
        "GetTaskProtection": lambda request: get_protection(request, protections),
    }
    register(ecs._ACTION_MAP, calls.items(), __name__)

    @around(ecs, "_stop_task")
    def stop(original: Callable[[Request], Response], request: Request) -> Response:
        task = task_of(request)
        if task is None or request.get("reason") in OVERRIDING:
            return original(request)
        with protections.gate:
            if not protections.is_protected(task["taskArn"]):
                return original(request)
        return json_response({"task": ecs._sanitize(task)})

    return protections
