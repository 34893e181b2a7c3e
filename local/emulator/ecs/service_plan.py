"""Gap (1.5.33, upstream): services ignore protection and health; the next starts and stops.

The rules are ECS's. A rolling deployment keeps minimumHealthyPercent of the desired count serving
and never has more than maximumPercent of it; protected tasks are left alone, count against both,
and hold the deployment up until they are not protected any more. Which tasks go first when a
service scales in is not documented: first those that do not serve yet, then the newest.
"""

from dataclasses import dataclass

PERCENT = 100

UNHEALTHY_REASON = "Task failed container health checks"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTask:
    """A task that is not about to stop. `created_at` orders tasks by age."""

    arn: str
    deployment: str
    serving: bool
    unhealthy: bool = False
    protected: bool = False
    created_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What a service asks for. `primary` is its latest deployment; `halted`: start nothing."""

    desired: int
    primary: str
    minimum_percent: int = PERCENT
    maximum_percent: int = 2 * PERCENT
    halted: bool = False

    @property
    def least(self) -> int:
        """How many tasks must serve at any time."""
        return -(-self.desired * self.minimum_percent // PERCENT)

    @property
    def most(self) -> int:
        """How many tasks there may be."""
        return self.desired * self.maximum_percent // PERCENT


@dataclass(frozen=True, slots=True)
class Stop:
    """A task to stop and what to give as the reason."""

    arn: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The next tasks to start and stop; the rest follows from the next plan."""

    start: int
    stops: tuple[Stop, ...]


def plan(service: Service, tasks: tuple[ServiceTask, ...]) -> Plan:
    """Return the next steps towards the desired count of the latest deployment."""
    unhealthy = [task for task in tasks if task.unhealthy]
    kept = [task for task in tasks if not task.unhealthy]
    current = [task for task in kept if task.deployment == service.primary]
    old = [task for task in kept if task.deployment != service.primary]
    scaled_in = stop_order(current)[: max(0, len(current) - service.desired)]
    replaced = replaceable(service, kept, old)
    stops = (
        *(Stop(task.arn, UNHEALTHY_REASON) for task in unhealthy),
        *(Stop(task.arn, scaling_reason(service)) for task in scaled_in),
        *(Stop(task.arn, scaling_reason(service)) for task in replaced),
    )
    missing = service.desired - len(current)
    room = service.most - (len(kept) - len(replaced))
    start = 0 if service.halted else max(0, min(missing, room))
    return Plan(start, stops)


def replaceable(
    service: Service, kept: list[ServiceTask], old: list[ServiceTask]
) -> list[ServiceTask]:
    """Return the tasks of earlier deployments that may be stopped now."""
    spare = sum(task.serving for task in kept) - service.least
    stopping = []
    for task in stop_order(old):
        if not task.serving:
            stopping.append(task)
        elif spare > 0:
            stopping.append(task)
            spare -= 1
    return stopping


def stop_order(tasks: list[ServiceTask]) -> list[ServiceTask]:
    """Return the unprotected tasks in the order in which they are stopped."""
    free = [task for task in tasks if not task.protected]
    newest_first = sorted(free, key=lambda task: task.created_at, reverse=True)
    return sorted(newest_first, key=lambda task: task.serving)


def is_complete(service: Service, tasks: tuple[ServiceTask, ...]) -> bool:
    """Return whether the deployment is over: all of it serves and nothing earlier is left."""
    serving = sum(task.serving and task.deployment == service.primary for task in tasks)
    return serving >= service.desired and all(task.deployment == service.primary for task in tasks)


def scaling_reason(service: Service) -> str:
    """Return what ECS gives as the reason for a stop of its own."""
    return f"Scaling activity initiated by (deployment {service.primary})"
