import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest

from runtime.core.task_cost import UNKNOWN_TASK_SIZE, cost_usd
from runtime.processor.host.task_metadata import read_task_arn, read_task_size
from tests.fakes.log import CapturedLog


class Agent(BaseHTTPRequestHandler):
    answers: ClassVar[dict[str, bytes]] = {}

    def do_GET(self) -> None:
        answer = self.answers.get(self.path)
        self.send_response(404 if answer is None else 200)
        self.end_headers()
        self.wfile.write(answer or b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Keep the test's output quiet."""


@pytest.fixture
def agent() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Where an ECS agent listens, and what it answers by path."""
    server = HTTPServer(("127.0.0.1", 0), Agent)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    Agent.answers.clear()
    yield f"http://127.0.0.1:{server.server_port}/v4/any", Agent.answers
    server.shutdown()
    thread.join()
    server.server_close()


def test_should_read_the_arn(agent: tuple[str, dict[str, bytes]]) -> None:
    uri, answers = agent
    answers["/v4/any/task"] = b'{"TaskARN": "arn:any:task", "Family": "any"}'
    assert read_task_arn(uri, CapturedLog()) == "arn:any:task"


@pytest.mark.parametrize("answer", [None, b"", b"{", b"[]", b"{}"])
def test_should_do_without_an_answer(
    agent: tuple[str, dict[str, bytes]], answer: bytes | None
) -> None:
    uri, answers = agent
    if answer is not None:
        answers["/v4/any/task"] = answer
    log = CapturedLog()
    assert read_task_arn(uri, log) is None
    assert log.actions("WARNING") == ["task_metadata.unavailable"]


@pytest.mark.parametrize("uri", [None, "", "file:///etc/hostname"])
def test_should_ask_no_one_outside_ecs(uri: str | None) -> None:
    log = CapturedLog()
    assert read_task_arn(uri, log) is None
    assert log.lines == []


@pytest.mark.parametrize(
    ("launch_type", "fargate"), [('"FARGATE"', True), ('"EC2"', False), (None, True)]
)
def test_should_read_what_the_task_was_given_and_whether_that_is_what_is_paid_for(
    agent: tuple[str, dict[str, bytes]], launch_type: str | None, *, fargate: bool
) -> None:
    uri, answers = agent
    said = "" if launch_type is None else f', "LaunchType": {launch_type}'
    limits = '"Limits": {"CPU": 4, "Memory": 8192}'
    answers["/v4/any/task"] = f'{{"TaskARN": "arn:any:task", {limits}{said}}}'.encode()
    machine = read_task_size(uri, CapturedLog())
    assert (machine.vcpus, machine.memory_mb, machine.fargate) == (4, 8192, fargate)
    assert (cost_usd(3600, machine) is not None) == fargate


@pytest.mark.parametrize("limits", ["", ', "Limits": {}', ', "Limits": {"CPU": "any"}'])
def test_should_not_guess_what_the_task_was_given(
    agent: tuple[str, dict[str, bytes]], limits: str
) -> None:
    uri, answers = agent
    answers["/v4/any/task"] = f'{{"TaskARN": "arn:any:task"{limits}}}'.encode()
    assert read_task_size(uri, CapturedLog()) == UNKNOWN_TASK_SIZE
    assert cost_usd(3600, read_task_size(None, CapturedLog())) is None
