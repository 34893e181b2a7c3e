import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from chaos.outages import Outages, outage_start
from chaos.pool.agent_faults import FAULTS, PATH, AgentFaults
from runtime.protection.testing.faults import AgentFaults as AgentOfTasks
from runtime.protection.testing.faults import fault_from


class Cloud(HTTPServer):
    """The local cloud's faults of the agent, one at a time."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.agent = AgentOfTasks()
        self.switched_on = 0
        self.first = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Cloud

    def do_GET(self) -> None:
        assert self.path == PATH
        body = json.dumps({"faults": self.server.agent.describe()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self) -> None:
        assert not self.server.agent.describe()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.agent.switch_on(fault_from(json.loads(body)))
        self.server.switched_on += 1
        self.do_GET()
        self.server.first.set()

    def do_DELETE(self) -> None:
        self.server.agent.clear()
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Say nothing."""


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud() as cloud:
        serving = threading.Thread(target=lambda: cloud.serve_forever(poll_interval=0.01))
        serving.start()
        yield cloud
        cloud.shutdown()
        serving.join()


def test_should_cause_trouble_and_end_it(cloud: Cloud) -> None:
    with AgentFaults(cloud.url, seed=7, seconds_between=(0.0, 0.01)) as fault:
        assert cloud.first.wait(120)
    assert cloud.agent.describe() == []
    assert cloud.switched_on == fault.count


def test_should_count_the_calls_that_met_an_outage_of_ecs(cloud: Cloud) -> None:
    met: list[int] = []
    within = outage_start("ecs", 60.0) + 1
    fault = AgentFaults(
        cloud.url,
        seed=7,
        outages=Outages(seconds=60.0, began=0.0, now=lambda: within),
        on_outage_met=met.append,
    )
    fault.once()
    for _ in range(3):
        assert cloud.agent.take("any-task").error is not None
    fault.once()
    assert sum(met) == 3


def test_should_know_only_troubles_that_the_local_cloud_knows() -> None:
    assert len({str(fault_from(fault)) for fault in FAULTS}) == len(FAULTS)
