"""Gap (1.5.33, local): functions of images need a Docker daemon; they run as processes.

The image's handler is run by a worker as that of a zip would be; `lambda_runtime` gives the worker
the interpreter and the code that stand for the image.
"""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from ministack.services import lambda_svc

from local.emulator.patching import around
from local.emulator.permissions.functions import configuration
from local.images import Images

Function = Mapping[str, Any]
RUNTIME = "python3.14"
"""What a worker of ministack is named for; the image's own interpreter runs it."""


def as_process(function: Function) -> dict[str, Any]:
    """Return a function of an image as one of a zip without files."""
    config = configuration(function)
    command = config["ImageConfigResponse"]["ImageConfig"]["Command"]
    runnable = {**config, "Runtime": RUNTIME, "Handler": command[0]}
    return {**function, "config": runnable, "code_zip": _empty()}


def install(images: Images) -> None:
    """Run functions of the images that are known."""

    @around(lambda_svc, "_execute_function_docker")
    def execute(original: Any, function: Function, event: Any, request_id: str) -> Any:
        if images.find(configuration(function).get("ImageUri") or "") is None:
            return original(function, event, request_id)
        return lambda_svc._execute_function_warm(as_process(function), event, request_id)


def _empty() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w"):
        pass
    return packed.getvalue()
