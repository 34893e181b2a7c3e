"""What is decided once stays decided, and one bad record harms itself alone."""

import json
from collections.abc import Iterator

import pytest

from runtime.aws.job_items import UnreadableRecordError
from runtime.core.jobs import Job, Source, State, beat, requeue
from runtime.core.messages import requeue_message
from runtime.reaper.reaper import SweepFailedError
from runtime.reaper.remedies import MAX_MISSES
from tests.fakes.jobs import IdempotencyRecord
from tests.unit.dispatcher.afterlife import SILENCE_SECONDS, Afterlife
from tests.unit.dispatcher.world import KEY, World, s3_event

HEARTBEAT_SECONDS = 30.0


@pytest.fixture
def world() -> Afterlife:
    return Afterlife()


def interrupted(world: World) -> Source:
    """An upload in English that a processor had for a while."""
    source = world.upload(KEY, lifestream_language="en")
    assert world.deliver(s3_event(KEY))
    running = world.start_processor(source)
    world.jobs.save(running, requeue(running, now=world.clock.now(), run_counts=False))
    return source


@pytest.mark.parametrize("language", ["de", "klingon"])
def test_should_keep_the_options_of_a_job_that_a_processor_had(world: World, language: str) -> None:
    source = interrupted(world)
    world.upload(KEY, lifestream_language=language)
    assert world.deliver(requeue_message(source.job_id))
    job = world.job(source)
    assert (job.options.languages, job.state) == (("en",), State.CLAIMED)


def test_should_leave_a_failed_job_to_a_person(world: Afterlife) -> None:
    source = interrupted(world)
    for _ in range(MAX_MISSES):
        world.until_stuck()
        world.sweep()
        world.queue.take()
    failed = world.job(source)
    assert failed.state is State.FAILED
    assert world.deliver(s3_event(KEY)), "S3's duplicate, days late"
    assert world.job(source) == failed


def test_should_dispatch_the_upload_next_to_one_whose_record_is_broken(world: World) -> None:
    broken, good = world.upload("uploads/a.mp4", b"a"), world.upload("uploads/b.mp4", b"b")
    world.jobs.idempotency[broken.object_id] = IdempotencyRecord(
        job_id=broken.job_id, status="dispatched"
    )
    assert not world.deliver(s3_event("uploads/a.mp4", "uploads/b.mp4"))
    assert world.job(good).state is State.CLAIMED


def test_should_dispatch_the_upload_next_to_a_malformed_record(world: World) -> None:
    good = world.upload("uploads/b.mp4", b"b")
    event = json.loads(s3_event("uploads/b.mp4"))
    event["Records"].insert(0, {"eventName": "ObjectCreated:Put"})
    assert not world.deliver(json.dumps(event)), "the malformed one must reach the dead letters"
    assert world.job(good).state is State.CLAIMED


def test_should_sweep_past_a_record_that_cannot_be_read(world: Afterlife) -> None:
    source = world.running()
    world.clock.advance(SILENCE_SECONDS)
    world.jobs.unreadable = [UnreadableRecordError({}, ValueError("any"))]
    for _ in range(2):
        with pytest.raises(SweepFailedError, match=r"jobs\.unreadable"):
            world.sweep()
        world.clock.advance(SILENCE_SECONDS)
    assert world.job(source).state is State.PENDING
    assert "reaper.unreadable_record" in world.log.actions("ERROR")


def test_should_believe_the_record_and_not_a_lagging_index(world: Afterlife) -> None:
    source = world.running()
    stale = world.job(source)
    for _ in beats(world, source):
        pass
    world.jobs.in_state = (  # type: ignore[method-assign]
        lambda state, **_: iter([stale] if state is State.RUNNING else [])
    )
    for _ in range(3):
        world.sweep()
        world.clock.advance(HEARTBEAT_SECONDS)
    assert world.tasks.stopped == []
    assert world.job(source).state is State.RUNNING


def test_should_not_take_a_clock_that_runs_behind_for_silence(world: Afterlife) -> None:
    source = world.running()
    for _ in beats(world, source, behind=SILENCE_SECONDS + 1):
        world.sweep()
    assert world.tasks.stopped == []
    assert world.job(source).state is State.RUNNING
    assert "reaper.suspected" in world.log.actions()


def beats(world: Afterlife, source: Source, *, behind: float = 0.0) -> Iterator[Job]:
    """Let a processor report for a while; its clock runs `behind`."""
    running = world.job(source)
    for _ in range(int(2 * SILENCE_SECONDS / HEARTBEAT_SECONDS)):
        world.clock.advance(HEARTBEAT_SECONDS)
        # A processor writes what it has in memory, never what the reaper has marked.
        running, before = beat(running, now=world.clock.now() - behind), running
        world.jobs.save(before, running)
        yield running
