"""A small HTTP server for `GET /` (what this is) and `GET /health` (how it is), nothing else."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

SOCKET_TIMEOUT_SECONDS = 5.0
CLOSE_CHECK_SECONDS = 0.1
"""How often the server looks whether it is to close."""

FEATURES = (
    "task scale-in protection while jobs are active, with no gap",
    "protection off when idle, on shutdown and at start-up",
    "jobs checkpoint and are released when protection is refused or cannot be renewed",
)


@dataclass(frozen=True, slots=True)
class Health:
    """Body of `GET /health`; unhealthy is answered with 503, so that ECS replaces the task."""

    healthy: bool
    body: Mapping[str, Any]


class HealthServer:
    """Answers from `snapshot`, which must be quick and is called from the server's threads."""

    def __init__(
        self, *, host: str, port: int, service: str, snapshot: Callable[[], Health]
    ) -> None:
        """Listen on `host:port`, port 0 for a free one; raise `OSError` if that is taken."""

        class Handler(BaseHTTPRequestHandler):
            """Two paths, no state."""

            timeout = SOCKET_TIMEOUT_SECONDS
            server_version = service
            sys_version = ""

            def do_GET(self) -> None:
                """Answer by path."""
                if self.path == "/":
                    self._answer(HTTPStatus.OK, {"service": service, "features": FEATURES})
                elif self.path == "/health":
                    health = snapshot()
                    status = HTTPStatus.OK if health.healthy else HTTPStatus.SERVICE_UNAVAILABLE
                    said = "ok" if health.healthy else "unhealthy"
                    self._answer(status, {"status": said, **health.body})
                else:
                    self._answer(HTTPStatus.NOT_FOUND, {"error": "try / or /health"})

            def _answer(self, status: HTTPStatus, body: Mapping[str, Any]) -> None:
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
                """Say nothing: a probe every few seconds is no news."""

        self._server = ThreadingHTTPServer((host, port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": CLOSE_CHECK_SECONDS},
            name="health",
            daemon=True,
        )

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    def start(self) -> Self:
        """Answer from now on."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop answering and free the port."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
