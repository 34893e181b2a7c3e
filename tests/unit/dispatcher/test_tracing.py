"""What the dispatcher and the reaper tell of a job's way, and that its lines lead to its trace."""

from datetime import UTC, datetime
from typing import Any

import pytest

from runtime.core.contract import ExitCode
from runtime.core.errors import Permanent, Retryable
from runtime.core.jobs import Source
from runtime.core.lambda_run import TRACE_RESERVE_SECONDS, send_traces
from runtime.core.messages import requeue_message
from runtime.core.spans import Part, Span, trace_id
from runtime.dispatcher.batch import failed_records
from tests.fakes.launcher import Fault
from tests.fakes.traces import KeptTracing
from tests.unit.dispatcher.afterlife import MAX_RUNS, PLENTY, Afterlife
from tests.unit.dispatcher.world import confirmation, no_resend, s3_event, sqs_batch

WAITED = 42.5
BAD_WISH: dict[str, Any] = {"lifestream-language": "no language"}


@pytest.fixture
def world() -> Afterlife:
    return Afterlife()


def uploaded(world: Afterlife) -> str:
    """Return the event of the upload, as S3 wrote it a while ago."""
    at = datetime.fromtimestamp(world.clock.now() - WAITED, UTC)
    return s3_event(eventTime=at.isoformat(timespec="milliseconds"))


def spans(world: Afterlife, part: Part) -> list[Span]:
    return [span for span in world.tracing.spans if span.part is part]


def test_should_tell_how_long_an_upload_has_waited_and_how_long_its_launch_took(
    world: Afterlife,
) -> None:
    source = world.upload()
    now = world.clock.now()
    assert world.deliver(uploaded(world))
    upload, dispatch = world.tracing.spans
    assert (upload.part, upload.began, upload.ended) == (Part.UPLOAD, now - WAITED, now)
    assert (dispatch.part, dispatch.began, dispatch.ended) == (Part.DISPATCH, now, now)
    assert {upload.job_id, dispatch.job_id} == {source.job_id}
    assert (upload.code, dispatch.code, dispatch.attempt) == (None, None, 1)


@pytest.mark.parametrize("time", [None, "any", 7, "2999-01-01T00:00:00.000Z"])
def test_should_do_without_a_time_that_makes_no_sense(world: Afterlife, time: object) -> None:
    world.upload()
    assert world.deliver(s3_event(eventTime=time))
    (upload,) = spans(world, Part.UPLOAD)
    assert (upload.began, upload.ended) == (world.clock.now(), world.clock.now())


def test_should_say_the_same_of_an_upload_however_often_it_is_told(world: Afterlife) -> None:
    world.upload()
    event = uploaded(world)
    world.launcher.faults = [Fault.REFUSED]
    assert world.deliver_until_gone(event) == 2
    first, again = spans(world, Part.UPLOAD)
    assert first == again


def test_should_tell_of_a_launch_that_failed_and_of_the_next(world: Afterlife) -> None:
    world.upload()
    world.launcher.faults = [Fault.REFUSED]
    world.deliver_until_gone(s3_event())
    codes = [(span.attempt, span.code) for span in spans(world, Part.DISPATCH)]
    assert codes == [(1, "launch.failed"), (2, None)]


def test_should_tell_of_an_upload_that_was_refused_once(world: Afterlife) -> None:
    world.upload(**BAD_WISH)
    for _ in range(2):
        assert world.deliver(confirmation())
    (upload,) = world.tracing.spans
    assert (upload.part, upload.code) == (Part.UPLOAD, "options.invalid")


def test_should_tell_nothing_of_a_duplicate(world: Afterlife) -> None:
    world.running()
    world.tracing.spans.clear()
    assert world.deliver(s3_event())
    assert world.tracing.spans == []


def test_should_tell_what_the_reaper_decided_and_why(world: Afterlife) -> None:
    source = world.launched()
    for _ in range(MAX_RUNS):
        world.start_processor(source)
        world.reaper.task_stopped(world.die(source, exit_code=137))
        world.deliver_all()
    decisions = [
        (span.attempt, span.notes["decision"], span.code) for span in spans(world, Part.REAP)
    ]
    assert decisions == [
        *((attempt, "put back", "task.killed") for attempt in range(1, MAX_RUNS)),
        (MAX_RUNS, "failed", "task.killed"),
    ]


def test_should_tell_two_decisions_on_one_attempt_apart(world: Afterlife) -> None:
    source = world.launched()
    world.reaper.task_stopped(world.die(source, exit_code=137))
    world.until_stuck()
    world.sweep()
    first, second = spans(world, Part.REAP)
    assert first.attempt == second.attempt
    assert first.occasion != second.occasion


def test_should_tell_of_no_decision_that_somebody_else_has_made(world: Afterlife) -> None:
    source = world.launched()
    event = world.die(source, exit_code=ExitCode.BAD_CONFIGURATION)
    world.reaper.task_stopped(event)
    world.reaper.task_stopped(event)
    assert len(spans(world, Part.REAP)) == 1


# Lines


def lines_lead_to(world: Afterlife, source: Source) -> None:
    about = [line for line in world.log.lines if "job_id" in line.fields]
    assert about
    for line in about:
        assert line.fields["job_id"] == source.job_id
        assert line.fields["trace_id"] == trace_id(source.job_id), line.action


def test_should_name_the_trace_in_every_line_about_a_job(world: Afterlife) -> None:
    source = world.launched()
    assert not world.deliver(s3_event())
    world.deliver(requeue_message(source.job_id))
    world.start_processor(source)
    assert world.deliver(s3_event())
    world.reaper.task_stopped(world.die(source, exit_code=137))
    world.reaper.task_stopped(world.die(source, exit_code=137))
    world.until_stuck()
    world.sweep()
    lines_lead_to(world, source)
    assert {line.action for line in world.log.lines} >= {
        *("dispatch.launched", "dispatch.duplicate", "reaper.put_back"),
    }


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.REQUEST_LOST])
def test_should_name_the_trace_of_a_message_that_must_come_back(
    world: Afterlife, fault: Any
) -> None:
    source = world.upload()
    world.launcher.faults = [fault]
    failed_records(
        sqs_batch([s3_event()]),
        work=world.dispatcher.work,
        resend=no_resend,
        remaining_seconds=lambda: PLENTY,
        telemetry=world.telemetry,
    )
    assert world.log.actions("WARNING")[-1] == "dispatch.retry"
    lines_lead_to(world, source)


def test_should_name_no_job_where_none_is_known() -> None:
    world = Afterlife()
    failed_records(
        sqs_batch(["no message"]),
        work=world.dispatcher.work,
        resend=no_resend,
        remaining_seconds=lambda: PLENTY,
        telemetry=world.telemetry,
    )
    (line,) = world.log.lines
    assert (line.action, "trace_id" in line.fields) == ("dispatch.failed", False)
    assert Permanent("any", "Any.", "Any.").about == Retryable("any", "Any.", "Any.").about == {}


# What it may cost


@pytest.mark.parametrize(("left", "sent"), [(TRACE_RESERVE_SECONDS, 0), (PLENTY, 1)])
def test_should_send_only_while_there_is_time_for_the_answer(left: float, sent: int) -> None:
    tracing = KeptTracing()
    send_traces(tracing, lambda: left)
    assert tracing.flushed == sent
