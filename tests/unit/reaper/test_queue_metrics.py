"""Asking work queues for their lengths: each is told, none may stop the sweep."""

from runtime.core.contract import Compute
from runtime.core.errors import Retryable
from runtime.reaper.queue_metrics import log_queue_lengths
from tests.fakes.clock import FakeClock
from tests.fakes.log import CapturedLog
from tests.fakes.work_queue import FakeWorkQueue


def test_should_ask_every_queue_and_say_what_it_holds() -> None:
    log, cpu, gpu = CapturedLog(), *(FakeWorkQueue(clock=FakeClock()) for _ in range(2))
    for _ in range(3):
        cpu.send("any")
    cpu.receive()

    log_queue_lengths({Compute.CPU: cpu, Compute.GPU: gpu}, log)

    assert [(line.action, line.fields) for line in log.lines] == [
        ("reaper.work_queue", {"compute": "cpu", "waiting": 2, "in_work": 1}),
        ("reaper.work_queue", {"compute": "gpu", "waiting": 0, "in_work": 0}),
    ]


def test_should_ask_the_next_queue_when_one_does_not_answer() -> None:
    log, cpu, gpu = CapturedLog(), *(FakeWorkQueue(clock=FakeClock()) for _ in range(2))
    cpu.faults["backlog"] = [Retryable("aws.timeout", "It does not answer.", "Wait.")]

    log_queue_lengths({Compute.CPU: cpu, Compute.GPU: gpu}, log)

    assert log.actions("WARNING") == ["reaper.queue_unread"]
    assert log.actions("INFO") == ["reaper.work_queue"]
