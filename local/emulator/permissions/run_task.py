"""Gap (1.5.33, upstream): RunTask needs no right to pass roles on, nor to tag."""

from collections.abc import Mapping
from typing import Any

from ministack.services import ecs

from local.emulator.ecs.records import DEFAULT_CLUSTER, definition_of
from local.emulator.patching import patch, refusing
from local.emulator.permissions import requests, roles

Request = dict[str, Any]

PASSED_TO = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}


@patch(ecs._ACTION_MAP, "RunTask")
@refusing("AccessDeniedException")
def refusal(request: Request) -> str | None:
    """Return which of both rights the caller lacks."""
    caller, definition = roles.caller_role(), definition_of(request)
    try:
        if caller is not None and definition:
            require_rights(caller, request, definition)
    except roles.NotAllowedError as error:
        return str(error)
    return None


def require_rights(caller: str, request: Request, definition: Mapping[str, Any]) -> None:
    """Raise `NotAllowedError` unless a role may pass the task its roles, and tag it."""
    overrides = request.get("overrides") or {}
    for kind in ("taskRoleArn", "executionRoleArn"):
        passed = overrides.get(kind) or definition.get(kind)
        if passed:
            roles.require(caller, "iam:PassRole", passed, PASSED_TO)
    if tags := request.get("tags"):
        cluster = str(request.get("cluster") or DEFAULT_CLUSTER)
        context = {f"aws:RequestTag/{tag['key']}": tag.get("value", "") for tag in tags}
        roles.require(
            caller,
            "ecs:TagResource",
            requests.task_arn("*", cluster),
            {
                **context,
                "aws:TagKeys": [tag["key"] for tag in tags],
                "ecs:CreateAction": "RunTask",
                "ecs:cluster": requests.cluster_arn({"cluster": cluster}),
            },
        )
