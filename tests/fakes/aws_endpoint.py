"""An HTTP endpoint on this machine that answers SDK calls from a script, or breaks on purpose."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the service would see it."""

    operation: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the endpoint says. `cut_after` closes the connection after so many bytes of body."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None


LOST = Answer(cut_after=0, body=b"never arrives")

Respond = Callable[[Call], Answer]


def json_answer(body: Any, *, status: int = 200) -> Answer:
    return Answer(status=status, body=json.dumps(body).encode())


def error_answer(code: str, *, status: int = 400, **members: Any) -> Answer:
    body = {"__type": code, "message": f"any {code}"} | members
    return json_answer(body, status=status)


@dataclass(slots=True)
class AwsEndpoint:
    """`respond` may be replaced at any time; `calls` keeps every request."""

    respond: Respond
    calls: list[Call] = field(default_factory=list)
    url: str = ""

    def script(self, *answers: Answer) -> None:
        """Give these answers in turn, the last one for ever."""
        left = list(answers)
        self.respond = lambda _: left.pop(0) if len(left) > 1 else left[0]


@contextmanager
def aws_endpoint(respond: Respond = lambda _: Answer()) -> Iterator[AwsEndpoint]:
    """Serve on a free port of 127.0.0.1 for the duration of the block."""
    endpoint = AwsEndpoint(respond)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # uploads ask for leave to continue

        def do_POST(self) -> None:
            self._serve()

        def do_GET(self) -> None:
            self._serve()

        def do_PUT(self) -> None:
            self._serve()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - inherited
            """Stay silent."""

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2] or self.command
            call = Call(operation, dict(self.headers.items()), body)
            endpoint.calls.append(call)
            answer = endpoint.respond(call)
            self.close_connection = True
            if answer.cut_after == 0:
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(answer.body[: answer.cut_after])

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    endpoint.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
