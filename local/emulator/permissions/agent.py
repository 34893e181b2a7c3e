"""Gap (1.5.33, upstream): the task agent needs no rights to protect a task."""

from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import ecs

from local.emulator.ecs import agent_endpoint
from local.emulator.ecs.records import definition_of_task
from local.emulator.patching import patch
from local.emulator.permissions import requests, roles

ACTIONS = {
    "get_protection": "ecs:GetTaskProtection",
    "update_protection": "ecs:UpdateTaskProtection",
}


@patch(agent_endpoint, *ACTIONS)
def judge(call: Any, request: dict[str, Any], protections: Any) -> Any:
    """Answer a call of the agent, or refuse it by the role of the task that it comes from."""
    task = ecs._tasks[request["tasks"][0]]
    role, action = definition_of_task(task)["taskRoleArn"], ACTIONS[call.__name__]
    try:
        context = {"ecs:cluster": requests.cluster_arn(request)}
        roles.require(role, action, task["taskArn"], context)
    except roles.NotAllowedError as error:
        return error_response_json("AccessDeniedException", str(error))
    return call(request, protections)
