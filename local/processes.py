"""Servers that run as processes of this machine: whether they answer, and how they end."""

import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from typing import Any


def answers(url: str, timeout_seconds: float = 5.0) -> bool:
    """Return whether a GET is answered with 200."""
    try:
        with urllib.request.urlopen(url, timeout=timeout_seconds) as answer:  # noqa: S310
            return bool(answer.status == HTTPStatus.OK)
    except (urllib.error.URLError, OSError):
        return False


def end(
    process: "subprocess.Popen[Any]", seconds: float, kill: Callable[[], None] | None = None
) -> int:
    """End a process by SIGTERM, by `kill` if that takes longer; return its exit status.

    Without `kill` it is sent SIGKILL.
    """
    process.terminate()
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        (kill or process.kill)()
        return process.wait()
