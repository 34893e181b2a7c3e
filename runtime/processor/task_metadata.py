"""Asks the ECS agent which task this process runs in."""

import json
from http.client import HTTPException
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from runtime.core.log import Log

TIMEOUT_SECONDS = 2.0


def read_task_arn(metadata_uri: str | None, log: Log) -> str | None:
    """Return the task's ARN from task metadata v4, or None outside ECS or when it is silent.

    The ARN is for people and operators' commands; a job runs as well without it.
    """
    if metadata_uri is None or not metadata_uri.startswith("http://"):
        return None
    # The agent's link-local address must never go through a proxy.
    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(f"{metadata_uri}/task", timeout=TIMEOUT_SECONDS) as answer:
            arn = json.load(answer)["TaskARN"]
    except (URLError, OSError, HTTPException, ValueError, KeyError, TypeError) as error:
        log.warning("task_metadata.unavailable", error=repr(error))
        return None
    return str(arn)
