"""A stage that fails takes with it only what cannot be had without it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.core.contract import ExitCode, Stage
from runtime.core.errors import LeaseLost, LifestreamError, Permanent, Retryable
from runtime.core.jobs import State, reprocess
from runtime.core.media import TimeRange
from runtime.core.ports import Progress
from tests.unit.processor.builders import BEN, media, turn, voices
from tests.unit.processor.studio import Studio

BROKEN = Permanent("media.decoder_crashed", "It broke.", "Mend it.")


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(work_dir=tmp_path)


def raising(error: Exception) -> Callable[[Progress], None]:
    def meanwhile(_: Progress) -> None:
        raise error

    return meanwhile


def warnings_of(studio: Studio) -> list[str]:
    return [warning["code"] for warning in studio.summary()["warnings"]]


@pytest.mark.parametrize("error", [BROKEN, ValueError("odd")])
def test_should_ship_the_words_when_the_speakers_cannot_be_told(
    studio: Studio, error: Exception
) -> None:
    studio.meanwhile[Stage.DIARIZE] = raising(error)
    assert studio.run() is ExitCode.SUCCESS
    assert warnings_of(studio) == ["speakers.failed"]
    assert {speaker["speaker"] for speaker in studio.summary()["speakers"]} == {"UNKNOWN"}
    assert "harbour" in studio.published()["transcript.srt"].decode()
    assert b"no word has a speaker" in studio.published()["summary.md"]
    (line,) = (line for line in studio.log.lines if line.action == "stage.degraded")
    assert type(error).__name__ in line.fields["traceback"]


def test_should_ship_the_words_when_the_picture_breaks(studio: Studio) -> None:
    studio.meanwhile[Stage.SCENES] = raising(BROKEN)
    assert studio.run() is ExitCode.SUCCESS
    assert warnings_of(studio) == ["scenes.failed"]
    assert studio.summary()["summary"]


def test_should_ship_the_scenes_when_the_sound_breaks(studio: Studio) -> None:
    studio.meanwhile[Stage.AUDIO] = raising(BROKEN)
    assert studio.run() is ExitCode.SUCCESS
    assert warnings_of(studio) == ["audio.failed"]
    assert len(studio.summary()["scenes"]) == 2
    assert Stage.TRANSCRIBE not in studio.used


def test_should_fail_when_nothing_is_left(studio: Studio) -> None:
    studio.meanwhile[Stage.AUDIO] = studio.meanwhile[Stage.SCENES] = raising(BROKEN)
    assert studio.run() is ExitCode.PERMANENT_FAILURE
    assert studio.job.failure is not None
    assert studio.job.failure.code == "media.undecodable"


@pytest.mark.parametrize(("only", "stage"), [("video", Stage.SCENES), ("audio", Stage.AUDIO)])
def test_should_fail_with_the_reason_when_the_only_track_breaks(
    studio: Studio, only: str, stage: Stage
) -> None:
    studio.media = media(audio=None) if only == "video" else media(video=None)
    studio.meanwhile[stage] = raising(BROKEN)
    assert studio.run() is ExitCode.PERMANENT_FAILURE
    assert studio.job.failure is not None
    assert studio.job.failure.code == BROKEN.code


@pytest.mark.parametrize(
    "error",
    [
        Permanent("models.corrupt", "The image is broken.", "Mend it."),
        Permanent("worker.disk_too_small", "It is full.", "Mend it."),
        Retryable("any.busy", "Busy.", "Wait."),
        LeaseLost("any.lost", "Lost.", "None."),
    ],
)
def test_should_not_hide_what_is_no_fault_of_the_video(
    studio: Studio, error: LifestreamError
) -> None:
    studio.meanwhile[Stage.DIARIZE] = raising(error)
    assert studio.run() is not ExitCode.SUCCESS
    assert studio.published() == {}


def test_should_not_take_a_wrapped_stop_request_for_a_failure(studio: Studio) -> None:
    def wrap(on_progress: Progress) -> None:
        studio.interruption.request_stop()
        try:
            on_progress(0.6)
        except Exception as error:
            raise ValueError from error

    studio.meanwhile[Stage.DIARIZE] = wrap
    assert studio.run() is ExitCode.RESUMABLE
    assert studio.job.state is State.PENDING
    studio.meanwhile.clear()
    assert studio.run() is ExitCode.SUCCESS
    assert warnings_of(studio) == []


def test_should_stay_with_what_it_went_on_with(studio: Studio) -> None:
    studio.meanwhile[Stage.DIARIZE] = raising(BROKEN)
    studio.meanwhile[Stage.SCENES] = lambda _: studio.interruption.request_stop()
    studio.run()
    studio.meanwhile.clear()
    studio.used.clear()
    assert studio.run() is ExitCode.SUCCESS
    assert Stage.DIARIZE not in studio.used
    assert warnings_of(studio) == ["speakers.failed"]


def test_should_try_again_when_a_person_asks_for_it(studio: Studio) -> None:
    studio.meanwhile[Stage.DIARIZE] = raising(BROKEN)
    studio.run()
    studio.meanwhile.clear()
    studio.used.clear()
    studio.jobs.save(studio.job, reprocess(studio.job, now=studio.clock.now()))
    assert studio.run() is ExitCode.SUCCESS
    assert warnings_of(studio) == []
    assert [speaker["speaker"] for speaker in studio.summary()["speakers"]] == [
        "SPEAKER_00",
        "SPEAKER_01",
    ]
    assert Stage.DIARIZE in studio.used
    assert Stage.TRANSCRIBE not in studio.used


def test_should_warn_of_a_speaker_without_words_and_when(studio: Studio) -> None:
    studio.turns = (*studio.turns, turn(50.0, 56.5, "SPEAKER_02"))
    assert studio.run() is ExitCode.SUCCESS
    (warning,) = studio.summary()["warnings"]
    assert warning["code"] == "speakers.without_words"
    assert warning["ranges"] == [{"start_seconds": 50.0, "end_seconds": 56.5}]
    assert "00:50-00:56" in warning["message"]


def test_should_warn_of_a_long_turn_without_words_of_a_speaker_who_has_some(studio: Studio) -> None:
    speaker = studio.turns[0].speaker
    studio.turns = (*studio.turns, turn(50.0, 56.5, speaker), turn(57.0, 58.0, speaker))
    assert studio.run() is ExitCode.SUCCESS
    (warning,) = studio.summary()["warnings"]
    assert warning["code"] == "speakers.without_words"
    assert warning["ranges"] == [{"start_seconds": 50.0, "end_seconds": 56.5}]


def test_should_not_warn_of_a_short_remark(studio: Studio) -> None:
    studio.turns = (*studio.turns, turn(50.0, 53.0, "SPEAKER_02"))
    studio.run()
    assert warnings_of(studio) == []


def test_should_warn_of_speech_without_words(studio: Studio) -> None:
    studio.unwritten = (TimeRange(start_seconds=12.0, end_seconds=16.0),)
    studio.run()
    (warning,) = studio.summary()["warnings"]
    assert warning["code"] == "speech.unwritten"
    assert warning["ranges"] == [{"start_seconds": 12.0, "end_seconds": 16.0}]


def test_should_take_the_speakers_of_separate_channels_without_a_model(studio: Studio) -> None:
    studio.parties = voices(turn(0.5, 59.0, BEN))
    assert studio.run() is ExitCode.SUCCESS
    assert [speaker["speaker"] for speaker in studio.summary()["speakers"]] == [BEN]
    assert Stage.DIARIZE not in studio.used
