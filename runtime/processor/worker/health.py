"""HTTP server for `GET /` (what this is) and `GET /health` (its health)."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from runtime.core.contract import VERSION
from runtime.processor.worker.worker import Worker

SOCKET_TIMEOUT_SECONDS = 5.0
CLOSE_CHECK_SECONDS = 0.1
"""How often the server checks whether to close."""

FEATURES = (
    "task scale-in protection while jobs are active, with no gap",
    "protection off when idle, on shutdown and at start-up",
    "jobs checkpoint and are released when protection is refused or cannot be renewed",
)


@dataclass(frozen=True, slots=True)
class Health:
    """Body of `GET /health`; unhealthy gives 503, so that ECS replaces the task."""

    healthy: bool
    body: Mapping[str, Any]


class HealthServer:
    """Serves `snapshot`, which must be fast and is called from the server's threads."""

    def __init__(
        self, *, host: str, port: int, service: str, snapshot: Callable[[], Health]
    ) -> None:
        """Listen on `host:port`, port 0 for a free one; raise `OSError` if that is taken."""

        class Handler(BaseHTTPRequestHandler):
            """Serves two paths, without state."""

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
                """Drop the line: there is a probe every few seconds."""

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


def worker_health(worker: Worker, *, environment: str) -> Health:
    """Return a worker's health; unhealthy only when protection is not renewed any more."""
    status = worker.protection.status()
    current = worker.current
    return Health(
        healthy=status.healthy,
        body={
            **status.as_health(),
            "version": VERSION,
            "environment": environment,
            "currentJobId": None if current is None else current[1].job_id,
            "jobsTaken": worker.jobs_taken,
            "polls": worker.inbox.polls,
            "stopping": worker.shutdown.requested,
        },
    )
