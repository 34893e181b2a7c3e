from pathlib import Path

import pytest

from runtime.core import jobs as lifecycle
from runtime.core.contract import (
    ExitCode,
    IdempotencyTable,
    ResultFile,
    Stage,
    thumbnail_name,
)
from runtime.core.errors import Permanent
from runtime.core.jobs import Job, State
from runtime.core.ports import Progress
from tests.fakes.jobs import InMemoryJobStore
from tests.unit.processor.builders import SOUND, VIDEO, media
from tests.unit.processor.studio import Studio, raising


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(work_dir=tmp_path)


def test_should_publish_every_file_and_record_the_success(studio: Studio) -> None:
    assert studio.run() is ExitCode.SUCCESS
    pictures = {thumbnail_name(0), thumbnail_name(1)}
    every = {file.value for file in ResultFile} - {ResultFile.METRICS, ResultFile.EDITS}
    assert set(studio.published()) == every | pictures
    result_key = f"results/{studio.source.job_id}/attempts/1/summary.json"
    assert (studio.job.state, studio.job.result_key) == (State.SUCCEEDED, result_key)
    record = studio.jobs.idempotency[studio.source.object_id]
    assert (record.status, record.result_s3_key) == (IdempotencyTable.PROCESSED, result_key)


def test_should_report_stages_in_order_and_progress_that_never_falls(studio: Studio) -> None:
    studio.run()
    running = [job for job in studio.jobs.saved if job.state is State.RUNNING and job.stage]
    assert list(dict.fromkeys(job.stage for job in running)) == [stage.value for stage in Stage]
    progress = [job.progress for job in running]
    assert progress == sorted(progress)
    assert studio.job.progress == 1.0


def test_should_publish_the_manifest_last(studio: Studio) -> None:
    studio.run()
    published = [key for _, key in studio.objects.objects if key.startswith("results/")]
    assert published[-1].endswith(ResultFile.MANIFEST)


@pytest.mark.parametrize("ending", [None, Permanent("any.code", "Any.", "Any."), KeyError("any")])
def test_should_leave_nothing_in_the_work_folder(studio: Studio, ending: Exception | None) -> None:
    if ending is not None:
        studio.meanwhile[Stage.TRANSCRIBE] = raising(ending)
    studio.run()
    assert Stage.TRANSCRIBE in studio.used
    assert list(studio.work_dir.iterdir()) == []


def test_should_record_the_task_and_count_the_run(studio: Studio) -> None:
    studio.run()
    assert (studio.job.task_arn, studio.job.runs) == ("arn:any:1", 1)


# Whose job it is


@pytest.mark.parametrize("other", [-1, 1])
def test_should_refuse_an_attempt_that_is_not_its_own(studio: Studio, other: int) -> None:
    launched = studio.dispatch()
    assert studio.process(launched.attempt + other) is ExitCode.LOST_CLAIM
    assert studio.job == launched
    assert studio.used == []


def test_should_refuse_a_job_without_a_record(studio: Studio) -> None:
    assert studio.process(1) is ExitCode.LOST_CLAIM
    assert studio.jobs.jobs == {}


def test_should_let_the_second_of_two_starts_go_without_a_trace(studio: Studio) -> None:
    attempt = studio.dispatch().attempt
    endings = []

    def start_again(_: Progress) -> None:
        del studio.meanwhile[Stage.TRANSCRIBE]
        before = studio.job
        interruption = studio.interruption
        endings.append(studio.process(attempt))
        studio.interruption = interruption
        assert studio.job == before

    studio.meanwhile[Stage.TRANSCRIBE] = start_again
    assert studio.process(attempt) is ExitCode.SUCCESS
    assert endings == [ExitCode.LOST_CLAIM]
    assert (studio.job.runs, studio.used.count(Stage.TRANSCRIBE)) == (1, 1)


def test_should_refuse_a_job_that_has_succeeded(studio: Studio) -> None:
    studio.run()
    done = studio.job
    assert studio.process(done.attempt) is ExitCode.LOST_CLAIM
    assert studio.job == done


