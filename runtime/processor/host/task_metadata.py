"""Asks the ECS agent which task this process runs in, and what it was given."""

import json
from http.client import HTTPException
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from runtime.core.log import Log
from runtime.core.task_cost import UNKNOWN_TASK_SIZE, TaskSize

TIMEOUT_SECONDS = 2.0


def read_task_arn(metadata_uri: str | None, log: Log) -> str | None:
    """Return the task's ARN from task metadata v4, or None outside ECS or when it is silent.

    The ARN is for people and operators' commands; a job runs as well without it.
    """
    return _task(metadata_uri, log).get("TaskARN")


def read_task_size(metadata_uri: str | None, log: Log) -> TaskSize:
    """Return the size that the task was given, unknown outside ECS or when nobody says."""
    task: Any = _task(metadata_uri, log)
    limits = task.get("Limits")
    # Silence is Fargate's too: on a machine of our own the agent says EC2, or EXTERNAL.
    fargate = task.get("LaunchType", "FARGATE") == "FARGATE"
    try:
        return TaskSize(
            vcpus=float(limits["CPU"]), memory_mb=float(limits["Memory"]), fargate=fargate
        )
    except (TypeError, KeyError, ValueError):
        return UNKNOWN_TASK_SIZE


def _task(metadata_uri: str | None, log: Log) -> dict[str, Any]:
    if metadata_uri is None or not metadata_uri.startswith("http://"):
        return {}
    # The agent's link-local address must never go through a proxy.
    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(f"{metadata_uri}/task", timeout=TIMEOUT_SECONDS) as answer:
            task = json.load(answer)
            return {**task, "TaskARN": str(task["TaskARN"])}
    except (URLError, OSError, HTTPException, ValueError, KeyError, TypeError) as error:
        log.warning("task_metadata.unavailable", error=repr(error))
        return {}
