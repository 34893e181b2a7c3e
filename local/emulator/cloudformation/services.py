"""Gap (1.5.33, upstream): stacks wait neither for services nor for their tasks' end."""

import threading
from collections.abc import Callable
from typing import Any

from ministack.services import ecs
from ministack.services.cloudformation import provisioners, stacks

from local.emulator.cloudformation.handlers import (
    Create,
    Created,
    Delete,
    Properties,
    is_true,
    wrap,
)
from local.emulator.ecs.records import tasks_left
from local.emulator.patching import around
from runtime.core.clock import Clock, SystemClock

SERVICE = "AWS::ECS::Service"
STEADY_SECONDS = 3 * 3600.0
"""AWS's own. A service that fails is given up by its circuit breaker, which counts tasks."""

GONE_SECONDS = 180.0
POLL_SECONDS = 0.2

DROPPED = {
    "EnableECSManagedTags": "enableECSManagedTags",
    "EnableExecuteCommand": "enableExecuteCommand",
    "PlatformVersion": "platformVersion",
    "PropagateTags": "propagateTags",
}

Record = dict[str, Any]


class NotStabilizedError(Exception):
    """A service did not reach what its template asks for."""


def await_steady_state(record: Record, clock: Clock, known: Record | None = None) -> None:
    """Wait until a service's latest deployment is over; raise `NotStabilizedError`.

    `known` is the deployment that was the latest before a change. If the change started no other,
    the primary deployment is awaited: `known` may have failed and been rolled back.
    """
    deployment = record["deployments"][0]
    if deployment is known:
        deployment = ecs._primary_deployment(record) or deployment
    deadline = clock.monotonic() + STEADY_SECONDS
    while not is_steady(record, deployment):
        if deployment["rolloutState"] == "FAILED":
            raise NotStabilizedError(
                f"Service {record['serviceName']}: {deployment['rolloutStateReason']}"
            )
        if clock.monotonic() > deadline:
            raise NotStabilizedError(
                f"Service {record['serviceName']} did not stabilize in {STEADY_SECONDS:.0f} s."
            )
        clock.sleep(POLL_SECONDS)


def is_steady(record: Record, deployment: Record) -> bool:
    """Return whether a deployment is over and as many tasks run as are wanted."""
    over = deployment["rolloutState"] == "COMPLETED"
    return over and int(record["runningCount"]) >= int(record["desiredCount"])


def await_end_of_tasks(record: Record, clock: Clock) -> None:
    """Wait until nothing of a deleted service runs any more."""
    deadline = clock.monotonic() + GONE_SECONDS
    while tasks_left(record):
        if clock.monotonic() > deadline:
            raise NotStabilizedError(f"Tasks of {record['serviceName']} did not stop.")
        clock.sleep(POLL_SECONDS)


def record_of(physical_id: str) -> Record:
    """Return a service by its ARN."""
    _, cluster, name = physical_id.rsplit("/", 2)
    return ecs._services[f"{cluster}/{name}"]


def dropped(properties: Properties) -> Record:
    """Return the properties of a new service that ministack leaves out, as the API spells them."""
    return {
        api: is_true(properties[name]) if name.startswith("Enable") else properties[name]
        for name, api in DROPPED.items()
        if name in properties
    }


def install() -> None:
    """Have stacks wait, on threads of their own."""
    time = SystemClock()
    creating = threading.local()

    @around(ecs, "_create_service")
    def create_service(original: Callable[[Record], Any], request: Record) -> Any:
        properties = creating.__dict__.pop("properties", {})
        return original({**request, **dropped(properties)})

    def create(original: Create, logical_id: str, properties: Properties, stack: str) -> Created:
        creating.properties = properties
        created = original(logical_id, properties, stack)
        try:
            await_steady_state(record_of(created[0]), time)
        except NotStabilizedError:
            provisioners._RESOURCE_HANDLERS[SERVICE]["delete"](created[0], properties)
            raise
        return created

    def update(
        original: Callable[..., Created], physical_id: str, *rest: Any, **more: Any
    ) -> Created:
        known = record_of(physical_id)["deployments"][0]
        updated = original(physical_id, *rest, **more)
        await_steady_state(record_of(updated[0]), time, known)
        return updated

    def delete(original: Delete, physical_id: str, properties: Properties) -> None:
        original(physical_id, properties)
        await_end_of_tasks(record_of(physical_id), time)

    wrap(SERVICE, create=create, update=update, delete=delete)

    @around(stacks, "_runs_on_worker_thread")
    def runs_on_worker_thread(original: Callable[[str], bool], resource_type: str) -> bool:
        return resource_type == SERVICE or original(resource_type)