def test_should_start_although_the_dispatcher_is_just_writing_the_task(studio: Studio) -> None:
    class DispatcherInBetween(InMemoryJobStore):
        """Between the processor's read and its write the dispatcher records the launch."""

        def save(self, before: Job, after: Job) -> None:
            there = self.jobs[before.job_id]
            if after.state is State.RUNNING and there.state is State.CLAIMED:
                launched = lifecycle.launched(there, now=0.0, task_arn="arn:any:1")
                self.jobs[before.job_id] = launched
            super().save(before, after)

    studio.jobs = DispatcherInBetween()
    claimed = lifecycle.claim_new(studio.source, now=0.0, lease_seconds=60.0)
    studio.jobs.create(claimed)
    assert studio.process(claimed.attempt) is ExitCode.SUCCESS


def test_should_stop_at_once_when_another_attempt_takes_over(studio: Studio) -> None:
    def dispatch_again(_: Progress) -> None:
        studio.dispatch()

    studio.meanwhile[Stage.TRANSCRIBE] = dispatch_again
    assert studio.run() is ExitCode.LOST_CLAIM
    assert (studio.job.state, studio.job.attempt) == (State.LAUNCHED, 2)
    assert studio.used[-1] is Stage.TRANSCRIBE
    assert studio.published() == {}


def test_should_not_publish_when_cancelled_in_the_last_stage_before(studio: Studio) -> None:
    def cancel(_: Progress) -> None:
        studio.jobs.save(studio.job, lifecycle.cancel(studio.job, now=studio.clock.now()))

    studio.meanwhile[Stage.SCENES] = cancel
    assert studio.run() is ExitCode.LOST_CLAIM
    assert studio.job.state is State.CANCELLED
    assert studio.published() == {}


# What the video holds


def test_should_give_scenes_alone_for_a_video_without_sound(studio: Studio) -> None:
    studio.media = media(audio=None)
    assert studio.run() is ExitCode.SUCCESS
    summary = studio.summary()
    assert [warning["code"] for warning in summary["warnings"]] == ["media.no_audio"]
    assert (summary["summary"], summary["speakers"], len(summary["scenes"])) == ([], [], 2)
    assert summary["media"]["duration_seconds"] == 60.04
    assert studio.used == [Stage.PROBE, Stage.SCENES, Stage.THUMBNAILS]


def test_should_give_speech_alone_for_sound_without_a_picture(studio: Studio) -> None:
    studio.media = media(video=None)
    assert studio.run() is ExitCode.SUCCESS
    summary = studio.summary()
    assert [warning["code"] for warning in summary["warnings"]] == ["media.no_video"]
    assert (summary["scenes"], len(summary["speakers"])) == ([], 2)
    assert Stage.SCENES not in studio.used


def test_should_fail_a_file_with_neither(studio: Studio) -> None:
    studio.media = media(video=None, audio=None)
    assert studio.run() is ExitCode.PERMANENT_FAILURE
    assert studio.job.failure is not None
    assert studio.job.failure.code == "media.no_streams"


def test_should_say_so_when_no_one_speaks(studio: Studio) -> None:
    studio.media = media(video=VIDEO, audio=SOUND)
    studio.said = ()
    studio.turns = ()
    assert studio.run() is ExitCode.SUCCESS
    summary = studio.summary()
    assert [warning["code"] for warning in summary["warnings"]] == ["speech.none"]
    assert Stage.CHUNK not in studio.used


def test_should_say_so_when_no_voice_is_told_apart(studio: Studio) -> None:
    studio.turns = ()
    assert studio.run() is ExitCode.SUCCESS
    summary = studio.summary()
    assert [warning["code"] for warning in summary["warnings"]] == ["speakers.none"]
    assert [speaker["speaker"] for speaker in summary["speakers"]] == ["UNKNOWN"]


# What the log says


def test_should_never_log_what_was_said(studio: Studio) -> None:
    studio.run()
    logged = str(studio.log.lines)
    for passage in studio.said:
        assert not any(word in logged for word in passage.split() if len(word) > 7)


def test_should_log_each_stage_with_its_seconds(studio: Studio) -> None:
    studio.run()
    finished = [line.fields for line in studio.log.lines if line.action == "stage.finished"]
    assert [fields["stage"] for fields in finished] == list(Stage)
    assert finished[3]["seconds"] == 4.0
