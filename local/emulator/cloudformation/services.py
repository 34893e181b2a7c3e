"""Gap: stacks do not wait for services. Closed: for steady state, and for the end of tasks."""

from collections.abc import Callable
from typing import Any

from ministack.services import ecs
from ministack.services.cloudformation import provisioners, stacks

from local.emulator.cloudformation.handlers import Attributes, Properties
from local.emulator.ecs.service_scheduler import live_tasks
from runtime.core.clock import Clock, SystemClock

SERVICE = "AWS::ECS::Service"
STEADY_SECONDS = 600.0
"""AWS gives up after three hours."""

GONE_SECONDS = 180.0
POLL_SECONDS = 0.2

Record = dict[str, Any]


class NotStabilizedError(Exception):
    """A service did not reach what its template asks for."""


def await_steady_state(record: Record, clock: Clock) -> None:
    """Wait until a service's latest deployment is over; raise `NotStabilizedError`."""
    deployment = record["deployments"][0]
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
    """Tell whether a deployment is over and as many tasks run as are wanted."""
    over = deployment["rolloutState"] == "COMPLETED"
    return over and int(record["runningCount"]) >= int(record["desiredCount"])


def await_end_of_tasks(record: Record, clock: Clock) -> None:
    """Wait until nothing of a deleted service runs any more."""
    deadline = clock.monotonic() + GONE_SECONDS
    group = f"service:{record['serviceName']}"
    while live_tasks(record) or any(
        task.get("group") == group
        and task["clusterArn"] == record["clusterArn"]
        and task["lastStatus"] != "STOPPED"
        for task in list(ecs._tasks.values())
    ):
        if clock.monotonic() > deadline:
            raise NotStabilizedError(f"Tasks of {record['serviceName']} did not stop.")
        clock.sleep(POLL_SECONDS)


def record_of(physical_id: str) -> Record:
    """Return a service by its ARN."""
    _, cluster, name = physical_id.rsplit("/", 2)
    record: Record = ecs._services[f"{cluster}/{name}"]
    return record


def install(clock: Clock | None = None) -> None:
    """Have stacks wait, on threads of their own."""
    time = clock or SystemClock()
    handlers = dict(provisioners._RESOURCE_HANDLERS[SERVICE])
    create, update, delete = handlers["create"], handlers["update"], handlers["delete"]
    on_own_thread: Callable[[str], bool] = stacks._runs_on_worker_thread

    def create_and_wait(
        logical_id: str, properties: Properties, stack: str
    ) -> tuple[str, Attributes]:
        created: tuple[str, Attributes] = create(logical_id, properties, stack)
        try:
            await_steady_state(record_of(created[0]), time)
        except NotStabilizedError:
            delete(created[0], properties)
            raise
        return created

    def update_and_wait(
        physical_id: str, old: Properties, new: Properties, *more: Any, **options: Any
    ) -> tuple[str, Attributes]:
        updated: tuple[str, Attributes] = update(physical_id, old, new, *more, **options)
        await_steady_state(record_of(updated[0]), time)
        return updated

    def delete_and_wait(physical_id: str, properties: Properties) -> None:
        delete(physical_id, properties)
        await_end_of_tasks(record_of(physical_id), time)

    handlers.update(create=create_and_wait, update=update_and_wait, delete=delete_and_wait)
    provisioners._RESOURCE_HANDLERS[SERVICE] = handlers
    stacks._runs_on_worker_thread = lambda kind: kind == SERVICE or on_own_thread(kind)
