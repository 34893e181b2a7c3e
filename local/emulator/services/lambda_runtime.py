"""Gap: Lambda code runs on the launcher's Python with its packages and its environment.

Closed by an interpreter of its own, which has the function's dependencies only, and by an
environment of the function's variables plus what Lambda itself sets.
"""

import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ministack.core import lambda_runtime

from local.emulator.containers.task_process import INIT

SET_BY_LAMBDA = ("AWS_", "_LAMBDA_", "LAMBDA_TASK_ROOT", "_X_AMZN_")
SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin"


def function_environment(
    offered: Mapping[str, str], variables: Mapping[str, str], python: Path
) -> dict[str, str]:
    """Return the part of what ministack offers that is the function's own or Lambda's.

    `variables` are those of the function's configuration.
    """
    own = {
        name: value
        for name, value in offered.items()
        if name in variables or name.startswith(SET_BY_LAMBDA)
    }
    return {"PATH": f"{python.parent}:{SEARCH_PATH}", "LANG": "C.UTF-8", "TZ": ":UTC", **own}


class FunctionProcess(subprocess.Popen[str]):
    """A function's worker below a first process that ends with the emulator."""

    def __init__(self, command: list[str], **options: Any) -> None:
        """Start `command` as the subprocess module would, but in a session of its own."""
        read_end, lifeline = os.pipe()
        super().__init__(
            [sys.executable, "-I", "-S", str(INIT), str(read_end), *command],
            start_new_session=True,
            pass_fds=(read_end,),
            **options,
        )
        os.close(read_end)
        # A worker that nobody refers to any more ends as well.
        weakref.finalize(self, os.close, lifeline)


def install(python: Path) -> None:
    """Run Python functions with `python` and with nothing of the emulator's environment."""
    detect: Callable[[str], tuple[str, str]] = lambda_runtime._detect_runtime_binary
    spawn: Callable[[Any], None] = lambda_runtime.Worker._spawn
    spawning = threading.local()

    def detect_with_own_python(runtime: str) -> tuple[str, str]:
        binary, script = detect(runtime)
        return (str(python) if runtime.startswith("python") else binary), script

    def start(command: list[str], *, env: Mapping[str, str], **options: Any) -> FunctionProcess:
        own = function_environment(env, spawning.variables, python)
        return FunctionProcess(command, env=own, **options)

    def spawn_isolated(worker: Any) -> None:
        spawning.variables = worker.config.get("Environment", {}).get("Variables", {})
        spawn(worker)

    lambda_runtime._detect_runtime_binary = detect_with_own_python
    lambda_runtime.Worker._spawn = spawn_isolated
    # The worker calls `subprocess.Popen` by the module's name, so that name is what is replaced.
    lambda_runtime.subprocess = SimpleNamespace(
        Popen=start,
        PIPE=subprocess.PIPE,
        DEVNULL=subprocess.DEVNULL,
        STDOUT=subprocess.STDOUT,
        TimeoutExpired=subprocess.TimeoutExpired,
    )
