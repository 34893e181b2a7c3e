"""Gap (1.5.33, upstream): services deploy rolling only; what is recorded of a deployment.

A `Run` is a field of ministack's deployment record and replaced as a whole. Records of ended
deployments stay in a field of their service, for `ListServiceDeployments`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.emulator.ecs.blue_green.stages import ORDER, Progress, Side, Stage, Status
from local.emulator.ecs.blue_green.traffic import (
    Balanced,
    Rules,
    balanced,
    production_groups,
)

Record = dict[str, Any]

RUN = "_blue_green"
"""The field of a deployment record that holds its run."""

STOP = "_stop_requested"
"""The field of a deployment record that `StopServiceDeployment` sets: the scheduler sets `RUN`."""

HISTORY = "_service_deployments"
"""The field of a service record that holds its deployments, the newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One blue/green deployment.

    `source` is the id of blue's deployment, empty without one. `blocked` is why no rule may be
    changed, if so; `alarms_watched` is False where an alarm was in ALARM when it began.
    """

    identifier: str
    progress: Progress
    blue: tuple[str, ...]
    green: tuple[str, ...]
    source: str = ""
    blocked: str = ""
    alarms_watched: bool = True
    triggered: tuple[str, ...] = ()
    started_at: str = ""
    updated_at: str = ""
    rollback_at: str = ""
    finished_at: str = ""

    def groups(self, side: Side) -> tuple[str, ...]:
        """Return the target group of a side at each load balancer."""
        return self.green if side is Side.GREEN else self.blue


def run_of(deployment: Mapping[str, Any]) -> Run | None:
    """Return a deployment's run, None if it is a rolling one."""
    found: Run | None = deployment.get(RUN)
    return found


def deployments(service: Mapping[str, Any]) -> list[Record]:
    """Return all known deployments of a service, ended ones too, without duplicates."""
    known = [*(service.get("deployments") or ()), *(service.get(HISTORY) or ())]
    return list({each["id"]: each for each in known}.values())


def find(service: Mapping[str, Any], deployment_id: str) -> Record | None:
    """Return a deployment of a service by its id."""
    return next((each for each in deployments(service) if each["id"] == deployment_id), None)


def source_of(service: Mapping[str, Any], primary: Mapping[str, Any]) -> Record | None:
    """Return blue: the latest earlier deployment that was completed, None without one.

    One that was interrupted while its blue ended has passed all there was to pass.
    """
    for each in service["deployments"]:
        if each["id"] == primary["id"]:
            continue
        run = run_of(each)
        passed = run is not None and run.progress.stage is Stage.CLEAN_UP and not rolled_back(run)
        if each["rolloutState"] == "COMPLETED" or passed:
            found: Record = each
            return found
    return None


def rolled_back(run: Run) -> bool:
    """Return whether a run goes back or went back to blue."""
    return bool(run.progress.reason)


def groups_of(
    rules: Rules, service: Mapping[str, Any], deployment: Mapping[str, Any] | None
) -> tuple[str, ...]:
    """Return the target groups that a deployment's tasks are registered in, by load balancer.

    A blue/green deployment keeps its own, also as blue of a later one. Tasks of a rolling one are
    where production traffic goes, and so is blue that does not exist yet.
    """
    run = run_of(deployment) if deployment else None
    if run is not None:
        return run.green
    for each in deployments(service) if deployment else ():
        later = run_of(each)
        if later is not None and deployment and later.source == deployment["id"]:
            return later.blue
    balancers = balanced(service)
    if balancers:
        return production_groups(rules, balancers)
    return tuple(each.get("targetGroupArn", "") for each in service.get("loadBalancers") or ())


def other_groups(balancers: Sequence[Balanced], blue: Sequence[str]) -> tuple[str, ...]:
    """Return the groups that blue does not use."""
    return tuple(each.other(group) for each, group in zip(balancers, blue, strict=True))


def is_watched(run: Run) -> bool:
    """Return whether failures still matter: blue is there to go back to."""
    progress = run.progress
    return progress.status is Status.IN_PROGRESS and ORDER.index(progress.stage) < len(ORDER) - 1
