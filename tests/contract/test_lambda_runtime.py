"""The API's function under Lambda's own runtime client, which asks a Runtime API for requests."""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from local.api_process import AUDIENCE
from local.api_resources import create_api_resources
from local.issuer.process import local_issuer
from local.toolchain import ROOT

pytestmark = pytest.mark.cloud

HANDLER = "runtime.api.lambda_handler.handle"
ARN = "arn:aws:lambda:us-east-1:111122223333:function:any"
LONGEST_SECONDS = 120.0
FAR_MILLISECONDS = "4102444800000"
BASE = "/2018-06-01/runtime"


class RuntimeApi:
    """Lambda's Runtime API: hands out events one by one and takes their answers."""

    def __init__(self) -> None:
        self._events: queue.Queue[tuple[str, Any] | None] = queue.Queue()
        self._answers: queue.Queue[tuple[str, Any]] = queue.Queue()

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """Return what the function answers; its failure is an assertion's."""
        request_id = str(uuid4())
        self._events.put((request_id, event))
        path, body = self._answers.get(timeout=LONGEST_SECONDS)
        assert path == f"{BASE}/invocation/{request_id}/response", (path, body)
        return body

    def end(self) -> None:
        """Answer the next question without an event, as a server that ends."""
        self._events.put(None)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """Return the handler of its requests."""
        events, answers = self._events, self._answers

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                given = events.get()
                if given is None:
                    self.send_error(500)
                    return
                request_id, event = given
                self._answer(
                    200,
                    event,
                    {
                        "Lambda-Runtime-Aws-Request-Id": request_id,
                        "Lambda-Runtime-Deadline-Ms": FAR_MILLISECONDS,
                        "Lambda-Runtime-Invoked-Function-Arn": ARN,
                    },
                )

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self._answer(202, {"status": "OK"})
                answers.put((self.path, json.loads(body)))

            def _answer(
                self, status: int, body: Any, headers: Mapping[str, str] | None = None
            ) -> None:
                content = json.dumps(body).encode()
                self.send_response(status)
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
                """Write nothing."""

        return Handler


@pytest.fixture
def runtime_api() -> Iterator[tuple[RuntimeApi, str]]:
    api = RuntimeApi()
    server = ThreadingHTTPServer(("127.0.0.1", 0), api.handler())
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield api, f"127.0.0.1:{server.server_address[1]}"
    api.end()
    server.shutdown()
    thread.join()
    server.server_close()


def request(path: str, **headers: str) -> dict[str, Any]:
    """Return a request as an HTTP API of API Gateway passes it on."""
    http = {"method": "GET", "path": path, "sourceIp": "192.0.2.1", "protocol": "HTTP/1.1"}
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "any.example.test", **headers},
        "requestContext": {"http": http},
        "isBase64Encoded": False,
    }


def test_should_answer_through_the_runtime_client_of_lambda(
    cloud: str, runtime_api: tuple[RuntimeApi, str], tmp_path: Path
) -> None:
    api, address = runtime_api
    with local_issuer(tmp_path) as issuer, (tmp_path / "log").open("wb") as log:
        resources = create_api_resources(issuer=issuer.url, audience=AUDIENCE)
        process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", HANDLER],
            cwd=ROOT,
            env={**os.environ, **resources, "AWS_ENDPOINT_URL": cloud}
            | {"AWS_LAMBDA_RUNTIME_API": address, "LAMBDA_TASK_ROOT": str(ROOT)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            known = request("/v1/me", authorization=f"Bearer {issuer.token}")
            answers = [api.invoke(event) for event in (request("/ready"), known, request("/v1/me"))]
            failed = api.invoke(
                {
                    "Records": [
                        {"eventSource": "aws:sqs", "messageId": "bad", "body": "no JSON"},
                    ]
                }
            )
        finally:
            process.kill()
            process.wait()
    assert [each["statusCode"] for each in answers] == [200, 200, 401]
    assert json.loads(answers[1]["body"])["owner"] == "local-user"
    assert failed == {"batchItemFailures": []}, "without a webhook queue there is nothing to do"
