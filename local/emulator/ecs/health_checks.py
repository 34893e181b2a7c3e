"""Gap (1.5.33, upstream): containers' health checks are not run.

A thread for each running container runs them.
"""

import threading
from collections.abc import Callable
from typing import Any

from ministack.core.concurrency import spawn_background
from ministack.services import ecs

from local.emulator.containers.running_container import RunningContainer
from local.emulator.ecs.daemon import ProcessDaemon
from local.emulator.ecs.health_rules import (
    UNKNOWN,
    Health,
    HealthCheck,
    after_check,
    health_check,
    task_health,
)
from local.emulator.ecs.records import definition_of_task
from local.emulator.patching import around
from local.emulator.time_scale import scaled
from runtime.core.clock import MonotonicClock, SystemClock

Task = dict[str, Any]


def install(daemon: ProcessDaemon, changed: Callable[[], None]) -> None:
    """Check containers from when their task runs; call `changed` when a task's health changes."""
    clock = SystemClock()

    @around(ecs, "_mark_task_running")
    def mark(original: Any, arn: str, task: Task) -> bool:
        marked: bool = original(arn, task)
        if marked:
            for index, check in checks_of(task).items():
                container = daemon.containers.get(task["_docker_ids"][index])
                spawn_background(
                    watch,
                    container,
                    check,
                    clock,
                    reporter(task, index, changed),
                    thread_name=f"health-{arn[-8:]}",
                )
        return marked


def checks_of(task: Task) -> dict[int, HealthCheck]:
    """Return the health checks of a task's containers by their position."""
    checks = {
        index: health_check(container.get("healthCheck"))
        for index, container in enumerate(definition_of_task(task)["containerDefinitions"])
    }
    return {index: check for index, check in checks.items() if check}


def reporter(task: Task, index: int, changed: Callable[[], None]) -> Callable[[str], None]:
    """Return what writes a container's status into its task's description."""

    def report(status: str) -> None:
        task["containers"][index]["healthStatus"] = status
        checked = [
            task["containers"][i]["healthStatus"]
            for i in checks_of(task)
            if task["_container_essentials"][i]
        ]
        task["healthStatus"] = task_health(checked)
        changed()

    return report


def watch(
    container: RunningContainer,
    check: HealthCheck,
    clock: MonotonicClock,
    report: Callable[[str], None],
) -> None:
    """Check a container until it ends: often until it was healthy once, then as it asks for.

    Its start period is time in which it could run: a busy machine makes no container unhealthy.
    """
    health, started, pause = Health(), clock.monotonic(), threading.Event()
    while container.status == "running":
        interval = check.interval_seconds
        pause.wait(scaled(interval) if health.status == UNKNOWN else interval)
        if container.status != "running":
            return
        passed = container.succeeds(check.command, check.timeout_seconds)
        age = clock.monotonic() - started - container.starved_seconds
        found = after_check(check, health, passed=passed, age_seconds=age)
        if found.status != health.status and container.status == "running":
            report(found.status)
        health = found
