"""Gap (1.5.33, upstream): ExecuteCommand succeeds for tasks that were started without it."""

from collections.abc import Mapping
from typing import Any

from ministack.services import ecs

from local.emulator.ecs.records import task_of
from local.emulator.patching import patch, refusing

NOT_ENABLED = (
    "The execute command failed because execute command was not enabled when the task was run or "
    "the execute command agent isn\u2019t running. Wait and try again or run a new task with "
    "execute command enabled and try again."
)


@patch(ecs._ACTION_MAP, "ExecuteCommand")
@refusing("InvalidParameterException")
def refusal(request: Mapping[str, Any]) -> str | None:
    """Refuse the call for tasks without `enableExecuteCommand`."""
    task = task_of(request)
    return NOT_ENABLED if task is not None and not task.get("enableExecuteCommand") else None
