"""Gap (1.5.33, upstream): ListServiceDeployments and its siblings are stubs; what they describe."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from local.emulator.ecs.blue_green.run import STOP, Run, is_watched
from local.emulator.ecs.blue_green.stages import Side, Status, wanted
from local.emulator.ecs.blue_green.traffic import balanced
from local.emulator.ecs.records import configuration_of

Record = Mapping[str, Any]
Counts = Callable[[str], tuple[int, int]]
"""Returns how many tasks of a deployment run and how many are on their way."""

DISABLED, MONITORING, COMPLETE, TRIGGERED = (
    *("DISABLED", "MONITORING"),
    *("MONITORING_COMPLETE", "TRIGGERED"),
)
REVISION_DIGITS = 10**19
REASON = "Service deployment rolled back because {}"
BREAKER_REASON = "the circuit breaker threshold was exceeded."


def arn(service: Record, kind: str, name: str) -> str:
    """Return the ARN of a `service-deployment` or `service-revision` of a service."""
    head, _, tail = str(service["serviceArn"]).partition(":service/")
    return f"{head}:{kind}/{tail}/{name}"


def revision_arn(service: Record, deployment: Record) -> str:
    """Return the ARN of the service revision that a deployment deploys."""
    number = int(str(deployment["id"]).rpartition("/")[2], 16) % REVISION_DIGITS
    return arn(service, "service-revision", str(number))


def deployment_arn(service: Record, run: Run) -> str:
    """Return the ARN of a service deployment."""
    return arn(service, "service-deployment", run.identifier)


def status(deployment: Record, run: Run) -> str:
    """Return the status that the API shows."""
    asked = deployment.get(STOP) and run.progress.status is Status.IN_PROGRESS
    return "ROLLBACK_REQUESTED" if asked else str(run.progress.status)


def brief(service: Record, deployment: Record, run: Run) -> dict[str, Any]:
    """Return what `ListServiceDeployments` shows of a deployment."""
    return without_empty(
        serviceDeploymentArn=deployment_arn(service, run),
        serviceArn=service["serviceArn"],
        clusterArn=service["clusterArn"],
        createdAt=deployment["createdAt"],
        startedAt=run.started_at,
        finishedAt=run.finished_at,
        targetServiceRevisionArn=revision_arn(service, deployment),
        status=status(deployment, run),
        statusReason=run.progress.reason,
    )


def full(
    service: Record, deployment: Record, run: Run, source: Record | None, counts: Counts
) -> dict[str, Any]:
    """Return what `DescribeServiceDeployments` shows of a deployment."""
    sources = [revision(service, source, run, Side.BLUE, counts)] if source else []
    rollback = without_empty(
        reason=run.progress.reason,
        startedAt=run.rollback_at,
        serviceRevisionArn=revision_arn(service, source) if source else "",
    )
    shown = brief(service, deployment, run)
    del shown["targetServiceRevisionArn"]
    return {
        **shown,
        **without_empty(
            updatedAt=run.updated_at,
            lifecycleStage=str(run.progress.stage),
            rollback=rollback if run.progress.reason else None,
            deploymentConfiguration=service.get("deploymentConfiguration"),
        ),
        "sourceServiceRevisions": sources,
        "targetServiceRevision": revision(service, deployment, run, Side.GREEN, counts),
        "deploymentCircuitBreaker": breaker(service, deployment, run),
        "alarms": alarms(service, run),
    }


def revision(
    service: Record, deployment: Record, run: Run, side: Side, counts: Counts
) -> dict[str, Any]:
    """Return a revision's tasks and traffic in a service deployment."""
    asked = wanted(run.progress)
    running, pending = counts(str(deployment["id"]))
    needed = asked.green if side is Side.GREEN else asked.blue
    return {
        "arn": revision_arn(service, deployment),
        "requestedTaskCount": int(service["desiredCount"]) if needed else 0,
        "runningTaskCount": running,
        "pendingTaskCount": pending,
        "requestedTestTrafficWeight": 100.0 if asked.test is side else 0.0,
        "requestedProductionTrafficWeight": 100.0 if asked.production is side else 0.0,
    }


def breaker(service: Record, deployment: Record, run: Run) -> dict[str, Any]:
    """Return what the circuit breaker has counted."""
    enabled = _configured(service, "deploymentCircuitBreaker")
    tripped = run.progress.reason == REASON.format(BREAKER_REASON)
    return {
        "status": _monitor(run, enabled=enabled, tripped=tripped),
        "failureCount": int(deployment.get("failedTasks") or 0),
    }


def alarms(service: Record, run: Run) -> dict[str, Any]:
    """Return what the deployment's alarms have shown."""
    configured = configuration_of(service).get("alarms") or {}
    enabled = _configured(service, "alarms") and run.alarms_watched
    return {
        "status": _monitor(run, enabled=enabled, tripped=bool(run.triggered)),
        "alarmNames": list(configured.get("alarmNames") or ()),
        "triggeredAlarmNames": list(run.triggered),
    }


def service_revision(service: Record, deployment: Record, groups: Sequence[str]) -> dict[str, Any]:
    """Return what `DescribeServiceRevisions` shows of a revision with its target groups."""
    rules = [each.production_rule for each in balanced(service)]
    resolved = [
        {"targetGroupArn": group, "productionListenerRule": rule}
        for group, rule in zip(groups, rules, strict=bool(rules))
    ]
    return without_empty(
        serviceRevisionArn=revision_arn(service, deployment),
        serviceArn=service["serviceArn"],
        clusterArn=service["clusterArn"],
        taskDefinition=deployment["taskDefinition"],
        launchType=deployment.get("launchType"),
        capacityProviderStrategy=deployment.get("capacityProviderStrategy"),
        loadBalancers=service.get("loadBalancers"),
        networkConfiguration=service.get("networkConfiguration"),
        createdAt=deployment["createdAt"],
        resolvedConfiguration={"loadBalancers": resolved} if resolved else None,
    )


def without_empty(**fields: Any) -> dict[str, Any]:
    """Return the fields that have a value: AWS leaves the others out."""
    return {name: value for name, value in fields.items() if value not in (None, "")}


def _configured(service: Record, name: str) -> bool:
    return bool((configuration_of(service).get(name) or {}).get("enable"))


def _monitor(run: Run, *, enabled: bool, tripped: bool) -> str:
    if tripped:
        return TRIGGERED
    if not enabled:
        return DISABLED
    return MONITORING if is_watched(run) else COMPLETE
