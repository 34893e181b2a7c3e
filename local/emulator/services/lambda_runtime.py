"""Gap (1.5.33, partly upstream): functions see the launcher's packages and environment.

A function gets an interpreter that has its dependencies only, and an environment of its variables
plus what Lambda itself sets. A function of an image gets the interpreter and the code that stand
for the image.
Upstream: the interpreter's path would be a setting.
"""

import os
import subprocess
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ministack.core import lambda_runtime

from local.emulator.containers.task_process import InitProcess
from local.emulator.patching import around, replace
from local.images import Image, Images

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


def in_image(environment: Mapping[str, str], image: Image | None) -> dict[str, str]:
    """Return a function's environment inside its image, if it has one."""
    if image is None:
        return dict(environment)
    return {**image.environment, **environment, "PYTHONPATH": str(image.code)}


def install(python: Path, images: Images) -> None:
    """Run Python functions with `python` and with nothing of the emulator's environment."""
    spawning = threading.local()

    @around(lambda_runtime, "_detect_runtime_binary")
    def detect(original: Any, runtime: str) -> tuple[str, str]:
        binary, script = original(runtime)
        own = spawning.image.python if spawning.image else python
        return (str(own) if runtime.startswith("python") else binary), script

    @around(lambda_runtime.Worker, "_spawn")
    def spawn(original: Any, worker: Any) -> None:
        spawning.variables = worker.config.get("Environment", {}).get("Variables", {})
        spawning.image = images.find(worker.config.get("ImageUri") or "")
        original(worker)

    def start(command: list[str], *, env: Mapping[str, str], **options: Any) -> InitProcess:
        own = function_environment(env, spawning.variables, python)
        process = InitProcess(command, env=in_image(own, spawning.image), **options)
        # The worker ends when its object is collected.
        weakref.finalize(process, os.close, process.lifeline)
        return process

    # The worker calls `subprocess.Popen` by the module's name, so that name is what is replaced.
    names = ("PIPE", "DEVNULL", "STDOUT", "TimeoutExpired")
    kept = {name: getattr(subprocess, name) for name in names}
    own = SimpleNamespace(Popen=start, **kept)
    replace(lambda_runtime, "subprocess", own, module=__name__)
