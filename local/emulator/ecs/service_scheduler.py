"""Gap (1.5.33, upstream): services ignore protection and health and restart at once.

Requests only record what is wanted; the scheduler's one thread reconciles every service, so that
no two decisions overlap.
"""

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import ecs

from local.emulator.ecs.blue_green.controller import BlueGreen, Tasks
from local.emulator.ecs.blue_green.hooks import runner
from local.emulator.ecs.blue_green.refusals import BLUE_GREEN, strategy
from local.emulator.ecs.blue_green.run import deployments
from local.emulator.ecs.protection import Protections
from local.emulator.ecs.records import (
    SERVICE_GROUP,
    Record,
    complete,
    configuration_of,
    definition_of_task,
    is_service_task,
    service_of,
    tasks_left,
)
from local.emulator.ecs.restart_backoff import RestartBackoff
from local.emulator.ecs.service_plan import (
    UNHEALTHY_REASON,
    Plan,
    Service,
    ServiceTask,
    is_complete,
    plan,
)
from local.emulator.patching import around, replace
from runtime.core.clock import SystemClock, WallClock

INTERVAL_SECONDS = 0.2
HEALTHY, UNHEALTHY = "HEALTHY", "UNHEALTHY"

Task = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ServiceScheduler:
    """Reconciles every service, repeatedly."""

    protections: Protections
    backoff: RestartBackoff
    clock: WallClock
    blue_green: BlueGreen
    wake: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Reconcile all services for ever."""
        while True:
            self.wake.wait(INTERVAL_SECONDS)
            self.wake.clear()
            self.reconcile()

    def reconcile(self) -> None:
        """Reconcile each service once."""
        for (account, region, key), service in list(ecs._services.all_items()):
            if service["status"] != "ACTIVE":
                continue
            with request_scope(account, region):
                try:
                    self._reconcile(key.split("/", 1)[0], service)
                except Exception:  # noqa: BLE001 - the other services go on
                    ecs.logger.exception("the scheduler failed on %s", key)

    def failed(self, task: Task) -> None:
        """Record a service's task that ended by itself or never started."""
        if is_service_task(task) and task.get("_deployment_id"):
            self.backoff.failed(task["_deployment_id"], ran_seconds=self._ran_seconds(task))

    def _reconcile(self, cluster: str, record: Record) -> None:
        primary = ecs._primary_deployment(record)
        if primary is None:
            return
        if primary["rolloutState"] == "IN_PROGRESS" and strategy(record) == BLUE_GREEN:
            self._deploy_blue_green(cluster, record, primary)
            return
        wanted = self._wanted(record, primary)
        tasks = tuple(self._view(task) for task in live_tasks(record))
        self._carry_out(cluster, record, primary, plan(wanted, tasks))
        if primary["rolloutState"] == "IN_PROGRESS" and is_complete(wanted, tasks):
            complete(record, primary)
        ecs._refresh_service_state(cluster, SERVICE_GROUP + record["serviceName"])

    def _deploy_blue_green(self, cluster: str, record: Record, primary: Record) -> None:
        tasks = [self._view(task) for task in live_tasks(record)]
        counted = self.blue_green.step(
            record,
            primary,
            Tasks(
                left=Counter(task.get("_deployment_id") or "" for task in tasks_left(record)),
                serving=Counter(task.deployment for task in tasks if task.serving),
            ),
        )
        for deployment in deployments(record):
            own = tuple(task for task in tasks if task.deployment == deployment["id"])
            desired = counted.by_deployment.get(deployment["id"], 0)
            steps = plan(Service(desired=desired, primary=deployment["id"]), own)
            self._carry_out(cluster, record, deployment, steps)
        ecs._refresh_service_state(cluster, SERVICE_GROUP + record["serviceName"])
        if counted.changed:
            self.wake.set()

    def _carry_out(self, cluster: str, record: Record, deployment: Record, steps: Plan) -> None:
        for stop in steps.stops:
            ecs._stop_task({"cluster": cluster, "task": stop.arn, "reason": stop.reason})
            if stop.reason == UNHEALTHY_REASON:
                # To the circuit breaker and the back-off it is a task that failed.
                ecs._record_service_task_failure(ecs._tasks[stop.arn])
        if steps.start and self.backoff.may_start(deployment["id"]):
            start(cluster, record, deployment, steps.start)
        if steps.start or steps.stops:
            ecs._recount_cluster(cluster)

    def _wanted(self, record: Record, primary: Record) -> Service:
        rules = configuration_of(record)
        return Service(
            desired=int(record["desiredCount"]),
            primary=primary["id"],
            minimum_percent=int(rules.get("minimumHealthyPercent", 100)),
            maximum_percent=int(rules.get("maximumPercent", 200)),
            halted=primary["rolloutState"] == "FAILED",
        )

    def _view(self, task: Task) -> ServiceTask:
        health = task.get("healthStatus")
        return ServiceTask(
            arn=task["taskArn"],
            deployment=task.get("_deployment_id") or "",
            serving=is_serving(task),
            unhealthy=health == UNHEALTHY,
            protected=self.protections.is_protected(task["taskArn"]),
            created_at=task["createdAt"],
        )

    def _ran_seconds(self, task: Task) -> float:
        if not task.get("startedAt"):
            return 0.0
        return self.clock.now() - datetime.fromisoformat(task["startedAt"]).timestamp()


