"""Looks after jobs during a run: two reapers at once, and an operator who redrives."""

import json
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from botocore.exceptions import BotoCoreError, ClientError

from chaos.system import ENVIRONMENT, System
from local.toolchain import ROOT
from runtime.core.contract import RECONCILE_EVENT, Output

SWEEP_SECONDS = 1.5
REAPERS = 2
REDRIVE_SECONDS = 2.0
SWEEP = b"{}"
RECONCILE = json.dumps({"detail-type": RECONCILE_EVENT}).encode()
RECONCILE_EVERY = 6
"""One of so many runs of the reaper looks for uploads without a job instead."""

COMMAND_SECONDS = 60.0
STOP_SECONDS = 90.0


class Operators:
    """Threads of a context; `python` and `environment` run the operator's commands."""

    def __init__(
        self, system: System, python: Path, environment: Mapping[str, str], *, redrive: bool
    ) -> None:
        self._system = system
        self._python = python
        self._environment = environment
        self._stop = threading.Event()
        self._together = threading.Barrier(REAPERS)
        self._commands: list[subprocess.Popen[bytes]] = []
        self.sweeps = 0
        self.redrives = 0
        self._threads = [threading.Thread(target=self._sweep, daemon=True) for _ in range(REAPERS)]
        if redrive:
            self._threads.append(threading.Thread(target=self._redrive, daemon=True))

    def __enter__(self) -> Self:
        """Begin."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Finish what is under way and end."""
        self._stop.set()
        self._together.abort()
        for command in self._commands:
            if command.poll() is None:
                command.kill()
        deadline = time.monotonic() + STOP_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _sweep(self) -> None:
        functions = self._system.cloud.client("lambda")
        function = self._system.outputs[Output.REAPER_FUNCTION]
        while not self._stop.wait(SWEEP_SECONDS):
            event = RECONCILE if self.sweeps % RECONCILE_EVERY == 0 else SWEEP
            try:
                # Both begin in the same moment, so that they meet on the same jobs.
                self._together.wait()
                functions.invoke(FunctionName=function, Payload=event)
            except threading.BrokenBarrierError:
                return
            except (BotoCoreError, ClientError):
                continue
            self.sweeps += 1

    def _redrive(self) -> None:
        while not self._stop.wait(REDRIVE_SECONDS):
            try:
                if self._system.messages(Output.JOBS_DLQ_URL) == 0:
                    continue
            except (BotoCoreError, ClientError):
                continue
            words = ("-m", "lifestream", "--environment", ENVIRONMENT, "dlq", "redrive", "--all")
            command = subprocess.Popen(
                [self._python, *words],
                cwd=ROOT,
                env=dict(self._environment),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            self._commands.append(command)
            try:
                command.wait(COMMAND_SECONDS)
            except subprocess.TimeoutExpired:
                command.kill()
                command.wait()
            self.redrives += 1
