"""Gap (1.5.33, upstream): ListServiceDeployments and its siblings are stubs; BLUE_GREEN is ignored.

Also refuses the settings that AWS refuses.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import alb, ecs

from local.emulator.ecs.blue_green import descriptions
from local.emulator.ecs.blue_green.refusals import refusal, strategy
from local.emulator.ecs.blue_green.run import (
    STOP,
    Record,
    Run,
    deployments,
    find,
    groups_of,
    run_of,
)
from local.emulator.ecs.blue_green.stages import Stage, Status
from local.emulator.ecs.records import Response, cluster_of, named_cluster
from local.emulator.patching import around, refusing, register

Request = dict[str, Any]
Found = tuple[Record, Record, Run]
"""A service, its deployment, and the run of that."""

LONGEST_PAGE = 100


def list_deployments(request: Request) -> Response:
    """Answer `ListServiceDeployments`, the newest first."""
    statuses = request.get("status") or ()
    shown = [
        descriptions.brief(service, deployment, run)
        for service, deployment, run in all_runs()
        if is_service(service, request)
        and (not statuses or descriptions.status(deployment, run) in statuses)
    ]
    return json_response({"serviceDeployments": shown[: request.get("maxResults", LONGEST_PAGE)]})


def describe_deployments(request: Request) -> Response:
    """Answer `DescribeServiceDeployments`."""
    found = {descriptions.deployment_arn(each[0], each[2]): each for each in all_runs()}
    wanted = request.get("serviceDeploymentArns") or ()
    return answered("serviceDeployments", wanted, found, described)


def describe_revisions(request: Request) -> Response:
    """Answer `DescribeServiceRevisions`."""
    found = {
        descriptions.revision_arn(service, deployment): (service, deployment)
        for _scope, service in ecs._services.items()
        for deployment in deployments(service)
    }

    def shown(service: Record, deployment: Record) -> dict[str, Any]:
        groups = groups_of(alb._rules, service, deployment)
        return descriptions.service_revision(service, deployment, groups)

    return answered("serviceRevisions", request.get("serviceRevisionArns") or (), found, shown)


def answered(
    name: str,
    wanted: Sequence[str],
    found: Mapping[str, tuple[Any, ...]],
    shown: Callable[..., dict[str, Any]],
) -> Response:
    """Return what is shown of each that is wanted, and which of them are missing."""
    known = [ecs._sanitize(shown(*found[arn])) for arn in wanted if arn in found]
    missing = [{"arn": arn, "reason": "MISSING"} for arn in wanted if arn not in found]
    return json_response({name: known, "failures": missing})


def stop_deployment(request: Request, changed: Callable[[], None]) -> Response:
    """Answer `StopServiceDeployment`: a deployment that is in progress is rolled back."""
    arn = request.get("serviceDeploymentArn", "")
    for service, deployment, run in all_runs():
        if descriptions.deployment_arn(service, run) != arn:
            continue
        if run.progress.status is not Status.IN_PROGRESS or run.progress.stage is Stage.CLEAN_UP:
            shown = descriptions.status(deployment, run)
            message = f"The service deployment is in status {shown}."
            return error_response_json("ConflictException", message)
        deployment[STOP] = True
        changed()
        return json_response({"serviceDeploymentArn": arn})
    return error_response_json(
        "ServiceDeploymentNotFoundException", "The service deployment was not found."
    )


def described(service: Record, deployment: Record, run: Run) -> dict[str, Any]:
    """Return a deployment as `DescribeServiceDeployments` shows it."""
    source = find(service, run.source) if run.source else None
    return descriptions.full(service, deployment, run, source, task_counts)


def task_counts(deployment_id: str) -> tuple[int, int]:
    """Return how many tasks of a deployment run, and how many are on their way."""
    statuses = [
        task["lastStatus"]
        for task in list(ecs._tasks.values())
        if task.get("_deployment_id") == deployment_id
    ]
    starting = ("PROVISIONING", "PENDING", "ACTIVATING")
    return statuses.count("RUNNING"), sum(status in starting for status in statuses)


def all_runs() -> Iterator[Found]:
    """Return every blue/green deployment of this account and region, the newest first."""
    found = [
        (service, deployment, run)
        for service in list(ecs._services.values())
        for deployment in deployments(service)
        if (run := run_of(deployment)) is not None
    ]
    return iter(sorted(found, key=lambda each: each[2].started_at, reverse=True))


def is_service(service: Record, request: Request) -> bool:
    """Return whether a request names a service, by its name or ARN."""
    cluster = named_cluster(request)
    name = str(request.get("service", ""))
    if name.startswith("arn:"):
        return bool(service["serviceArn"] == name)
    return bool(service["serviceArn"].endswith(f":service/{cluster}/{name}"))


def updated(service: Record, request: Request) -> Record:
    """Return a service as an update would leave it."""
    names = ("deploymentConfiguration", "loadBalancers")
    return {**service, **{name: request[name] for name in names if name in request}}


def update_refusal(request: Request) -> str | None:
    """Return why AWS refuses an update, else None."""
    service = service_of(request)
    if service is None:
        return None
    after = updated(service, request)
    primary = ecs._primary_deployment(service)
    if (
        strategy(after) != strategy(service)
        and primary is not None
        and primary["rolloutState"] == "IN_PROGRESS"
    ):
        return "The deployment strategy cannot be changed while a deployment is in progress."
    return refusal(after, alb._rules)


def install(changed: Callable[[], None]) -> None:
    """Answer the calls; `changed` is called when the scheduler has something to do."""
    refuse = refusing("InvalidParameterException")
    around(ecs, "_create_service")(refuse(lambda request: refusal(request, alb._rules)))
    around(ecs, "_update_service")(refuse(update_refusal))
    calls = {
        "CreateService": ecs._create_service,
        "UpdateService": ecs._update_service,
        "ListServiceDeployments": list_deployments,
        "DescribeServiceDeployments": describe_deployments,
        "DescribeServiceRevisions": describe_revisions,
        "StopServiceDeployment": lambda request: stop_deployment(request, changed),
    }
    register(ecs._ACTION_MAP, calls.items(), __name__)


def service_of(request: Request) -> Record | None:
    """Return the service that a request is about, None without one."""
    cluster, name = cluster_of(request), ecs._resolve_service_ref(request.get("service", ""))
    found: Record | None = ecs._services.get(f"{cluster}/{name[0]}") if name else None
    return found
