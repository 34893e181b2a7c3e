"""Reads the task's ARN and size from the ECS task metadata endpoint (version 4)."""

import json
from http.client import HTTPException
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from runtime.core.log import Log
from runtime.core.task_cost import UNKNOWN_TASK_SIZE, TaskSize

TIMEOUT_SECONDS = 2.0


def read_task_arn(metadata_uri: str | None, log: Log) -> str | None:
    """Return the task's ARN, None outside ECS or without an answer; jobs run without it too."""
    return _task(metadata_uri, log).get("TaskARN")


def read_task_size(metadata_uri: str | None, log: Log) -> TaskSize:
    """Return the task's size, unknown outside ECS or without an answer."""
    task: Any = _task(metadata_uri, log)
    limits = task.get("Limits")
    # Fargate may leave it out; the agent on an instance says EC2 or EXTERNAL.
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