def live_tasks(record: Record) -> list[Task]:
    """Return a service's tasks that are not about to stop."""
    return [
        task
        for task in tasks_left(record)
        if task["desiredStatus"] != "STOPPED" and task["lastStatus"] in ecs._PRE_STOP_STATUSES
    ]


def is_serving(task: Task) -> bool:
    """Return whether a task runs and is healthy, as far as it is checked."""
    return bool(
        task["lastStatus"] == "RUNNING"
        and task.get("_startup_stable")
        and (task.get("healthStatus") == HEALTHY or not is_checked(task))
    )


def is_checked(task: Task) -> bool:
    """Return whether one of a task's containers has a health check."""
    containers = definition_of_task(task).get("containerDefinitions", [])
    return any(container.get("healthCheck") for container in containers)


def start(cluster: str, record: Record, primary: Record, count: int) -> None:
    """Start tasks of a deployment."""
    ecs._run_task(
        {
            "cluster": cluster,
            "taskDefinition": primary["taskDefinition"],
            "count": count,
            "group": SERVICE_GROUP + record["serviceName"],
            "startedBy": primary["id"],
            "launchType": record.get("launchType"),
            "capacityProviderStrategy": record.get("capacityProviderStrategy"),
            "platformVersion": record.get("platformVersion", ""),
            "networkConfiguration": record.get("networkConfiguration", {}),
            "enableExecuteCommand": record.get("enableExecuteCommand", False),
            "enableECSManagedTags": record.get("enableECSManagedTags", False),
            "propagateTags": record.get("propagateTags"),
            "_deploymentId": primary["id"],
        }
    )


def install(protections: Protections) -> ServiceScheduler:
    """Let ministack's service calls only record what is wanted, and start the scheduler."""
    clock = SystemClock()
    scheduler = ServiceScheduler(
        protections, RestartBackoff(clock), clock, BlueGreen(clock, runner(clock))
    )

    @around(ecs, "_make_deployment")
    def make_in_progress(original: Any, *arguments: Any, **options: Any) -> Record:
        # A first deployment is one as well: it can fail, and is over when its tasks serve.
        return {
            **original(*arguments, **options),
            "rolloutState": "IN_PROGRESS",
            "rolloutStateReason": "",
            "_image_resolution_disabled": True,
        }

    @around(ecs, "_record_service_task_failure")
    def failed(original: Any, task: Task, *arguments: Any, **options: Any) -> None:
        scheduler.failed(task)
        service = service_of(task)
        if service is None or not scheduler.blue_green.record_failure(service, task):
            original(task, *arguments, **options)
        scheduler.wake.set()

    @around(ecs, "_record_service_task_healthy")
    def started(original: Any, key: str, task: Task) -> None:
        service = ecs._services.get(key)
        deployment = ecs._deployment_for_task(service, task) if service else None
        failed = int((deployment or {}).get("failedTasks") or 0)
        original(key, task)
        if deployment is not None:
            scheduler.blue_green.record_start(deployment, failed, healthy=is_serving(task))

    for name in ("_reconcile_service_tasks", "_complete_service_deployment"):
        replace(ecs, name, lambda *_, **__: scheduler.wake.set(), module=__name__)
    threading.Thread(target=scheduler.run, name="service-scheduler", daemon=True).start()
    return scheduler
