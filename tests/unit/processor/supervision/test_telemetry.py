"""What a processor adds to a job's trace: its attempt, each stage, and how they ended."""

from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.core.contract import ExitCode, Stage
from runtime.core.errors import Permanent, Retryable
from runtime.core.ports import Progress
from runtime.core.spans import Part, Span
from tests.unit.processor.studio import STAGE_SECONDS, Studio


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(work_dir=tmp_path)


def raising(error: Exception) -> Callable[[Progress], None]:
    def meanwhile(_: Progress) -> None:
        raise error

    return meanwhile


def stages(studio: Studio) -> dict[Stage, Span]:
    """Return the last span of each stage, and forget all spans."""
    found = {span.part: span for span in studio.tracing.spans if isinstance(span.part, Stage)}
    studio.tracing.spans.clear()
    return found


def attempts(studio: Studio) -> list[Span]:
    return [span for span in studio.tracing.spans if span.part is Part.PROCESS]


def test_should_tell_of_an_attempt_from_its_start_to_its_end(studio: Studio) -> None:
    began = studio.clock.now()
    studio.run()
    open_, closed = attempts(studio)
    assert (open_.began, open_.ended) == (began, None)
    assert (closed.began, closed.ended, closed.code) == (began, studio.clock.now(), None)
    assert {(span.job_id, span.attempt) for span in studio.tracing.spans} == {
        (studio.source.job_id, 1)
    }


def test_should_tell_of_every_stage_through_publish(studio: Studio) -> None:
    studio.run()
    spans = stages(studio)
    assert set(spans) == set(Stage)
    transcribe, publish = spans[Stage.TRANSCRIBE], spans[Stage.PUBLISH]
    assert transcribe.ended is not None
    assert transcribe.ended - transcribe.began == pytest.approx(STAGE_SECONDS)
    assert publish.began >= transcribe.ended
    assert {span.code for span in spans.values()} == {None}


def test_should_send_what_it_tells_while_it_goes(studio: Studio) -> None:
    sent_before: list[int] = []
    studio.meanwhile[Stage.SCENES] = lambda _: sent_before.append(studio.tracing.flushed)
    studio.run()
    # The attempt's beginning, and the stages that had ended.
    assert sent_before[0] >= 3
    assert studio.tracing.flushed > sent_before[0]


def test_should_mark_what_an_earlier_attempt_had_done(studio: Studio) -> None:
    studio.meanwhile[Stage.SCENES] = raising(Retryable("any.code", "Any.", "Any."))
    studio.run()
    stages(studio)
    del studio.meanwhile[Stage.SCENES]
    studio.run()
    kept = {span.part for span in studio.tracing.spans if span.notes.get("restored")}
    ran = {span.part for span in studio.tracing.spans if span.notes.get("restored") is False}
    assert {Stage.TRANSCRIBE, Stage.DIARIZE} <= kept - ran
    assert {Stage.SCENES, Stage.PUBLISH} <= ran - kept
    restored = [span for span in studio.tracing.spans if span.notes.get("restored")]
    assert all(span.began == span.ended for span in restored)


@pytest.mark.parametrize(
    ("error", "code", "ending"),
    [
        (Permanent("job.any", "Any.", "Any."), "job.any", ExitCode.PERMANENT_FAILURE),
        (Retryable("aws.any", "Any.", "Any."), "aws.any", ExitCode.RETRYABLE_FAILURE),
        (KeyError("any"), "internal", ExitCode.RETRYABLE_FAILURE),
    ],
)
def test_should_mark_what_failed_with_its_code(
    studio: Studio, error: Exception, code: str, ending: ExitCode
) -> None:
    studio.meanwhile[Stage.TRANSCRIBE] = raising(error)
    assert studio.run() is ending
    (_, attempt), spans = attempts(studio), stages(studio)
    assert (attempt.code, spans[Stage.TRANSCRIBE].code) == (code, code)
    assert spans[Stage.FETCH].code is None
    assert Stage.PUBLISH not in spans


def test_should_tell_why_it_put_a_job_down(studio: Studio) -> None:
    def stop(on_progress: Progress) -> None:
        studio.interruption.request_stop()
        on_progress(0.5)

    studio.meanwhile[Stage.TRANSCRIBE] = stop
    assert studio.run() is ExitCode.RESUMABLE
    (_, attempt), spans = attempts(studio), stages(studio)
    assert (attempt.code, spans[Stage.TRANSCRIBE].code) == ("worker.stopping", "worker.stopping")


def test_should_tell_of_a_stage_that_the_job_did_without(studio: Studio) -> None:
    studio.meanwhile[Stage.DIARIZE] = raising(Permanent("media.any", "Any.", "Any."))
    assert studio.run() is ExitCode.SUCCESS
    (_, attempt), spans = attempts(studio), stages(studio)
    assert (spans[Stage.DIARIZE].code, spans[Stage.DIARIZE].notes["degraded"]) == (
        "media.any",
        True,
    )
    assert (attempt.code, spans[Stage.PUBLISH].code) == (None, None)


def test_should_tell_nothing_of_a_job_that_is_not_its_own(studio: Studio) -> None:
    attempt = studio.dispatch().attempt
    assert studio.process(attempt + 1) is ExitCode.LOST_CLAIM
    assert studio.tracing.spans == []
