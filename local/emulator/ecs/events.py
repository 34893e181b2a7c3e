"""Gap (1.5.33, upstream): ECS sends no "ECS Task State Change" events."""

import json
import uuid
from typing import Any

from ministack.core.concurrency import spawn_background
from ministack.core.responses import request_scope
from ministack.services import ecs, eventbridge

from local.emulator.patching import patch

SOURCE = "aws.ecs"
DETAIL_TYPE = "ECS Task State Change"
TRANSITIONS = ("_mark_task_pending", "_mark_task_running", "_mark_task_stopped")

Task = dict[str, Any]


def detail(task: Task, updated_at: str) -> dict[str, Any]:
    """Return an event's detail: the task as described, without its tags, plus `updatedAt`."""
    described: dict[str, Any] = json.loads(json.dumps(ecs._sanitize(task), default=str))
    described.pop("tags", None)
    return {**described, "updatedAt": updated_at}


def announce(task: Task) -> None:
    """Put one event on the default bus; rules and targets run in the background, as on AWS."""
    _, _, _, region, account, _ = task["taskArn"].split(":", 5)
    now = ecs._iso()
    event = {
        "EventId": str(uuid.uuid4()),
        "Source": SOURCE,
        "DetailType": DETAIL_TYPE,
        "Detail": json.dumps(detail(task, now)),
        "EventBusName": "default",
        "Time": now,
        "Resources": [task["taskArn"]],
        "Account": account,
        "Region": region,
    }
    with request_scope(account, region):
        spawn_background(eventbridge._dispatch_event, event, thread_name="ecs-task-event")


@patch(ecs, *TRANSITIONS)
def mark(original: Any, arn: str, task: Task, *arguments: Any, **options: Any) -> bool:
    """Announce every transition that ministack makes."""
    changed: bool = original(arn, task, *arguments, **options)
    if changed:
        announce(task)
    return changed
