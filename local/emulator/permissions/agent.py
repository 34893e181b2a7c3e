"""Gap (1.5.33, upstream): the task agent needs no rights to protect a task."""

from functools import partial
from http import HTTPStatus
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import ecs

from local.emulator.ecs import agent_endpoint
from local.emulator.patching import around
from local.emulator.permissions import requests, roles

Request = dict[str, Any]
Response = tuple[int, dict[str, str], bytes]

ACTIONS = {
    "get_protection": "ecs:GetTaskProtection",
    "update_protection": "ecs:UpdateTaskProtection",
}


def install() -> None:
    """Judge the agent's calls by the role of the task that they come from."""
    for name, action in ACTIONS.items():
        around(agent_endpoint, name)(partial(judge, action))


def judge(action: str, call: Any, request: Request, protections: Any) -> Response:
    """Answer a call of the agent, or refuse it by the task's role."""
    task = ecs._tasks[request["tasks"][0]]
    definition = ecs._task_defs[task["taskDefinitionArn"].rsplit("/", 1)[-1]]
    context = {"ecs:cluster": requests.cluster_arn(request)}
    response: Response
    try:
        roles.require(definition["taskRoleArn"], action, task["taskArn"], context)
    except roles.NotAllowedError as error:
        response = error_response_json("AccessDeniedException", str(error), HTTPStatus.BAD_REQUEST)
    else:
        response = call(request, protections)
    return response
