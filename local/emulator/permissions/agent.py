"""Gap: the task agent needs no rights to protect a task. Closed: it asks with the task's role."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import ecs

from local.emulator.ecs import agent_endpoint
from local.emulator.permissions import requests, roles

Request = dict[str, Any]
Response = tuple[int, dict[str, str], bytes]
Call = Callable[[Request, Any], Response]

ACTIONS = {
    "get_protection": "ecs:GetTaskProtection",
    "update_protection": "ecs:UpdateTaskProtection",
}


def install() -> None:
    """Judge the agent's calls by the role of the task that they come from."""
    for name, action in ACTIONS.items():
        setattr(agent_endpoint, name, _judged(getattr(agent_endpoint, name), action))


def _judged(call: Call, action: str) -> Call:
    def by_role(request: Request, protections: Any) -> Response:
        task = ecs._tasks[request["tasks"][0]]
        definition = ecs._task_defs[task["taskDefinitionArn"].rsplit("/", 1)[-1]]
        context = {"ecs:cluster": requests.cluster_arn(request)}
        try:
            roles.require(definition["taskRoleArn"], action, task["taskArn"], context)
        except roles.NotAllowedError as error:
            refused: Response = error_response_json(
                "AccessDeniedException", str(error), HTTPStatus.BAD_REQUEST
            )
            return refused
        return call(request, protections)

    return by_role
