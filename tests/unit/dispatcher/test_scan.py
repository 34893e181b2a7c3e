"""An upload that must be scanned starts once it is found clean, and never otherwise."""

from itertools import permutations

import pytest

from runtime.core.contract import SCAN_TAG, Metric
from runtime.core.jobs import CAPACITY, SCAN, Source, State, requeue, retry, wait
from runtime.core.malware import CLEAN
from runtime.core.messages import requeue_message
from tests.unit.dispatcher.world import (
    BUCKET,
    LEASE_SECONDS,
    VISIBILITY_SECONDS,
    World,
    confirmation,
    iso,
    s3_event,
    scan_event,
)

LONGEST_PAUSE_SECONDS = 300.0


@pytest.fixture
def world() -> World:
    return World(scanned=True)


def scan(world: World, source: Source, result: str = CLEAN) -> None:
    world.objects.set_tag(source, SCAN_TAG, result)


def test_should_wait_for_the_scan_and_start_on_its_event(world: World) -> None:
    source = world.upload()
    assert world.deliver(s3_event())
    waiting = world.job(source)
    assert (waiting.state, waiting.waiting_for) == (State.PENDING, SCAN)
    assert (waiting.runs, waiting.misses) == (0, 0)
    assert world.launcher.started == []

    scan(world, source)
    assert world.deliver(scan_event()), "the event ends the pause"

    assert world.launcher.started == [(source.job_id, 2)]


def test_should_find_a_result_whose_event_was_lost(world: World) -> None:
    source = world.upload()
    world.deliver(s3_event())
    scan(world, source)

    world.clock.advance(world.queue.delays[-1])
    assert world.deliver(world.queue.bodies[-1])

    assert world.launcher.started == [(source.job_id, 2)]


def test_should_look_again_at_the_latest_after_five_minutes(world: World) -> None:
    source = world.upload()
    world.deliver(s3_event())
    for _ in range(12):
        world.clock.advance(world.queue.delays[-1])
        assert world.deliver(world.queue.bodies[-1])

    assert max(world.queue.delays) <= LONGEST_PAUSE_SECONDS
    assert world.job(source).waits == 13
    assert world.launcher.started == []


@pytest.mark.parametrize(
    ("result", "code"),
    [
        ("THREATS_FOUND", "media.malware"),
        ("UNSUPPORTED", "media.not_scannable"),
        ("ACCESS_DENIED", "scan.access_denied"),
        ("FAILED", "scan.failed"),
        ("A_RESULT_OF_TOMORROW", "scan.failed"),
    ],
)
@pytest.mark.parametrize("early", [True, False])
def test_should_fail_what_is_not_clean(
    world: World, result: str, code: str, *, early: bool
) -> None:
    source = world.upload()
    if early:
        scan(world, source, result)
    assert world.deliver(s3_event())
    scan(world, source, result)
    assert world.deliver(scan_event(result=result))

    job = world.job(source)
    assert job.failure is not None
    assert (job.state, job.failure.code) == (State.FAILED, code)
    assert world.launcher.started == []
    assert world.metrics.total(Metric.JOBS_FAILED) == 1


@pytest.mark.parametrize("order", list(permutations(("upload", "scan", "confirm", "scan again"))))
def test_should_start_once_in_every_order_of_events(world: World, order: tuple[str, ...]) -> None:
    source = world.upload()
    scan(world, source)
    bodies = {
        "upload": s3_event(),
        "confirm": confirmation(),
        "scan": scan_event(),
        "scan again": scan_event(),
    }

    assert all(world.deliver_until_gone(bodies[name]) for name in order)

    assert len(world.launcher.started) == 1


def test_should_not_believe_an_event_without_the_tag(world: World) -> None:
    """A sender to the queue could claim any result."""
    source = world.upload()
    assert world.deliver(scan_event(result=CLEAN))

    assert world.job(source).waiting_for == SCAN
    assert world.launcher.started == []


def test_should_not_end_another_pause_than_that_for_the_scan(world: World) -> None:
    source = world.upload()
    scan(world, source)
    world.deliver(s3_event())
    claimed = world.job(source)
    world.jobs.save(claimed, wait(claimed, now=world.clock.now(), waiting_for=CAPACITY))
    before = world.job(source)

    assert world.deliver(scan_event())

    assert world.job(source) == before


def test_should_scan_the_same_bytes_uploaded_again(world: World) -> None:
    source = world.upload()
    scan(world, source, "FAILED")
    world.deliver(s3_event())
    world.clock.advance(1.0)
    assert world.upload() == source

    assert world.deliver(s3_event(eventTime=iso(world.clock.now())))
    assert world.job(source).waiting_for == SCAN
    scan(world, source)
    assert world.deliver(scan_event())

    assert len(world.launcher.started) == 1


def test_should_fail_a_flagged_upload_again_when_it_is_retried(world: World) -> None:
    source = world.upload()
    scan(world, source, "THREATS_FOUND")
    world.deliver(s3_event())
    failed = world.job(source)
    world.jobs.save(failed, retry(failed, now=world.clock.now()))

    assert world.deliver(requeue_message(source.job_id))

    assert world.job(source).state is State.FAILED
    assert world.launcher.started == []


def test_should_fail_a_job_whose_upload_can_no_longer_be_scanned(world: World) -> None:
    source = world.upload()
    world.deliver(s3_event())
    world.objects.delete(BUCKET, source.key)
    world.clock.advance(world.queue.delays[-1])

    assert world.deliver(world.queue.bodies[-1])

    failure = world.job(source).failure
    assert failure is not None
    assert failure.code == "source.gone"


def test_should_ask_again_before_each_attempt(world: World) -> None:
    """A later scan may know more."""
    source = world.upload()
    scan(world, source)
    world.deliver(s3_event())
    running = world.start_processor(source)
    world.jobs.save(running, requeue(running, now=world.clock.now()))
    scan(world, source, "THREATS_FOUND")

    assert world.deliver(requeue_message(source.job_id))

    assert world.job(source).state is State.FAILED


@pytest.mark.parametrize("result", [None, CLEAN, "THREATS_FOUND"])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("call", range(5))
def test_should_decide_the_same_however_the_dispatcher_dies(
    world: World, call: int, result: str | None, *, after: bool
) -> None:
    source = world.upload()
    if result is not None:
        scan(world, source, result)
    world.switch.arm(call, after=after)
    world.deliver(s3_event())
    world.switch.disarm()
    world.clock.advance(max(VISIBILITY_SECONDS, LEASE_SECONDS))
    world.deliver_until_gone(s3_event())

    expected = {
        None: {State.PENDING},
        "THREATS_FOUND": {State.FAILED},
        CLEAN: {State.CLAIMED, State.LAUNCHED},
    }
    assert world.job(source).state in expected[result]
    assert len(world.launcher.started) == (result == CLEAN)
