"""Gap (1.5.33, upstream): services deploy rolling only; carries out blue/green deployments.

Each step looks, decides by `stages`, records, then changes rules before tasks. A step that was
recorded but not carried out is carried out by the next one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ministack.core.responses import new_uuid
from ministack.services import alb, cloudwatch, ecs

from local.emulator.ecs.blue_green import hooks, traffic
from local.emulator.ecs.blue_green.descriptions import (
    BREAKER_REASON,
    REASON,
    deployment_arn,
    revision_arn,
)
from local.emulator.ecs.blue_green.run import (
    HISTORY,
    RUN,
    STOP,
    Record,
    Run,
    find,
    groups_of,
    other_groups,
    run_of,
    source_of,
)
from local.emulator.ecs.blue_green.shifting import blocked, shift, sides
from local.emulator.ecs.blue_green.stages import (
    Limits,
    Progress,
    Seen,
    Side,
    Status,
    advance,
    begin,
    wanted,
)
from local.emulator.ecs.records import complete, configuration_of, deployment_alarms, note
from local.emulator.time_scale import scaled
from runtime.core.clock import WallClock

ALARM = "ALARM"
LONGEST_STAGE_SECONDS = 24 * 3600.0
STOP_REASON = "it was requested by StopServiceDeployment."
KEPT_DEPLOYMENTS = 100


@dataclass(frozen=True, slots=True)
class Tasks:
    """A service's tasks that have not ended, by the deployment that started them."""

    left: Mapping[str, int]
    serving: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Counted:
    """How many tasks each deployment must have: the outcome of a step."""

    by_deployment: Mapping[str, int]
    changed: bool


@dataclass(frozen=True, slots=True)
class BlueGreen:
    """Carries out blue/green deployments, a step at a time."""

    clock: WallClock
    runner: hooks.HookRunner

    def step(self, service: Record, primary: Record, tasks: Tasks) -> Counted:
        """Bring a service's deployment one step on; return the tasks that it must have."""
        run = run_of(primary) or self._begin(service, primary, tasks)
        if not run.progress.is_over:
            run, seen = self._look(service, primary, run, tasks)
            progress = advance(run.progress, seen, limits(service))
        else:
            progress = run.progress
        changed = progress != run.progress
        if changed:
            run = record(primary, moved(run, progress))
        if not run.blocked:
            shift(service, run)
        if run.progress.is_over:
            finish(service, primary, run)
        return Counted(counts(service, primary, run), changed)

    def record_failure(self, service: Record, task: Record) -> bool:
        """Count a failed task for the circuit breaker; False if the service deploys rolling."""
        primary = ecs._primary_deployment(service)
        if primary is None or run_of(primary) is None:
            return False
        if primary["rolloutState"] == "IN_PROGRESS" and task["_deployment_id"] == primary["id"]:
            primary["failedTasks"] = int(primary.get("failedTasks") or 0) + 1
        return True

    def record_start(self, deployment: Record, failed: int, *, healthy: bool) -> None:
        """Keep the count of failed tasks, `failed` before a start, until a task is healthy.

        ministack starts counting again as soon as a task runs.
        """
        if run_of(deployment) is not None and not healthy:
            deployment["failedTasks"] = max(failed, int(deployment.get("failedTasks") or 0))

    def _begin(self, service: Record, primary: Record, tasks: Tasks) -> Run:
        for each in service["deployments"]:
            earlier = run_of(each)
            if each is not primary and earlier is not None and not earlier.progress.is_over:
                stopped = replace(earlier.progress, status=Status.STOPPED, since=self.clock.now())
                record(each, moved(earlier, stopped))
        source = source_of(service, primary)
        balancers = traffic.balanced(service)
        blue = groups_of(alb._rules, service, source) if balancers else ()
        mine = (primary["id"], source["id"] if source else "")
        others = sum(count for name, count in tasks.left.items() if name not in mine)
        run = Run(
            identifier=new_uuid().replace("-", "")[:21],
            progress=begin(self.clock.now(), others=others),
            blue=blue,
            green=other_groups(balancers, blue),
            source=source["id"] if source else "",
            blocked=blocked(service, balancers),
            alarms_watched=not triggered(service),
            started_at=ecs._iso(),
            updated_at=ecs._iso(),
        )
        history = service.setdefault(HISTORY, [])
        history[:] = [primary, *(each for each in history if each is not primary)]
        del history[KEPT_DEPLOYMENTS:]
        return record(primary, run)

    def _look(self, service: Record, primary: Record, run: Run, tasks: Tasks) -> tuple[Run, Seen]:
        asked = self._ask_hooks(service, primary, run)
        alarms = triggered(service) if run.alarms_watched else ()
        mine = (primary["id"], run.source)
        production, test = sides(service, run)
        seen = Seen(
            now=self.clock.now(),
            desired=int(service["desiredCount"]),
            production=production,
            test=test,
            green_serving=tasks.serving.get(primary["id"], 0),
            green_left=tasks.left.get(primary["id"], 0),
            blue_left=tasks.left.get(run.source, 0),
            others=sum(count for name, count in tasks.left.items() if name not in mine),
            has_blue=bool(run.source),
            hooks_passed=asked.passed,
            failure=failure(service, primary, run, alarms, asked.failure),
        )
        return replace(run, triggered=alarms or run.triggered), seen

    def _ask_hooks(self, service: Record, primary: Record, run: Run) -> hooks.StageHooks:
        stage = run.progress.stage
        found = hooks.of_stage(configuration_of(service), stage)
        if run.progress.is_rollback or not found:
            return hooks.StageHooks(passed=True)
        return self.runner.look(run.identifier, stage, found, hook_event(service, primary, run))


