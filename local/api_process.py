"""The API as processes of this machine over a local cloud, without a deployment."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.emulator.settings import HOST
from local.ports import free_port
from local.processes import answers, end
from runtime.core.contract import API_COMMAND, ENTRY_POINT, EnvVar

AUDIENCE = "lifestream"
START_SECONDS = 60.0
STOP_SECONDS = 30.0
POLL_SECONDS = 0.05


class ApiNotReadyError(RuntimeError):
    """An instance did not become ready; the message has the end of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiProcess:
    """One instance: its address, its process, the file of its log."""

    url: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def stop(self) -> int:
        """End it as ECS does, by SIGTERM; return its exit status."""
        return end(self.process, STOP_SECONDS)

    def is_ready(self) -> bool:
        """Return whether it may get requests."""
        return answers(f"{self.url}/ready")

    def await_ready(self) -> None:
        """Wait until it is ready; raise `ApiNotReadyError`."""
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise ApiNotReadyError(self.log.read_text()[-2000:])
            time.sleep(POLL_SECONDS)


def start_api(
    environment: Mapping[str, str],
    *,
    folder: Path,
    name: str = "api",
    command: Sequence[str] = (*ENTRY_POINT[1:], *API_COMMAND),
    before: Sequence[str] = (),
) -> ApiProcess:
    """Start an instance with these variables; `before` is put before its command."""
    port, log = free_port(), folder / f"{name}.log"
    # As in the image.
    own = {"API_HOST": HOST, EnvVar.API_PORT: str(port), "MALLOC_ARENA_MAX": "2"}
    variables = {**os.environ, **environment, **own}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*before, sys.executable, *command],
            env=variables,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return ApiProcess(url=f"http://{HOST}:{port}", process=process, log=log)
