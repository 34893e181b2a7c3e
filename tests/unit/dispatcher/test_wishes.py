"""What an upload asks for reaches its job, or fails it; it is never ignored."""

import pytest

from runtime.core.contract import Metric
from runtime.core.jobs import State, requeue, retry
from runtime.core.messages import requeue_message
from runtime.core.options import JobOptions
from tests.unit.dispatcher.world import BUCKET, KEY, VISIBILITY_SECONDS, World, iso, s3_event

CALLS = 3


@pytest.fixture
def world() -> World:
    return World()


def test_should_keep_what_is_asked_with_the_job(world: World) -> None:
    source = world.upload(lifestream_language="de", lifestream_max_speakers="2")
    assert world.deliver(s3_event())
    assert world.job(source).options == JobOptions(languages=("de",), max_speakers=2)
    running = world.start_processor(source)
    assert running.options.languages == ("de",)


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"lifestream_language": "xx"}, "options.invalid"),
        ({"lifestream_compute": "gpu"}, "options.no_gpu"),
    ],
)
def test_should_fail_what_cannot_be_had_with_one_write(
    world: World, wish: dict[str, str], code: str
) -> None:
    source = world.upload(KEY, b"any video", **wish)
    assert world.deliver(s3_event()), "a message that can never succeed must not come back"
    job = world.job(source)
    assert job.failure is not None
    assert (job.state, job.failure.code) == (State.FAILED, code)
    assert "metadata" in job.failure.resolution
    assert world.switch.calls == ["look", "create"]
    assert world.launcher.started == []
    assert world.metrics.total(Metric.JOBS_FAILED) == 1


def test_should_count_a_refusal_once_however_often_its_message_comes(world: World) -> None:
    source = world.upload(lifestream_language="xx")
    for _ in range(3):
        assert world.deliver(s3_event())
        world.clock.advance(VISIBILITY_SECONDS)
    assert world.metrics.total(Metric.JOBS_FAILED) == 1
    assert world.job(source).attempt == 1


def test_should_read_anew_when_a_person_has_corrected_it_and_retries(world: World) -> None:
    source = world.upload(lifestream_language="xx")
    world.deliver(s3_event())
    assert world.upload(lifestream_language="fr") == source
    _put_back_by_hand(world)
    assert world.deliver(requeue_message(source.job_id))
    assert world.job(source).options == JobOptions(languages=("fr",))
    assert len(world.launcher.started) == 1


def test_should_fail_again_what_is_retried_without_a_correction(world: World) -> None:
    source = world.upload(lifestream_language="xx")
    world.deliver(s3_event())
    _put_back_by_hand(world)
    assert world.deliver(requeue_message(source.job_id))
    job = world.job(source)
    assert job.failure is not None
    assert (job.state, job.failure.code) == (State.FAILED, "options.invalid")
    assert world.launcher.started == []


def test_should_run_what_the_event_of_a_correction_announces(world: World) -> None:
    source = world.upload(lifestream_language="xx")
    world.deliver(s3_event())
    world.upload(lifestream_language="fr")
    world.clock.advance(1.0)
    assert world.deliver(s3_event(eventTime=iso(world.clock.now())))
    assert world.job(source).options == JobOptions(languages=("fr",))
    assert len(world.launcher.started) == 1


@pytest.mark.parametrize("change", ["deleted", "replaced"])
def test_should_run_a_job_put_back_whose_upload_is_gone_so_that_it_says_so(
    world: World, change: str
) -> None:
    source = world.upload(lifestream_language="de")
    world.deliver(s3_event())
    claimed = world.job(source)
    world.jobs.save(claimed, requeue(claimed, now=world.clock.now()))
    world.objects.delete(BUCKET, KEY)
    if change == "replaced":
        world.upload(data=b"other", lifestream_language="xx")
    assert world.deliver(requeue_message(source.job_id))
    assert world.job(source).options == JobOptions(languages=("de",))
    assert world.launcher.started == [(source.job_id, 1), (source.job_id, 2)]


def test_should_not_read_anew_what_ran_before(world: World) -> None:
    source = world.upload(lifestream_language="de")
    world.deliver(s3_event())
    running = world.start_processor(source)
    world.jobs.save(running, requeue(running, now=world.clock.now()))
    world.upload(lifestream_language="fr")
    assert world.deliver(requeue_message(source.job_id))
    assert world.job(source).options == JobOptions(languages=("de",))


def test_should_wait_for_a_dispatcher_that_may_be_launching_what_is_refused_now(
    world: World,
) -> None:
    source = world.upload()
    assert world.deliver(s3_event())
    world.upload(lifestream_language="xx")
    assert not world.deliver(s3_event())
    assert world.job(source).state is State.CLAIMED


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("call", range(CALLS))
def test_should_fail_once_however_the_dispatcher_dies(
    world: World, call: int, *, after: bool
) -> None:
    source = world.upload(lifestream_compute="gpu")
    world.switch.arm(call, after=after)
    world.deliver(s3_event())
    world.switch.disarm()
    world.clock.advance(VISIBILITY_SECONDS)
    assert world.deliver_until_gone(s3_event()) == 1
    job = world.job(source)
    assert (job.state, job.attempt) == (State.FAILED, 1)
    assert world.launcher.started == []


def _put_back_by_hand(world: World) -> None:
    (job,) = world.jobs.jobs.values()
    world.jobs.save(job, retry(job, now=world.clock.now()))
