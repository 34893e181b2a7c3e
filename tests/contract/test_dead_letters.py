"""What every dead-letter queue promises, on the fake and on SQS."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

import pytest

from runtime.aws import clients
from runtime.aws.dead_letters import SqsDeadLetters
from runtime.core.dead_letters import DeadLetter, DeadLetters, list_letters
from tests.fakes.dead_letters import FakeDeadLetters


@dataclass(frozen=True, slots=True)
class UnderTest:
    letters: DeadLetters
    add: Callable[[str], object]


def fake(request: pytest.FixtureRequest) -> UnderTest:
    del request
    letters = FakeDeadLetters()
    return UnderTest(letters, letters.add)


def sqs(request: pytest.FixtureRequest) -> UnderTest:
    request.getfixturevalue("cloud")
    client = clients.sqs("us-east-1")
    request.addfinalizer(client.close)
    url = client.create_queue(QueueName=f"dead-{uuid4().hex[:12]}")["QueueUrl"]
    return UnderTest(
        SqsDeadLetters(client, url),
        lambda body: client.send_message(QueueUrl=url, MessageBody=body),
    )


@pytest.fixture(params=[fake, pytest.param(sqs, marks=pytest.mark.cloud)])
def queue(request: pytest.FixtureRequest) -> UnderTest:
    make: Callable[[pytest.FixtureRequest], UnderTest] = request.param
    return make(request)


def received(queue: UnderTest) -> list[DeadLetter]:
    """Receive until nothing is left."""
    found: list[DeadLetter] = []
    while batch := queue.letters.receive():
        assert len(batch) <= 10
        found += batch
    return found


def test_should_receive_each_message_once_while_it_is_hidden(queue: UnderTest) -> None:
    bodies = {f"Grüße {number}" for number in range(12)}
    for body in bodies:
        queue.add(body)
    found = received(queue)
    assert {letter.body for letter in found} == bodies
    assert len({letter.message_id for letter in found}) == len(found) == 12
    assert queue.letters.receive() == []
    assert queue.letters.count() == 12


def test_should_let_others_see_what_was_given_back(queue: UnderTest) -> None:
    queue.add("any")
    (first,) = received(queue)
    queue.letters.release(first)
    (second,) = received(queue)
    assert (second.message_id, second.body) == (first.message_id, first.body)


def test_should_remove_what_was_deleted(queue: UnderTest) -> None:
    queue.add("any")
    (letter,) = received(queue)
    queue.letters.delete(letter)
    queue.letters.release(letter)
    assert received(queue) == []
    assert queue.letters.count() == 0


def test_should_remove_everything_when_purged(queue: UnderTest) -> None:
    for _ in range(3):
        queue.add("any")
    queue.letters.purge()
    assert queue.letters.count() == 0


def test_should_hide_no_message_that_was_only_sampled(queue: UnderTest) -> None:
    bodies = {f"Grüße {number}" for number in range(3)}
    for body in bodies:
        queue.add(body)
    listed = list_letters(queue.letters, limit=10)
    assert {letter.body for letter in listed.letters} == bodies
    assert (listed.total, listed.complete) == (3, True)
    assert {letter.body for letter in queue.letters.receive()} == bodies


def test_should_leave_the_receipts_of_others_valid(queue: UnderTest) -> None:
    queue.add("any")
    (held,) = queue.letters.receive()
    listed = list_letters(queue.letters, limit=10)
    assert (listed.letters, listed.total, listed.complete) == ((), 1, False)
    queue.letters.delete(held)
    assert queue.letters.count() == 0


def test_should_count_every_receive(queue: UnderTest) -> None:
    queue.add("any")
    counts = [letter.receives for _ in range(3) for letter in queue.letters.sample()]
    assert counts == sorted(set(counts))
    (letter,) = queue.letters.receive()
    assert letter.receives == counts[-1] + 1
