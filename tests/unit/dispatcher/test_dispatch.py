"""The plain ways of a message, and every failure window that concerns the dispatcher."""

import pytest

from runtime.core.jobs import (
    Failure,
    State,
    fail,
    launched,
    requeue,
    submitted,
    succeed,
    take_over,
)
from runtime.core.messages import requeue_message
from runtime.core.options import DEFAULT_OPTIONS
from runtime.core.ports import StaleWriteError
from runtime.core.submission import Submission
from tests.fakes.launcher import Fault
from tests.unit.dispatcher.world import (
    BUCKET,
    KEY,
    LEASE_SECONDS,
    VISIBILITY_SECONDS,
    World,
    confirmation,
    iso,
    s3_event,
)

ANY_FAILURE = Failure(code="any.code", summary="Any summary.", resolution="Any resolution.")


@pytest.fixture
def world() -> World:
    return World()


def test_should_launch_a_fresh_upload_in_three_calls(world: World) -> None:
    source = world.upload()
    assert world.deliver(s3_event())
    assert world.switch.calls == ["look", "create", "launch"]
    assert world.launcher.started == [(source.job_id, 1)]
    assert world.job(source).state is State.CLAIMED


def test_should_meet_event_and_confirmation_in_one_job(world: World) -> None:
    source = world.upload()
    assert world.deliver(s3_event())
    world.start_processor(source)
    assert world.deliver(confirmation())
    assert world.launcher.started == [(source.job_id, 1)]


def test_should_claim_a_submitted_job_as_its_first_attempt(world: World) -> None:
    source = world.upload()
    owned = Submission(owner="any-subject", title="Any title")
    now = world.clock.now()
    world.jobs.create(submitted(source, now=now, options=DEFAULT_OPTIONS, submission=owned))
    assert world.deliver(confirmation())
    world.start_processor(source)
    assert world.deliver(s3_event())
    assert world.launcher.started == [(source.job_id, 1)]
    assert world.job(source).submission == owned


@pytest.mark.parametrize("metadata", [{}, {"lifestream_compute": "no-such"}])
def test_should_record_the_owner_that_the_upload_names(
    world: World, metadata: dict[str, str]
) -> None:
    source = world.objects.put(BUCKET, KEY, b"any", lifestream_owner="any-subject", **metadata)
    assert world.deliver(s3_event())
    assert world.job(source).submission == Submission(owner="any-subject")


def test_should_make_a_new_job_of_a_new_version(world: World) -> None:
    old, _ = world.upload(data=b"old"), world.deliver(s3_event())
    new, _ = world.upload(data=b"new"), world.deliver(s3_event())
    assert world.launcher.started == [(old.job_id, 1), (new.job_id, 1)]


def test_should_dispatch_an_empty_file_so_that_its_job_can_say_why_it_failed(world: World) -> None:
    source = world.upload(data=b"")
    assert world.deliver(s3_event())
    assert world.launcher.started == [(source.job_id, 1)]


@pytest.mark.parametrize(
    "key", ["uploads/GX010042.MP4", "uploads/clip.avi", "uploads/notes.txt", "uploads/no suffix"]
)
def test_should_make_a_job_of_a_file_of_any_name(world: World, key: str) -> None:
    source = world.upload(key)
    assert world.deliver(s3_event(key))
    assert world.job(source).state is State.CLAIMED


def test_should_make_no_job_of_a_folder_marker(world: World) -> None:
    markers = [world.upload(key, b"") for key in ("uploads/", "uploads/folder/")]
    file = world.upload("uploads/named like a folder/", b"any video")
    for source in (*markers, file):
        assert world.deliver(s3_event(source.key))
    assert [world.jobs.get(source.job_id) for source in markers] == [None, None]
    assert world.job(file).state is State.CLAIMED
    assert world.log.actions("INFO").count("dispatch.ignored") == len(markers)


def test_should_acknowledge_an_object_that_is_gone(world: World) -> None:
    assert world.deliver(s3_event())
    assert world.log.actions("WARNING") == ["dispatch.object_gone"]
    assert world.launcher.started == []


def test_should_acknowledge_and_log_what_is_not_ours(world: World) -> None:
    assert world.deliver(s3_event("results/notes.txt"))
    assert world.log.actions() == ["dispatch.ignored"]
    assert world.switch.calls == []


def test_should_fail_a_message_of_two_records_until_both_are_launched(world: World) -> None:
    first, second = world.upload("uploads/1.mp4"), world.upload("uploads/2.mp4", b"other")
    world.launcher.faults = [Fault.REFUSED]
    body = s3_event("uploads/1.mp4", "uploads/2.mp4")
    assert world.deliver_until_gone(body) == 2
    assert sorted(world.launcher.started) == sorted([(first.job_id, 2), (second.job_id, 1)])


def test_should_run_a_job_whose_dispatcher_died_between_claim_and_launch(world: World) -> None:
    source = world.upload()
    world.switch.arm(1, after=True)
    assert not world.deliver(s3_event())
    assert world.job(source).state is State.CLAIMED
    assert world.launcher.started == []
    world.clock.advance(VISIBILITY_SECONDS)
    assert world.deliver(s3_event())
    assert world.launcher.started == [(source.job_id, 2)]


def test_should_fail_the_message_while_the_lease_of_another_claim_lives(world: World) -> None:
    source = world.upload()
    assert world.deliver(s3_event())
    world.clock.advance(LEASE_SECONDS - 1)
    assert not world.deliver(s3_event())
    assert world.launcher.started == [(source.job_id, 1)]


def test_should_acknowledge_once_launched_though_the_first_delete_failed(world: World) -> None:
    source = world.upload()
    assert world.deliver(s3_event())
    world.clock.advance(VISIBILITY_SECONDS)
    assert world.deliver(s3_event())
    assert world.launcher.started == [(source.job_id, 1)]
    job = world.job(source)
    assert job.state is State.LAUNCHED
    assert job.task_arn is not None


