"""Gap (1.5.33, upstream): RunTask needs no right to pass roles on, nor to tag."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import ecs

from local.emulator.patching import register
from local.emulator.permissions import requests, roles

Response = tuple[int, dict[str, str], bytes]
Request = dict[str, Any]

PASSED_TO = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}


def install() -> None:
    """Ask for both rights before a task is started."""
    start: Callable[[Request], Response] = ecs._ACTION_MAP["RunTask"]

    def run_task(request: Request) -> Response:
        caller = roles.caller_role()
        definition = ecs._task_defs.get(ecs._resolve_td_key(request.get("taskDefinition", "")))
        try:
            if caller is not None and definition is not None:
                require_rights(caller, request, definition)
        except roles.NotAllowedError as error:
            return error_response_json("AccessDeniedException", str(error), HTTPStatus.BAD_REQUEST)
        return start(request)

    register(ecs._ACTION_MAP, [("RunTask", run_task)], __name__)


def require_rights(caller: str, request: Request, definition: Mapping[str, Any]) -> None:
    """Raise `NotAllowedError` unless a role may pass the task its roles, and tag it."""
    overrides = request.get("overrides") or {}
    for kind in ("taskRoleArn", "executionRoleArn"):
        passed = overrides.get(kind) or definition.get(kind)
        if passed:
            roles.require(caller, "iam:PassRole", passed, PASSED_TO)
    if tags := request.get("tags"):
        cluster = str(request.get("cluster") or requests.DEFAULT_CLUSTER)
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
