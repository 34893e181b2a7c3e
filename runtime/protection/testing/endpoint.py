"""The agent's protection endpoint on 127.0.0.1, with an ECS in memory that may scale in."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from . import agent
from .agent import AgentTask, Ecs
from .faults import AgentFaults, Fault

TASK_ARN = "arn:aws:ecs:eu-west-1:000000000000:task/test/0123456789abcdef"
DEFAULT_MINUTES = 120
SILENT_SECONDS = 6.0
"""Longer than the client waits for an answer."""


@dataclass(frozen=True, slots=True)
class Change:
    """From `at` on, the task is protected until `until`; both in seconds since the epoch."""

    at: float
    until: float


class AgentEndpoint:
    """One task of a service, seen from its agent; `uri` is its `$ECS_AGENT_URI`.

    `changes` are the protections that ECS granted and ended, `calls` what was asked for, in order.
    """

    def __init__(self) -> None:
        self.uri = ""
        self.calls: list[str] = []
        self.changes: list[Change] = []
        self.stopped_at: float | None = None
        self._faults = AgentFaults()
        self._lock = threading.Lock()
        self._task = AgentTask(TASK_ARN, has_role=True)

    def inject(self, **fault: Any) -> None:
        """Add a fault; see `faults.Fault` for its fields."""
        self._faults.switch_on(Fault(**fault))

    def heal(self) -> None:
        """Remove all faults."""
        self._faults.clear()

    @property
    def faults(self) -> list[dict[str, Any]]:
        """The faults that are still to come, or last until `heal`."""
        return self._faults.describe()

    @property
    def protected(self) -> bool:
        """Whether ECS protects the task now."""
        return self._until() > time.time()

    def scale_in(self) -> bool:
        """Do as a service that scales in: stop the task unless it is protected.

        Return whether ECS would stop it. The caller ends the process then.
        """
        with self._lock:
            stops = self._until() <= time.time()
            if stops and self.stopped_at is None:
                self.stopped_at = time.time()
            return stops

    def gaps(self, begin: float, end: float) -> list[tuple[float, float]]:
        """Return the times without protection between two moments (seconds since the epoch)."""
        with self._lock:
            changes = list(self.changes)
        found: list[tuple[float, float]] = []
        covered = begin
        for at, change in enumerate(changes):
            following = changes[at + 1].at if at + 1 < len(changes) else end
            first, last = max(change.at, begin), min(change.until, following, end)
            if last <= first:
                continue
            if first > covered:
                found.append((covered, first))
            covered = max(covered, last)
        return [*found, (covered, end)] if covered < end else found

    def answer(self, method: str, body: bytes) -> tuple[int, bytes]:
        """Answer one call as the agent does."""
        with self._lock:
            self.calls.append(f"{method} {body.decode(errors='replace')}".strip())
        fault = self._faults.take(TASK_ARN)
        status, content = HTTPStatus.SERVICE_UNAVAILABLE.value, b""
        if not fault.silent or fault.lands:
            status, answered = agent.answer(
                method, body, self._task, Ecs(self._get, self._update), fault
            )
            content = json.dumps(answered).encode()
        seconds = min(fault.latency_seconds, agent.ECS_TIMEOUT_SECONDS)
        time.sleep(SILENT_SECONDS if fault.silent else seconds)
        return status, content

    def _until(self) -> float:
        return self.changes[-1].until if self.changes else 0.0

    def _get(self, arn: str) -> dict[str, Any]:
        with self._lock:
            until = self._until()
        state: dict[str, Any] = {"taskArn": arn, "protectionEnabled": until > time.time()}
        if state["protectionEnabled"]:
            state["expirationDate"] = until
        return {"protectedTasks": [state], "failures": []}

    def _update(self, arn: str, enabled: bool, minutes: int | None) -> dict[str, Any]:  # noqa: FBT001 - the agent's own order
        with self._lock:
            now = time.time()
            seconds = (minutes or DEFAULT_MINUTES) * 60.0 if enabled else 0.0
            self.changes.append(Change(now, now + seconds))
        return self._get(arn)


@contextmanager
def serving() -> Iterator[AgentEndpoint]:
    """Serve a task's endpoint until the context ends."""
    endpoint = AgentEndpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_PUT(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """Write nothing."""

        def _answer(self, body: bytes) -> None:
            if self.path != "/api/test/task-protection/v1/state":
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            status, content = endpoint.answer(self.command, body)
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:  # the client gave up
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
    thread.start()
    endpoint.uri = f"http://127.0.0.1:{server.server_address[1]}/api/test"
    try:
        yield endpoint
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
