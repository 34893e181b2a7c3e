"""Gap (1.5.33, upstream): Fargate runs any number of vCPUs at once.

An account has two quotas, of on-demand and of Spot vCPUs that run concurrently. RunTask answers
what exceeds its quota with a failure and no task; a service records an event and tries again.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ministack.core.responses import json_response
from ministack.services import ecs

from local.emulator.ecs.records import (
    Record,
    cluster_of,
    definition_of,
    note,
    service_of_group,
)
from local.emulator.patching import around
from local.emulator.settings import Quotas

Request = Mapping[str, Any]
Task = Mapping[str, Any]

SPOT = "FARGATE_SPOT"
CPU_UNITS = 1024
REASON = "You\u2019ve reached the limit on the number of vCPUs you can run concurrently"
"""ECS's own words, with its typographic apostrophe."""


def exceeds(
    quotas: Quotas, provider: str, vcpus: float, running: Iterable[tuple[str, float]]
) -> bool:
    """Return whether tasks of `vcpus` more would exceed a provider's quota.

    `running` are the provider and the vCPUs of each task that is not stopped.
    """
    limit = quotas.fargate_spot_vcpus if provider == SPOT else quotas.fargate_vcpus
    if limit is None:
        return False
    used = sum(count for other, count in running if (other == SPOT) == (provider == SPOT))
    return used + vcpus > limit


def vcpus_of(cpu: Any) -> float:
    """Return the vCPUs of a task's `cpu`, as text or number of CPU units."""
    return float(cpu or 0) / CPU_UNITS


def running() -> Iterable[tuple[str, float]]:
    """Yield provider and vCPUs of each Fargate task of the current account and region."""
    for task in list(ecs._tasks.values()):
        if task["launchType"] == "FARGATE" and task["lastStatus"] != "STOPPED":
            yield task.get("capacityProviderName") or "FARGATE", vcpus_of(task["cpu"])


def install(quotas: Quotas) -> None:
    """Refuse tasks that exceed a quota, for every caller."""

    @around(ecs, "_run_task")
    def run_task(original: Callable[[Request], Any], request: Request) -> Any:
        cluster, definition = cluster_of(request), definition_of(request)
        choice, strategy, error = ecs._launch_choice(request, ecs._clusters.get(cluster))
        if not definition or error:
            return original(request)
        launch_type, provider = ecs._task_capacity(choice, strategy)
        vcpus = vcpus_of(definition.get("cpu")) * int(request.get("count") or 1)
        if launch_type != "FARGATE" or not exceeds(quotas, provider or "", vcpus, running()):
            return original(request)
        if service := service_of_group(cluster, request.get("group")):
            note_once(service)
        return json_response({"tasks": [], "failures": [{"arn": None, "reason": REASON}]})


def note_once(service: Record) -> None:
    """Record in a service's events, once in a row, that its task could not be placed."""
    what = f"was unable to place a task. Reason: {REASON}."
    if not service["events"] or not service["events"][0]["message"].endswith(what):
        note(service, what)
