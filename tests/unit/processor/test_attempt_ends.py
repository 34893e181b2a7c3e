"""How an attempt may end: by request, by a deadline, by a failure that passes or stays."""

from pathlib import Path

import pytest

from runtime.core.contract import ExitCode, Stage
from runtime.core.errors import Permanent, Retryable
from runtime.core.jobs import Failure, Job, State
from runtime.core.ports import Progress
from runtime.processor.attempt import AttemptOutcome
from tests.fakes.jobs import InMemoryJobStore
from tests.unit.processor.studio import BUCKET, TIMEOUT_SECONDS, Studio, raising


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(work_dir=tmp_path)


def test_should_put_the_job_back_when_asked_to_stop(studio: Studio) -> None:
    studio.meanwhile[Stage.DIARIZE] = lambda _: studio.interruption.request_stop()
    assert studio.run() is ExitCode.RESUMABLE
    assert (studio.job.state, studio.job.failure) == (State.PENDING, None)
    assert Stage.SCENES not in studio.used


def test_should_resume_what_a_stop_request_interrupted(studio: Studio, tmp_path: Path) -> None:
    whole = Studio(work_dir=tmp_path / "whole")
    whole.run()
    studio.meanwhile[Stage.DIARIZE] = lambda _: studio.interruption.request_stop()
    studio.run()
    studio.meanwhile.clear()
    studio.used.clear()
    assert studio.run() is ExitCode.SUCCESS
    assert Stage.TRANSCRIBE not in studio.used
    assert studio.published() == whole.published()


def test_should_stop_although_a_library_wraps_what_is_raised_through_it(studio: Studio) -> None:
    def wrap(on_progress: Progress) -> None:
        studio.interruption.request_stop()
        try:
            on_progress(0.6)
        except Exception as error:
            raise Permanent("media.broken", "It broke.", "Mend it.") from error

    studio.meanwhile[Stage.SCENES] = wrap
    assert studio.run() is ExitCode.RESUMABLE
    assert studio.job.state is State.PENDING


def test_should_fail_a_job_past_its_deadline(studio: Studio) -> None:
    studio.meanwhile[Stage.TRANSCRIBE] = lambda _: studio.clock.advance(TIMEOUT_SECONDS)
    assert studio.run() is ExitCode.PERMANENT_FAILURE
    assert studio.job.failure is not None
    assert studio.job.failure.code == "job.deadline_exceeded"
    assert "600 seconds" in studio.job.failure.summary
    assert studio.job.stage == Stage.TRANSCRIBE
    assert Stage.DIARIZE not in studio.used


def test_should_put_the_job_back_after_a_passing_failure(studio: Studio) -> None:
    studio.meanwhile[Stage.TRANSCRIBE] = raising(Retryable("any.busy", "Busy.", "Wait."))
    assert studio.run() is ExitCode.RETRYABLE_FAILURE
    assert studio.job.state is State.PENDING


def test_should_fail_of_a_passing_failure_once_the_runs_are_spent(studio: Studio) -> None:
    studio.max_runs = 2
    studio.meanwhile[Stage.TRANSCRIBE] = raising(Retryable("any.busy", "Busy.", "Wait."))
    assert studio.run() is ExitCode.RETRYABLE_FAILURE
    assert studio.ended == AttemptOutcome(
        code=ExitCode.RETRYABLE_FAILURE, requeued=True, why="any.busy"
    )
    assert studio.run() is ExitCode.PERMANENT_FAILURE
    assert studio.job.failure == Failure(code="any.busy", summary="Busy.", resolution="Wait.")
    assert (studio.job.state, studio.job.runs) == (State.FAILED, 2)
    assert studio.ended == AttemptOutcome(code=ExitCode.PERMANENT_FAILURE, why="any.busy")


def test_should_tell_whether_the_job_was_put_back(studio: Studio) -> None:
    studio.meanwhile[Stage.DIARIZE] = lambda _: studio.interruption.request_stop()
    studio.run()
    assert studio.ended == AttemptOutcome(
        code=ExitCode.RESUMABLE, requeued=True, why="worker.stopping"
    )
    studio.meanwhile.clear()
    studio.run()
    assert studio.ended == AttemptOutcome(code=ExitCode.SUCCESS)


def test_should_tell_whether_the_job_was_ever_claimed(studio: Studio) -> None:
    attempt = studio.dispatch().attempt
    studio.process(attempt + 1)
    assert studio.ended == AttemptOutcome(
        code=ExitCode.LOST_CLAIM, claimed=False, why="job.lease_lost"
    )


def test_should_fail_with_the_typed_reason(studio: Studio) -> None:
    studio.meanwhile[Stage.PROBE] = raising(Permanent("media.odd", "It is odd.", "Mend it."))
    assert studio.run() is ExitCode.PERMANENT_FAILURE
    failure = studio.job.failure
    assert failure is not None
    assert (failure.code, failure.summary, failure.resolution) == (
        "media.odd",
        "It is odd.",
        "Mend it.",
    )
    assert (studio.job.state, studio.job.stage) == (State.FAILED, Stage.PROBE)


def test_should_fail_as_internal_with_the_traceback_in_the_log_alone(studio: Studio) -> None:
    studio.meanwhile[Stage.TRANSCRIBE] = raising(ZeroDivisionError("a detail"))
    studio.max_runs = 2
    assert studio.run() is ExitCode.RETRYABLE_FAILURE
    assert studio.run() is ExitCode.PERMANENT_FAILURE
    failure = studio.job.failure
    assert failure is not None
    assert failure.code == "internal"
    assert studio.source.job_id in failure.summary
    assert "job.crashed" in failure.resolution
    assert "a detail" not in failure.summary + failure.resolution
    crash, _ = [line for line in studio.log.lines if line.action == "job.crashed"]
    assert "ZeroDivisionError: a detail" in crash.fields["traceback"]


@pytest.mark.parametrize("change", ["deleted", "replaced"])
def test_should_fail_when_the_upload_is_gone(studio: Studio, change: str) -> None:
    launched = studio.dispatch()
    studio.objects.delete(BUCKET, studio.source.key)
    if change == "replaced":
        studio.objects.put(BUCKET, studio.source.key, b"another video")
    assert studio.process(launched.attempt) is ExitCode.PERMANENT_FAILURE
    assert studio.job.failure is not None
    assert studio.job.failure.code == "source.gone"


def test_should_keep_its_exit_code_when_the_end_cannot_be_recorded(studio: Studio) -> None:
    class Unreachable(InMemoryJobStore):
        def save(self, before: Job, after: Job) -> None:
            if after.state is State.PENDING:
                raise Retryable("aws.timeout", "No answer.", "Wait.")
            super().save(before, after)

    studio.jobs = Unreachable()
    studio.meanwhile[Stage.AUDIO] = lambda _: studio.interruption.request_stop()
    assert studio.run() is ExitCode.RESUMABLE
    assert not studio.ended.requeued
    assert "job.end_not_recorded" in studio.log.actions("ERROR")
