from typing import Any

import pytest

from local.emulator.services.sqs_move_task import ORIGIN, MoveTasks
from tests.fakes.clock import FakeClock

DEAD, ORIGINAL, OTHER = "arn:dead", "arn:original", "arn:other"
NOW = 1000.0


class Queues:
    def __init__(self) -> None:
        self.by_arn: dict[str, dict[str, Any]] = {
            arn: {"messages": []} for arn in (DEAD, ORIGINAL, OTHER)
        }
        self.tasks = MoveTasks(FakeClock(now=NOW), self.by_arn.get)

    def add_dead_letter(
        self, body: str, *, visible_at: float = NOW, origin: str = ORIGINAL
    ) -> None:
        message = {
            "id": "old-id",
            "body": body,
            "receipt_handle": "any",
            "sent_at": 1.0,
            "visible_at": visible_at,
            "receive_count": 5,
            "first_receive_at": 2.0,
            "sys": {ORIGIN: origin, "SenderId": "any"},
        }
        self.by_arn[DEAD]["messages"].append(message)

    def bodies(self, arn: str) -> list[str]:
        return [message["body"] for message in self.by_arn[arn]["messages"]]


def test_should_move_messages_back_to_where_they_came_from() -> None:
    queues = Queues()
    queues.add_dead_letter("a")
    queues.add_dead_letter("b", origin=OTHER)
    queues.tasks.start({"SourceArn": DEAD})
    assert (queues.bodies(DEAD), queues.bodies(ORIGINAL), queues.bodies(OTHER)) == (
        [],
        ["a"],
        ["b"],
    )


def test_should_move_messages_to_the_given_destination() -> None:
    queues = Queues()
    queues.add_dead_letter("a")
    queues.tasks.start({"SourceArn": DEAD, "DestinationArn": OTHER})
    assert queues.bodies(OTHER) == ["a"]


def test_should_make_a_moved_message_a_new_one() -> None:
    queues = Queues()
    queues.add_dead_letter("a")
    queues.tasks.start({"SourceArn": DEAD})
    moved = queues.by_arn[ORIGINAL]["messages"][0]
    assert moved["id"] != "old-id"
    assert (moved["receive_count"], moved["receipt_handle"], moved["sent_at"]) == (0, None, NOW)
    assert moved["sys"] == {"SenderId": "any", "SentTimestamp": "1000000"}


def test_should_leave_a_message_that_somebody_is_working_on() -> None:
    queues = Queues()
    queues.add_dead_letter("a", visible_at=NOW + 1)
    queues.tasks.start({"SourceArn": DEAD})
    assert queues.bodies(DEAD) == ["a"]


def test_should_tell_what_was_moved() -> None:
    queues = Queues()
    queues.add_dead_letter("a")
    queues.tasks.start({"SourceArn": DEAD})
    queues.tasks.start({"SourceArn": DEAD})
    results = queues.tasks.list({"SourceArn": DEAD, "MaxResults": 10})["Results"]
    assert [r["ApproximateNumberOfMessagesMoved"] for r in results] == [0, 1]
    assert {r["Status"] for r in results} == {"COMPLETED"}


def test_should_refuse_a_queue_that_does_not_exist() -> None:
    with pytest.raises(LookupError, match="arn:unknown"):
        Queues().tasks.start({"SourceArn": "arn:unknown"})
