"""Gap (1.5.33, upstream): task protection is a stub; ECS protects tasks of services only."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import ecs

from local.emulator.patching import around, register
from runtime.core.clock import SystemClock, WallClock

Response = tuple[int, dict[str, str], bytes]
Request = dict[str, Any]
Task = dict[str, Any]

SERVICE_GROUP = "service:"
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


@dataclass(frozen=True, slots=True)
class Cluster:
    """The tasks that a call may name, and how many tasks the service of one wants."""

    find: Callable[[str], Task | None]
    siblings: Callable[[Task], list[Task]]
    desired_count: Callable[[Task], int]


def answer(
    request: Request, protections: Protections, cluster: Cluster, *, update: bool
) -> dict[str, Any]:
    """Return the answer to GetTaskProtection, or with `update` to UpdateTaskProtection."""
    protected, failures = [], []
    for reference in request.get("tasks", []):
        with protections.gate:
            task = cluster.find(reference)
            reason = failure(task, request, protections, cluster, update=update)
            if task is None or reason:
                arn = task["taskArn"] if task else reference
                failures.append({"arn": arn, "reason": reason})
                continue
            if update:
                change(task["taskArn"], request, protections)
            protected.append(protections.describe(task["taskArn"]))
    return {"protectedTasks": protected, "failures": failures}


def failure(
    task: Task | None,
    request: Request,
    protections: Protections,
    cluster: Cluster,
    *,
    update: bool,
) -> str | None:
    """Return why a call fails for one task, else None."""
    if task is None or "STOPPED" in {task["lastStatus"], task["desiredStatus"]}:
        return "MISSING"
    if not is_service_task(task):
        return "TASK_NOT_VALID"
    if update and request.get("protectionEnabled"):
        others = sum(
            protections.is_protected(other["taskArn"])
            for other in cluster.siblings(task)
            if other is not task
        )
        if others + 1 > cluster.desired_count(task):
            return "DEPLOYMENT_BLOCKED"
    return None


def change(arn: str, request: Request, protections: Protections) -> None:
    """Do to one task what an update asks for."""
    if request.get("protectionEnabled"):
        protections.protect(arn, int(request.get("expiresInMinutes") or DEFAULT_MINUTES))
    else:
        protections.release(arn)


def refusal(request: Request) -> str | None:
    """Return why ECS would refuse an update outright, else None."""
    if len(request.get("tasks", [])) > MAX_TASKS:
        return f"Number of tasks cannot exceed {MAX_TASKS}."
    minutes = request.get("expiresInMinutes")
    if minutes is not None and not 1 <= int(minutes) <= MAX_MINUTES:
        return f"expiresInMinutes must be between 1 and {MAX_MINUTES}."
    return None


def is_service_task(task: Task) -> bool:
    """Return whether a task belongs to a service, the only kind that is ever scaled in."""
    return str(task.get("group") or "").startswith(SERVICE_GROUP)


def update_protection(request: Request, protections: Protections) -> Response:
    """Answer UpdateTaskProtection as the ECS API does."""
    return _call(request, protections, update=True)


def get_protection(request: Request, protections: Protections) -> Response:
    """Answer GetTaskProtection as the ECS API does."""
    return _call(request, protections, update=False)


def _call(request: Request, protections: Protections, *, update: bool) -> Response:
    name = ecs._resolve_cluster_name(request.get("cluster", "default"))
    if name not in ecs._clusters:
        return _error("ClusterNotFoundException", "Cluster not found.")
    if update and (message := refusal(request)):
        return _error("InvalidParameterException", message)
    cluster = Cluster(
        find=lambda reference: ecs._resolve_task(reference, name),
        siblings=live_siblings,
        desired_count=lambda task: desired_count(task, name),
    )
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


def desired_count(task: Task, cluster: str) -> int:
    """Return how many tasks a task's service wants."""
    service = ecs._services.get(f"{cluster}/{task['group'].removeprefix(SERVICE_GROUP)}")
    return int(service["desiredCount"]) if service else 0


def install(clock: WallClock | None = None) -> Protections:
    """Answer the two calls, and keep the service scheduler off protected tasks.

    A call of StopTask and the deletion of a service with `force` ignore protection.
    """
    protections = Protections(clock or SystemClock())
    calls = {
        "UpdateTaskProtection": lambda request: update_protection(request, protections),
        "GetTaskProtection": lambda request: get_protection(request, protections),
    }
    register(ecs._ACTION_MAP, calls.items(), __name__)

    @around(ecs, "_stop_task")
    def stop(original: Callable[[Request], Response], request: Request) -> Response:
        cluster = ecs._resolve_cluster_name(request.get("cluster", "default"))
        task = ecs._resolve_task(request.get("task", ""), cluster)
        if task is None or request.get("reason") in OVERRIDING:
            return original(request)
        with protections.gate:
            if not protections.is_protected(task["taskArn"]):
                return original(request)
        return json_response({"task": ecs._sanitize(task)})

    return protections


def _error(code: str, message: str) -> Response:
    return error_response_json(code, message, HTTPStatus.BAD_REQUEST)
