"""Gap (1.5.33, upstream): tasks of processes are in no target group; who is registered where.

A task is registered in the target group of its deployment, with the address at which it really
listens. Requests go to the groups that a listener rule gives a weight above 0. Services without
listener rules of their own have all their tasks behind their front door.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ministack.core.concurrency import resource_lock
from ministack.core.responses import request_scope
from ministack.services import alb, ecs

from local.emulator.ecs.blue_green import traffic
from local.emulator.ecs.blue_green.run import find, groups_of
from local.emulator.ecs.daemon import ProcessDaemon
from local.emulator.ecs.service_scheduler import is_serving, live_tasks
from local.emulator.patching import replace
from local.emulator.settings import HOST

PUBLISHED = "_published_targets"
"""ministack's field for the addresses that a service has registered, by target group."""


@dataclass(frozen=True, slots=True)
class Target:
    """A task that serves: its port on this machine, and where it is registered."""

    port: int
    group: str
    account: str
    region: str


def serving_targets(daemon: ProcessDaemon, name: str, *, test: bool = False) -> list[Target]:
    """Return the tasks with a container that get requests, or test requests, oldest first."""
    found: list[Target] = []
    for (account, region, _key), service in list(ecs._services.all_items()):
        if service["status"] != "ACTIVE":
            continue
        with request_scope(account, region):
            for number, entry in enumerate(service.get("loadBalancers") or ()):
                if entry.get("containerName") != name:
                    continue
                chosen = led_to(service, number, test=test)
                found += [
                    Target(port, group, account, region)
                    for group, port in registered(daemon, service, number)
                    if chosen is None or group in chosen
                ]
    return found


def led_to(service: Mapping[str, Any], number: int, *, test: bool) -> tuple[str, ...] | None:
    """Return the groups that a load balancer's rule leads to; None stands for every group."""
    balancers = traffic.balanced(service)
    if not balancers:
        return () if test else None
    each = balancers[number]
    return traffic.serving(alb._rules, each.test_rule if test else each.production_rule)


def registered(
    daemon: ProcessDaemon, service: Mapping[str, Any], number: int
) -> list[tuple[str, int]]:
    """Return target group and port of each task that serves, oldest first."""
    entry = service["loadBalancers"][number]
    tasks = [task for task in live_tasks(dict(service)) if is_serving(task)]
    found = []
    for task in sorted(tasks, key=lambda each: str(each["createdAt"])):
        port = published(daemon, task, entry["containerName"], int(entry["containerPort"]))
        deployment = find(service, task.get("_deployment_id") or "")
        if port:
            found.append((groups_of(alb._rules, service, deployment)[number], port))
    return found


def published(daemon: ProcessDaemon, task: Mapping[str, Any], name: str, port: int) -> int:
    """Return the port of this machine at which a task's container listens, 0 without one."""
    ids = task.get("_docker_ids") or ()
    for described, identifier in zip(task["containers"], ids, strict=False):
        if described["name"] == name:
            return daemon.containers.get(identifier).published.get(port, 0)
    return 0


def register(daemon: ProcessDaemon, service: dict[str, Any]) -> None:
    """Register a service's tasks in their target groups, and no task that does not serve."""
    active = service.get("status") == "ACTIVE"
    for number, entry in enumerate(service.get("loadBalancers") or ()):
        if not entry.get("targetGroupArn"):
            continue
        there = registered(daemon, service, number) if active else []
        balancers = traffic.balanced(service)
        groups = balancers[number].groups if balancers else (entry["targetGroupArn"],)
        for group in groups:
            ports = [(HOST, port) for where, port in there if where == group]
            with resource_lock("elbv2-targets", group):
                ledger = service.setdefault(PUBLISHED, {})
                alb.set_targets_for_group(group, ports, ledger.get(group, ()))
                ledger[group] = [host for host, _ in ports]


def install(daemon: ProcessDaemon) -> None:
    """Register tasks whenever ministack refreshes a service."""
    replace(
        ecs,
        "_sync_service_targets",
        lambda _cluster, service: register(daemon, service),
        module=__name__,
    )
