"""Every change of state is announced once per receiver, and what cannot be is tried again."""

import json
from typing import Any

import pytest

from runtime.aws.job_items import job_item, job_of
from runtime.core.errors import Permanent, Retryable
from runtime.core.job_events import CHANGED_MESSAGE_TYPE, JobEvent
from runtime.core.jobs import Job, Source, claim_new, report, start, succeed
from runtime.core.submission import Submission
from runtime.events.announcer import Announcer
from runtime.events.settings import read_settings
from tests.fakes.log import CapturedLog
from tests.fakes.queue import FakeJobsQueue

SOURCE = Source(bucket="any", key="uploads/any/a talk.mp4", etag="any", size_bytes=1)
OWNED = Submission(owner="any-owner", title="A talk")


class FakeBus:
    def __init__(self) -> None:
        self.events: list[JobEvent] = []
        self.down = False

    def put(self, event: JobEvent) -> None:
        if self.down:
            raise Retryable("aws.Throttling", "It is busy.", "Wait.")
        self.events.append(event)


class World:
    def __init__(self) -> None:
        self.bus, self.queue, self.log = FakeBus(), FakeJobsQueue(), CapturedLog()
        self.announcer = Announcer(
            environment="test",
            bus=self.bus,
            queue=self.queue,
            read_job=job_of,
            log=self.log,
        )


def record(before: Job | None, after: Job | None, number: int = 1) -> dict[str, Any]:
    images = {"OldImage": before, "NewImage": after}
    found = {name: job_item(job, write_id="any") for name, job in images.items() if job}
    return {"dynamodb": {**found, "SequenceNumber": str(number)}}


@pytest.fixture
def world() -> World:
    return World()


def test_should_announce_each_state_and_no_progress(world: World) -> None:
    claimed = claim_new(SOURCE, now=1.0, lease_seconds=60, submission=OWNED)
    running = start(claimed, now=2.0, task_arn=None)
    reported = report(running, now=3.0, stage="fetch", progress=0.1)
    done = succeed(reported, now=4.0, result_key="results/any/summary.json")
    steps = [(None, claimed), (claimed, running), (running, reported), (reported, done)]
    records = [record(before, after) for before, after in [*steps, (done, None)]]
    assert world.announcer.announce(records) == []
    assert [event.event_type for event in world.bus.events] == [
        "job.claimed",
        "job.running",
        "job.succeeded",
    ]
    last = world.bus.events[-1]
    assert last.detail["previous_state"] == "RUNNING"
    assert last.detail["at"] == "1970-01-01T00:00:04.000+00:00"
    assert (last.detail["title"], last.detail["owner"]) == ("A talk", "any-owner")
    message = json.loads(world.queue.bodies[-1])
    assert message["type"] == CHANGED_MESSAGE_TYPE
    assert JobEvent(**message["event"]) == last


def test_should_go_on_from_the_record_that_failed(world: World) -> None:
    claimed = claim_new(SOURCE, now=1.0, lease_seconds=60)
    world.bus.down = True
    records = [record(claimed, claimed, 1), record(None, claimed, 2), record(None, claimed, 3)]
    assert world.announcer.announce(records) == ["2"]


def test_should_give_a_repeated_change_the_same_id(world: World) -> None:
    claimed = claim_new(SOURCE, now=1.0, lease_seconds=60)
    world.announcer.announce([record(None, claimed), record(None, claimed)])
    first, again = world.bus.events
    assert first == again
    assert world.queue.bodies == []  # a job without an owner has no webhooks


def test_should_pass_over_a_record_that_it_cannot_read(world: World) -> None:
    claimed = claim_new(SOURCE, now=1.0, lease_seconds=60)
    broken = {"dynamodb": {"NewImage": {"job_id": {"S": "any"}}, "SequenceNumber": "1"}}
    assert world.announcer.announce([broken, record(None, claimed, 2)]) == []
    assert world.log.actions("ERROR") == ["events.unreadable"]
    assert len(world.bus.events) == 1


def test_should_name_every_setting_that_is_missing() -> None:
    with pytest.raises(Permanent, match=r"LIFESTREAM_ENVIRONMENT.*AWS_REGION.*EVENT_BUS_NAME"):
        read_settings({})
