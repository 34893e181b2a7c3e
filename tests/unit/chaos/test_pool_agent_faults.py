import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from chaos.pool.agent_faults import FAULTS, PATH, AgentFaults
from runtime.protection.testing.faults import fault_from


class Cloud(HTTPServer):
    """Notes the faults that are switched on, until all are switched off."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.faults: list[dict[str, Any]] = []
        self.on = 0
        self.first = threading.Event()


class Handler(BaseHTTPRequestHandler):
    server: Cloud

    def do_PUT(self) -> None:
        self.server.faults.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.server.on += 1
        assert self.server.on == 1
        self.server.first.set()
        self._done()

    def do_DELETE(self) -> None:
        self.server.on = 0
        self._done()

    def _done(self) -> None:
        assert self.path == PATH
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Say nothing."""


def test_should_cause_trouble_and_end_it() -> None:
    with Cloud() as cloud:
        serving = threading.Thread(target=lambda: cloud.serve_forever(poll_interval=0.01))
        serving.start()
        url = f"http://127.0.0.1:{cloud.server_address[1]}"
        fault = AgentFaults(url, seed=7, seconds_between=(0.0, 0.01))
        fault.start()
        assert cloud.first.wait(120)
        fault.stop()
        cloud.shutdown()
        serving.join()
    assert cloud.on == 0
    assert len(cloud.faults) == fault.count
    assert fault_from(cloud.faults[0]).calls


def test_should_know_only_troubles_that_the_local_cloud_knows() -> None:
    assert len({str(fault_from(fault)) for fault in FAULTS}) == len(FAULTS)
