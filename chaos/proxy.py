"""HTTP proxy between the processes under test and the emulator."""

import itertools
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from chaos.aws_responses import Response
from chaos.call_names import RECEIVE
from chaos.http_requests import Request

HOST = "127.0.0.1"
UPSTREAM_SECONDS = 30.0
OUTLIVING_EVERY = 8
"""One poll of so many goes on in SQS after its client has gone, and receives for no worker."""

HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})

Forward = Callable[[], Response]
Handle = Callable[[Request, Forward], Response | None]
"""Deals with one request: returns its response, None for a connection that is reset."""


class Proxy:
    """The endpoint of the processes under test; `upstream` and `handle` are set once deployed."""

    def __init__(self, port: int) -> None:
        self.url = f"http://{HOST}:{port}"
        self.upstream = ""
        self.handle: Handle = lambda _request, _forward: None
        self._polls = itertools.count(1)

    def forward(self, request: Request, client: socket.socket | None = None) -> Response:
        """Have the emulator carry a request out; raise `OSError` if it cannot be reached.

        Most polls of a queue end with the connection of their `client`, also as `OSError`.
        """
        upstream = urlsplit(self.upstream)
        connection = HTTPConnection(
            upstream.hostname or HOST, upstream.port, timeout=UPSTREAM_SECONDS
        )
        try:
            connection.request(
                request.method,
                request.path,
                body=request.body,
                # One request a connection: the emulator would keep it open for the next one.
                headers={
                    **{k: v for k, v in request.headers.items() if k not in HOP_BY_HOP},
                    "connection": "close",
                },
            )
            if client is not None and self._ends_with_client(request):
                _await_response(connection, client)
            response = connection.getresponse()
            body = response.read()
        except HTTPException as error:
            raise OSError(f"the emulator broke off: {error}") from error
        finally:
            connection.close()
        headers = [(k, v) for k, v in response.getheaders() if k.lower() not in HOP_BY_HOP]
        if request.method == "HEAD":
            headers.append(("Content-Length", response.getheader("Content-Length") or "0"))
        return Response(response.status, tuple(headers), body)

    def _ends_with_client(self, request: Request) -> bool:
        return ".".join(request.target) == RECEIVE and next(self._polls) % OUTLIVING_EVERY != 0


def _await_response(connection: HTTPConnection, client: socket.socket) -> None:
    """Return when there is a response; raise `OSError` when the client has gone before."""
    readable, _, _ = select.select([connection.sock, client], [], [], UPSTREAM_SECONDS)
    if readable == [client]:
        raise ConnectionAbortedError("the client of a poll has disconnected")


@contextmanager
def serving() -> Iterator[Proxy]:
    """Serve on a free port of 127.0.0.1 for the duration of the block."""
    server = _Server((HOST, 0), _Handler)
    server.proxy = Proxy(server.server_port)
    with running(server):
        yield server.proxy


@contextmanager
def running(server: ThreadingHTTPServer) -> Iterator[None]:
    """Serve in a thread for the duration of the block."""
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    proxy: Proxy

    def shutdown_request(self, request: Any) -> None:
        # Without the polite shutdown, so that a lingering time of 0 makes the close a reset.
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent: clients that are killed leave broken connections behind."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - inherited
        """Stay silent: the fault log says what was done."""

    def _serve(self) -> None:
        server = self.server
        if not isinstance(server, _Server):
            raise TypeError("this handler belongs to the proxy's server")
        request = Request(
            method=self.command,
            path=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("Content-Length", 0))),
        )
        proxy = server.proxy
        try:
            response = proxy.handle(request, lambda: proxy.forward(request, self.connection))
        except OSError:
            response = None
        if response is None:
            self._reset()
        else:
            self._send(response)
            response.afterwards()

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815 - their names

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(response.body)))
        elif not any(name == "Content-Length" for name, _ in response.headers):
            self.send_header("Content-Length", "0")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)
        self.wfile.flush()

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