def record(deployment: Record, run: Run) -> Run:
    """Record a run: the one write that a step's decision consists of."""
    deployment[RUN] = run
    return run


def moved(run: Run, progress: Progress) -> Run:
    """Return a run with another progress and the times that follow from it."""
    now = ecs._iso()
    begins = progress.is_rollback and not run.rollback_at
    return replace(
        run,
        progress=progress,
        updated_at=now,
        rollback_at=now if begins else run.rollback_at,
        finished_at=now if progress.is_over else "",
    )


def finish(service: Record, primary: Record, run: Run) -> None:
    """Show the end of a deployment in the service; doing so again changes nothing."""
    now, reason = ecs._iso(), run.progress.reason
    if primary["rolloutState"] != "IN_PROGRESS" or primary["status"] != "PRIMARY":
        return
    if run.progress.status is Status.SUCCESSFUL:
        complete(service, primary)
        return
    source = find(service, run.source) if run.source else None
    note(service, f"deployment failed: {reason}")
    if source is not None:
        source.update(
            status="PRIMARY",
            # It may have been interrupted when all that was left was the end of its own blue.
            rolloutState="COMPLETED",
            desiredCount=service["desiredCount"],
            updatedAt=now,
        )
        service["taskDefinition"] = source["taskDefinition"]
        primary.update(status="ACTIVE")
        note(service, "rolled back to the last completed deployment.")
    primary.update(rolloutState="FAILED", rolloutStateReason=reason, desiredCount=0, updatedAt=now)


def limits(service: Record) -> Limits:
    """Return a service's bake time and the longest stage, in local seconds."""
    minutes = int(configuration_of(service).get("bakeTimeInMinutes") or 0)
    return Limits(bake_seconds=scaled(60.0 * minutes), stage_seconds=scaled(LONGEST_STAGE_SECONDS))


def counts(service: Record, primary: Record, run: Run) -> dict[str, int]:
    """Return how many tasks each deployment of a service must have."""
    desired = int(service["desiredCount"])
    if run.progress.status is Status.SUCCESSFUL:
        return {primary["id"]: desired}
    if run.progress.is_over:
        return {run.source: desired} if run.source else {}
    asked = wanted(run.progress)
    return {primary["id"]: desired * asked.green, run.source: desired * asked.blue}


def triggered(service: Record) -> tuple[str, ...]:
    """Return the deployment alarms of a service that are in ALARM."""
    found = {name: cloudwatch._alarms.get(name) for name in deployment_alarms(service)}
    return tuple(name for name, alarm in found.items() if alarm and alarm["StateValue"] == ALARM)


def failure(service: Record, primary: Record, run: Run, alarms: tuple[str, ...], hook: str) -> str:
    """Return why a deployment must be rolled back, as the API words it, else an empty text."""
    breaker = configuration_of(service).get("deploymentCircuitBreaker") or {}
    failed = int(primary.get("failedTasks") or 0)
    tripped = breaker.get("enable") and failed >= ecs._circuit_breaker_threshold(service)
    reasons = (
        run.blocked,
        STOP_REASON if primary.get(STOP) else "",
        BREAKER_REASON if tripped else "",
        f"these alarms were triggered: {', '.join(alarms)}." if alarms else "",
        hook,
    )
    found = next(filter(None, reasons), "")
    return REASON.format(found) if found else ""


def hook_event(service: Record, primary: Record, run: Run) -> dict[str, Any]:
    """Return the event that a hook's function gets."""
    asked = wanted(run.progress)
    source = find(service, run.source) if run.source else None
    revisions = {Side.GREEN: revision_arn(service, primary)}
    if source is not None:
        revisions[Side.BLUE] = revision_arn(service, source)

    def weights(shown: Side) -> dict[str, int]:
        return {arn: 100 if side is shown else 0 for side, arn in revisions.items()}

    return {
        "executionId": f"{run.identifier}-{run.progress.stage}",
        "lifecycleStage": str(run.progress.stage),
        "resourceArn": deployment_arn(service, run),
        "executionDetails": {
            "serviceArn": service["serviceArn"],
            "targetServiceRevisionArn": revisions[Side.GREEN],
            "testTrafficWeights": weights(asked.test),
            "productionTrafficWeights": weights(asked.production),
        },
    }
