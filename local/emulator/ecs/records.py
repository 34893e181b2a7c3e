"""Launcher: how records of ministack's ECS are found and changed."""

from collections.abc import Mapping
from typing import Any

from ministack.core.responses import new_uuid
from ministack.services import ecs

Record = dict[str, Any]
Request = Mapping[str, Any]
Response = tuple[int, dict[str, str], bytes]

DEFAULT_CLUSTER = "default"
SERVICE_GROUP = "service:"
"""Begins the group of a service's task; the service's name follows."""


def cluster_of(request: Request) -> Any:
    """Return the name of the cluster that a request is about, None for an ARN of another kind."""
    return ecs._resolve_cluster_name(request.get("cluster", DEFAULT_CLUSTER))


def named_cluster(request: Request) -> str:
    """Return the name of the cluster that a request gives by name or ARN."""
    return str(request.get("cluster") or DEFAULT_CLUSTER).rsplit("/", 1)[-1]


def task_of(request: Request) -> Record | None:
    """Return the task that a request is about, None without one."""
    found: Record | None = ecs._resolve_task(request.get("task", ""), cluster_of(request))
    return found


def definition_of(request: Request) -> Record:
    """Return the task definition that a request names, empty without one."""
    key = ecs._resolve_td_key(request.get("taskDefinition", ""))
    return ecs._task_defs.get(key) or {}


def definition_of_task(task: Request) -> Record:
    """Return a task's definition, empty without one."""
    return ecs._task_defs.get(task["taskDefinitionArn"].rsplit("/", 1)[-1]) or {}


def service_of_group(cluster: str, group: object) -> Record | None:
    """Return the service of a cluster whose tasks have this group, None without one."""
    name = str(group or "").removeprefix(SERVICE_GROUP)
    found: Record | None = ecs._services.get(f"{cluster}/{name}")
    return found


def service_of(task: Request) -> Record | None:
    """Return the service that a task belongs to, None if it is not there."""
    return service_of_group(ecs._cluster_name_from_arn(task["clusterArn"]), task.get("group"))


def is_service_task(task: Request) -> bool:
    """Return whether a task belongs to a service, the only kind that is ever scaled in."""
    return str(task.get("group") or "").startswith(SERVICE_GROUP)


def configuration_of(service: Request) -> Record:
    """Return how a service is deployed, empty where it does not say."""
    return service.get("deploymentConfiguration") or {}


def deployment_alarms(service: Request) -> list[str]:
    """Return the names of the alarms that roll deployments of a service back."""
    alarms = configuration_of(service).get("alarms") or {}
    return list(alarms.get("alarmNames") or ()) if alarms.get("enable") else []


def tasks_left(service: Request) -> list[Record]:
    """Return a service's tasks that have not ended."""
    group, cluster = SERVICE_GROUP + service["serviceName"], service["clusterArn"]
    return [
        task
        for task in list(ecs._tasks.values())
        if task.get("group") == group
        and task["clusterArn"] == cluster
        and task["lastStatus"] != "STOPPED"
    ]


def note(service: Record, what: str) -> None:
    """Add an event to a service, the newest first."""
    message = f"(service {service['serviceName']}) {what}"
    event = {"id": new_uuid(), "createdAt": ecs._iso(), "message": message}
    service["events"].insert(0, event)


def complete(service: Record, deployment: Record) -> None:
    """Record that a deployment of a service is over."""
    deployment.update(
        rolloutState="COMPLETED",
        rolloutStateReason=f"ECS deployment {deployment['id']} completed.",
        updatedAt=ecs._iso(),
    )
    note(service, "has reached a steady state.")
