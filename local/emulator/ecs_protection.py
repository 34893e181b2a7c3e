"""Gap: task scale-in protection is a stub. Closed with ECS's rule: service tasks only."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import ecs

from runtime.core.clock import SystemClock, WallClock

Response = tuple[int, dict[str, str], bytes]
Request = dict[str, Any]
Task = dict[str, Any]

SERVICE_GROUP = "service:"
DEFAULT_MINUTES = 120
MAX_MINUTES = 2880
MAX_TASKS = 10
SECONDS_PER_MINUTE = 60
BAD_REQUEST = 400


@dataclass(frozen=True, slots=True)
class Protections:
    """Which tasks are protected until when (seconds since the epoch)."""

    clock: WallClock
    _expiry: dict[str, float] = field(default_factory=dict)

    def protect(self, arn: str, minutes: int) -> None:
        """Protect a task from now on; a call resets the expiry."""
        self._expiry[arn] = self.clock.now() + minutes * SECONDS_PER_MINUTE

    def release(self, arn: str) -> None:
        """End a task's protection."""
        self._expiry.pop(arn, None)

    def is_protected(self, arn: str) -> bool:
        """Tell whether a task is protected now."""
        return self._expiry.get(arn, 0.0) > self.clock.now()

    def describe(self, arn: str) -> dict[str, Any]:
        """Return a task's protection as the API does."""
        if not self.is_protected(arn):
            return {"taskArn": arn, "protectionEnabled": False}
        return {"taskArn": arn, "protectionEnabled": True, "expirationDate": self._expiry[arn]}


def answer(
    request: Request,
    protections: Protections,
    find: Callable[[str], Task | None],
    *,
    update: bool,
) -> dict[str, Any]:
    """Return the answer to GetTaskProtection, or with `update` to UpdateTaskProtection."""
    protected, failures = [], []
    for reference in request.get("tasks", []):
        task = find(reference)
        if task is None or task["lastStatus"] == "STOPPED":
            failures.append({"arn": reference, "reason": "MISSING"})
            continue
        arn = task["taskArn"]
        if not is_service_task(task):
            failures.append({"arn": arn, "reason": "TASK_NOT_VALID"})
            continue
        if update and request.get("protectionEnabled"):
            protections.protect(arn, int(request.get("expiresInMinutes") or DEFAULT_MINUTES))
        elif update:
            protections.release(arn)
        protected.append(protections.describe(arn))
    return {"protectedTasks": protected, "failures": failures}


def refusal(request: Request) -> str | None:
    """Return why ECS would refuse an update outright, else None."""
    if len(request.get("tasks", [])) > MAX_TASKS:
        return f"Number of tasks cannot exceed {MAX_TASKS}."
    minutes = request.get("expiresInMinutes")
    if minutes is not None and not 1 <= int(minutes) <= MAX_MINUTES:
        return f"expiresInMinutes must be between 1 and {MAX_MINUTES}."
    return None


def is_service_task(task: Task) -> bool:
    """Tell whether a task belongs to a service, the only kind that is ever scaled in."""
    return str(task.get("group") or "").startswith(SERVICE_GROUP)


def install(clock: WallClock | None = None) -> None:
    """Answer the two calls, and keep the service scheduler off protected tasks."""
    protections = Protections(clock or SystemClock())

    def handler(*, update: bool) -> Callable[[Request], Response]:
        def handle(request: Request) -> Response:
            cluster = ecs._resolve_cluster_name(request.get("cluster", "default"))
            if cluster not in ecs._clusters:
                return _error("ClusterNotFoundException", "Cluster not found.")
            if update and (message := refusal(request)):
                return _error("InvalidParameterException", message)
            found = answer(
                request, protections, lambda ref: ecs._resolve_task(ref, cluster), update=update
            )
            response: Response = json_response(found)
            return response

        return handle

    ecs._ACTION_MAP["UpdateTaskProtection"] = handler(update=True)
    ecs._ACTION_MAP["GetTaskProtection"] = handler(update=False)
    ecs._stop_task = _sparing_protected(ecs._stop_task, protections)


def _sparing_protected(
    stop: Callable[[Request], Response], protections: Protections
) -> Callable[[Request], Response]:
    """Let the scheduler stop another task of the service instead, or none; StopTask ignores it."""

    def stop_unprotected(request: Request) -> Response:
        cluster = ecs._resolve_cluster_name(request.get("cluster", "default"))
        task = ecs._resolve_task(request.get("task", ""), cluster)
        if task is None or not protections.is_protected(task["taskArn"]):
            return stop(request)
        if str(request.get("reason", "")).startswith("Service scaling"):
            for other in ecs._tasks.values():
                if (
                    other.get("group") == task["group"]
                    and other.get("clusterArn") == task["clusterArn"]
                    and other["lastStatus"] in ecs._PRE_STOP_STATUSES
                    and other["desiredStatus"] != "STOPPED"
                    and not protections.is_protected(other["taskArn"])
                ):
                    return stop({**request, "task": other["taskArn"]})
        response: Response = json_response({"task": ecs._sanitize(task)})
        return response

    return stop_unprotected


def _error(code: str, message: str) -> Response:
    response: Response = error_response_json(code, message, BAD_REQUEST)
    return response
