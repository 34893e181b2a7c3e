"""What every work queue promises, on the fake and on SQS."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

import pytest

from runtime.aws import clients
from runtime.aws.queues import SqsQueue
from runtime.core.ports import Backlog, WorkMessage
from tests.fakes.clock import FakeClock
from tests.fakes.work_queue import FakeWorkQueue

VISIBILITY_SECONDS = 30
SHORT_SECONDS = 2
"""For tests that wait until it is over; for others a busy machine might take as long."""


@dataclass(frozen=True, slots=True)
class QueueUnderTest:
    """`pass_time` lets so many seconds go by for the queue."""

    queue: FakeWorkQueue | SqsQueue
    pass_time: Callable[[float], None]

    def received(self) -> WorkMessage:
        message = self.queue.receive(0)
        assert message is not None
        return message


def _fake(request: pytest.FixtureRequest, visibility_seconds: int) -> QueueUnderTest:
    del request
    clock = FakeClock()
    queue = FakeWorkQueue(clock=clock, visibility_seconds=visibility_seconds)
    return QueueUnderTest(queue, clock.advance)


def _sqs(request: pytest.FixtureRequest, visibility_seconds: int) -> QueueUnderTest:
    request.getfixturevalue("cloud")
    client = clients.sqs("us-east-1")
    request.addfinalizer(client.close)
    url = client.create_queue(
        QueueName=f"work-{uuid4().hex[:12]}",
        Attributes={"VisibilityTimeout": str(visibility_seconds)},
    )["QueueUrl"]
    return QueueUnderTest(SqsQueue(client, url), time.sleep)


Make = Callable[[pytest.FixtureRequest, int], QueueUnderTest]
KINDS = [_fake, pytest.param(_sqs, marks=pytest.mark.cloud)]


@pytest.fixture(params=KINDS)
def under_test(request: pytest.FixtureRequest) -> QueueUnderTest:
    make: Make = request.param
    return make(request, VISIBILITY_SECONDS)


@pytest.fixture(params=KINDS)
def expiring(request: pytest.FixtureRequest) -> QueueUnderTest:
    """A queue that soon shows again what was received."""
    make: Make = request.param
    return make(request, SHORT_SECONDS)


def test_should_have_nothing_when_nothing_was_sent(under_test: QueueUnderTest) -> None:
    assert under_test.queue.receive(0) is None


def test_should_count_what_waits_and_what_is_hidden(under_test: QueueUnderTest) -> None:
    assert under_test.queue.backlog() == Backlog(waiting=0, in_work=0)
    for _ in range(3):
        under_test.queue.send("any")
    under_test.received()
    assert under_test.queue.backlog() == Backlog(waiting=2, in_work=1)


def test_should_give_a_message_to_one_receiver_at_a_time(under_test: QueueUnderTest) -> None:
    under_test.queue.send("any Grüße")
    message = under_test.received()
    assert (message.body, message.receives) == ("any Grüße", 1)
    assert under_test.queue.receive(0) is None


def test_should_give_it_again_when_its_time_is_over(expiring: QueueUnderTest) -> None:
    expiring.queue.send("any")
    first = expiring.received()
    expiring.pass_time(SHORT_SECONDS + 0.1)
    again = expiring.received()
    assert (again.message_id, again.receives) == (first.message_id, 2)


def test_should_hide_it_longer(expiring: QueueUnderTest) -> None:
    expiring.queue.send("any")
    expiring.queue.hide(expiring.received(), 60)
    expiring.pass_time(SHORT_SECONDS + 0.1)
    assert expiring.queue.receive(0) is None


def test_should_give_back_at_once(under_test: QueueUnderTest) -> None:
    under_test.queue.send("any")
    under_test.queue.hide(under_test.received(), 0)
    assert under_test.received().receives == 2


def test_should_delete_once_and_for_all(expiring: QueueUnderTest) -> None:
    expiring.queue.send("any")
    message = expiring.received()
    expiring.queue.delete(message)
    expiring.queue.delete(message)
    expiring.pass_time(SHORT_SECONDS + 0.1)
    assert expiring.queue.receive(0) is None
