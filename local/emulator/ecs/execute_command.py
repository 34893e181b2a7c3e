"""Gap (1.5.33, upstream): ExecuteCommand succeeds for tasks that were started without it."""

from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import ecs

from local.emulator.patching import register

NOT_ENABLED = (
    "The execute command failed because execute command was not enabled when the task was run or "
    "the execute command agent isn\u2019t running. Wait and try again or run a new task with "
    "execute command enabled and try again."
)


def install() -> None:
    """Refuse the call for tasks without `enableExecuteCommand`."""
    original: Callable[[Mapping[str, Any]], Any] = ecs._execute_command

    def execute_command(request: Mapping[str, Any]) -> Any:
        cluster = ecs._resolve_cluster_name(request.get("cluster", "default"))
        task = ecs._resolve_task(request.get("task", ""), cluster)
        if task is not None and not task.get("enableExecuteCommand"):
            return error_response_json("InvalidParameterException", NOT_ENABLED, 400)
        return original(request)

    register(ecs._ACTION_MAP, [("ExecuteCommand", execute_command)], __name__)
