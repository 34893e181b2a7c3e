"""Tiny local servers that answer exactly as the ECS agent and the ECS API do."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ARN = "arn:aws:ecs:eu-west-1:000000000000:task/any-cluster/any-task"
NOW = datetime(2030, 1, 1, 12, 0, 0, tzinfo=UTC)


@dataclass
class Task:
    """The task behind both endpoints. `say` overrides the next answers: (status, body)."""

    minutes: int | None = None
    say: tuple[int, bytes] | None = None
    silent: bool = False
    requests: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def expires(self) -> float:
        assert self.minutes is not None
        return NOW.timestamp() + self.minutes * 60


class Handler(BaseHTTPRequestHandler):
    task: Task

    def do_GET(self) -> None:
        self._answer({})

    def do_PUT(self) -> None:
        self._answer(self._body())

    def do_POST(self) -> None:
        self._answer(self._body())

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(NOW.timestamp() if timestamp is None else timestamp)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Say nothing."""

    def act(self, body: dict[str, Any]) -> tuple[int, bytes]:
        raise NotImplementedError

    def _body(self) -> dict[str, Any]:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        body: dict[str, Any] = json.loads(content)
        return body

    def _answer(self, body: dict[str, Any]) -> None:
        self.task.requests.append((self.command, self.path, body))
        if self.task.silent:
            self.task.released.wait(10)
            return
        status, content = self.task.say or self.act(body)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class AgentHandler(Handler):
    """`PUT` and `GET <uri>/task-protection/v1/state`; unknown fields are a 400, as in the agent."""

    def act(self, body: dict[str, Any]) -> tuple[int, bytes]:
        if self.path != "/api/any-id/task-protection/v1/state":
            return 404, b"404 page not found\n"
        if set(body) - {"ProtectionEnabled", "ExpiresInMinutes"}:
            return 400, agent_error("InvalidParameterException", "failed to decode request")
        if "ProtectionEnabled" in body:
            self.task.minutes = body["ExpiresInMinutes"] if body["ProtectionEnabled"] else None
        return 200, self._protection()

    def _protection(self) -> bytes:
        on = self.task.minutes is not None
        expiry = (
            f"{datetime.fromtimestamp(self.task.expires, UTC):%Y-%m-%dT%H:%M:%SZ}" if on else None
        )
        state = {"ExpirationDate": expiry, "ProtectionEnabled": on, "TaskArn": ARN}
        return json.dumps({"protection": state}).encode()


class ApiHandler(Handler):
    """UpdateTaskProtection and GetTaskProtection of the ECS API (JSON 1.1)."""

    def act(self, body: dict[str, Any]) -> tuple[int, bytes]:
        if (body["cluster"], body["tasks"]) != ("any-cluster", [ARN]):
            return 400, api_error("ClusterNotFoundException", "no such cluster")
        if self.headers["X-Amz-Target"].endswith(".UpdateTaskProtection"):
            self.task.minutes = body["expiresInMinutes"] if body["protectionEnabled"] else None
        state: dict[str, Any] = {"taskArn": ARN, "protectionEnabled": self.task.minutes is not None}
        if self.task.minutes is not None:
            state["expirationDate"] = self.task.expires
        return 200, json.dumps({"protectedTasks": [state], "failures": []}).encode()


def agent_error(code: str, message: str) -> bytes:
    return json.dumps({"error": {"Arn": ARN, "Code": code, "Message": message}}).encode()


def agent_failure(reason: str) -> bytes:
    return json.dumps({"failure": {"Arn": ARN, "Detail": None, "Reason": reason}}).encode()


def api_error(code: str, message: str) -> bytes:
    return json.dumps({"__type": code, "message": message}).encode()


def api_failure(reason: str) -> bytes:
    failure = {"arn": ARN, "reason": reason}
    return json.dumps({"protectedTasks": [], "failures": [failure]}).encode()


@contextmanager
def serving(handler: type[Handler], task: Task) -> Iterator[str]:
    """Serve `task` and give the server's address, `http://127.0.0.1:port`."""
    bound = type("Bound", (handler,), {"task": task})
    server = ThreadingHTTPServer(("127.0.0.1", 0), bound)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        task.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
