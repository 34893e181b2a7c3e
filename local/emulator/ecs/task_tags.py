"""Gap (1.5.33, upstream): tasks have no tags but those of the request.

A task also gets the tags of its task definition or service where `propagateTags` says so, and
ECS's own where managed tags are enabled.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import ecs

from local.emulator.ecs.records import (
    SERVICE_GROUP,
    cluster_of,
    definition_of,
    service_of_group,
)
from local.emulator.patching import patch

Request = Mapping[str, Any]
Tags = Sequence[Mapping[str, str]]

FROM_DEFINITION, FROM_SERVICE, NONE = "TASK_DEFINITION", "SERVICE", "NONE"


def refusal(request: Request) -> str | None:
    """Return why RunTask refuses where tags come from, else None."""
    source = request.get("propagateTags")
    if source == FROM_SERVICE:
        return "propagateTags SERVICE is for services; a task has TASK_DEFINITION or NONE."
    if source in (None, FROM_DEFINITION, NONE):
        return None
    return f"Invalid value for propagateTags: {source}"


def task_tags(
    request: Request, *, definition: Tags, service: Tags, cluster: str
) -> list[dict[str, str]]:
    """Return a task's tags; those of the request take precedence over inherited ones."""
    inherited = {FROM_DEFINITION: definition, FROM_SERVICE: service}
    tags = {t["key"]: t["value"] for t in inherited.get(request.get("propagateTags") or NONE, ())}
    tags |= {t["key"]: t.get("value", "") for t in request.get("tags") or ()}
    if request.get("enableECSManagedTags"):
        tags["aws:ecs:clusterName"] = cluster
        group = str(request.get("group") or "")
        if group.startswith(SERVICE_GROUP):
            tags["aws:ecs:serviceName"] = group.removeprefix(SERVICE_GROUP)
    return [{"key": key, "value": value} for key, value in tags.items()]


@patch(ecs, "_run_task")
def run_task(original: Callable[[Request], Any], request: Request) -> Any:
    """Tag every task when it is started."""
    cluster = cluster_of(request)
    service = service_of_group(cluster, request.get("group"))
    if service is None and (message := refusal(request)):
        return error_response_json("InvalidParameterException", message)
    tags = task_tags(
        request,
        definition=ecs._tags.get(definition_of(request).get("taskDefinitionArn", "")) or (),
        service=ecs._tags.get((service or {}).get("serviceArn", "")) or (),
        cluster=str(cluster),
    )
    return original({**request, "tags": tags})