def test_should_find_the_task_whose_launch_got_no_answer(world: World) -> None:
    source = world.upload()
    world.launcher.faults = [Fault.ANSWER_LOST]
    assert world.deliver(s3_event())
    assert world.launcher.started == [(source.job_id, 1)]
    assert world.job(source).state is State.LAUNCHED


def test_should_keep_the_claim_when_a_lost_launch_is_not_found(world: World) -> None:
    source = world.upload()
    world.launcher.faults = [Fault.REQUEST_LOST]
    assert not world.deliver(s3_event())
    assert world.job(source).state is State.CLAIMED
    world.clock.advance(VISIBILITY_SECONDS)
    assert world.deliver(s3_event())
    assert world.launcher.started == [(source.job_id, 2)]


def test_should_release_the_claim_and_fail_when_no_task_was_started(world: World) -> None:
    source = world.upload()
    world.launcher.faults = [Fault.REFUSED]
    assert not world.deliver(s3_event())
    assert world.job(source).state is State.PENDING
    assert world.deliver(s3_event())
    assert world.launcher.started == [(source.job_id, 2)]


def test_should_fence_a_writer_whose_claim_was_taken_over(world: World) -> None:
    source = world.upload()
    world.switch.arm(1, after=True)
    world.deliver(s3_event())
    zombie = world.job(source)
    world.clock.advance(VISIBILITY_SECONDS)
    world.deliver(s3_event())
    with pytest.raises(StaleWriteError):
        world.jobs.save(zombie, launched(zombie, now=world.clock.now(), task_arn="arn:zombie"))


def test_should_run_again_what_was_released_by_its_processor(world: World) -> None:
    source = world.upload()
    world.deliver(s3_event())
    running = world.start_processor(source)
    world.jobs.save(running, requeue(running, now=world.clock.now()))
    assert world.deliver(s3_event())
    assert world.launcher.started == [(source.job_id, 1), (source.job_id, 2)]


def test_should_leave_a_job_that_failed_before_it_ran_to_a_person(world: World) -> None:
    source = world.upload()
    world.launcher.faults = [Fault.REFUSED]
    world.deliver(s3_event())
    pending = world.job(source)
    world.jobs.save(pending, fail(pending, now=world.clock.now(), failure=ANY_FAILURE))
    assert world.deliver(s3_event())
    assert world.launcher.started == []
    world.clock.advance(1.0)
    assert world.deliver(s3_event(eventTime=iso(world.clock.now()))), "the same bytes again"
    assert world.launcher.started == [(source.job_id, 2)]
    assert world.job(source).failure is None


@pytest.mark.parametrize("how", ["succeeded", "failed"])
def test_should_acknowledge_a_redriven_message_whose_job_ran_to_an_end(
    world: World, how: str
) -> None:
    source = world.upload()
    world.deliver(s3_event())
    running = world.start_processor(source)
    now = world.clock.now()
    ended = (
        succeed(running, now=now, result_key="any")
        if how == "succeeded"
        else fail(running, now=now, failure=ANY_FAILURE)
    )
    world.jobs.save(running, ended)
    assert world.deliver(s3_event())
    assert world.job(source) == ended
    assert world.launcher.started == [(source.job_id, 1)]


def test_should_count_a_job_that_started_while_its_task_was_looked_for(world: World) -> None:
    source = world.upload()
    world.launcher.faults = [Fault.ANSWER_LOST]
    world.launcher.during_find = lambda: world.start_processor(source)
    assert world.deliver(s3_event())
    assert world.job(source).state is State.RUNNING


def test_should_stand_back_when_another_dispatcher_takes_over_first(world: World) -> None:
    source = world.upload()
    world.switch.arm(1, after=True)
    world.deliver(s3_event())
    world.clock.advance(VISIBILITY_SECONDS)
    expired = world.job(source)
    rivals = take_over(expired, now=world.clock.now(), lease_seconds=LEASE_SECONDS)
    world.launcher.during_find = lambda: world.jobs.save(expired, rivals)
    assert not world.deliver(s3_event())
    assert world.job(source) == rivals
    assert world.launcher.started == []


def test_should_name_bucket_and_key_of_an_object_that_is_gone(world: World) -> None:
    world.deliver(s3_event("uploads/gone.mp4"))
    assert world.log.lines[0].fields == {"bucket": BUCKET, "key": "uploads/gone.mp4"}


def test_should_launch_a_job_put_back_without_looking_at_its_upload(world: World) -> None:
    source = world.upload()
    assert world.deliver(s3_event())
    running = world.start_processor(source)
    world.jobs.save(running, requeue(running, now=world.clock.now()))
    world.switch.calls.clear()
    assert world.deliver(requeue_message(source.job_id))
    assert world.switch.calls == ["get", "save", "launch"]
    assert world.launcher.started == [(source.job_id, 1), (source.job_id, 2)]


def test_should_acknowledge_a_requeued_job_that_is_gone(world: World) -> None:
    assert world.deliver(requeue_message("no-such-job"))
    assert world.log.actions("WARNING") == ["dispatch.job_gone"]


def test_should_launch_once_when_a_requeued_job_is_announced_twice(world: World) -> None:
    source = world.upload()
    assert world.deliver(s3_event())
    running = world.start_processor(source)
    world.jobs.save(running, requeue(running, now=world.clock.now()))
    assert world.deliver(requeue_message(source.job_id))
    assert not world.deliver(requeue_message(source.job_id))
    world.start_processor(source)
    assert world.deliver(requeue_message(source.job_id))
    assert world.launcher.started == [(source.job_id, 1), (source.job_id, 2)]
