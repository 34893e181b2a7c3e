"""Stages that an upload leaves out do not run, and nothing warns that their results are missing."""

from dataclasses import replace
from pathlib import Path

import pytest

from runtime.core.contract import ExitCode, LeaveOut, Stage
from runtime.core.options import JobOptions
from tests.unit.processor.studio import Studio


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path)


@pytest.mark.parametrize(
    ("part", "skipped", "missing"),
    [
        (LeaveOut.SPEAKERS, {Stage.DIARIZE}, set()),
        (LeaveOut.SCENES, {Stage.SCENES, Stage.THUMBNAILS}, {"contact-sheet.jpg"}),
        (LeaveOut.THUMBNAILS, {Stage.THUMBNAILS}, {"contact-sheet.jpg"}),
        (LeaveOut.PLAYER_AUDIO, {Stage.PLAYER_AUDIO}, {"audio.m4a"}),
        (LeaveOut.SUMMARY, set(), set()),
    ],
)
def test_should_publish_without_what_is_left_out(
    studio: Studio, part: LeaveOut, skipped: set[Stage], missing: set[str]
) -> None:
    studio.options = JobOptions(leave_out=(part,))
    assert studio.run() is ExitCode.SUCCESS
    assert skipped.isdisjoint(studio.used)
    assert missing.isdisjoint(studio.published())
    document = studio.summary()
    assert document["warnings"] == []
    assert document["media"]["duration_seconds"] >= 60.0
    assert (document["summary"] == []) == (part is LeaveOut.SUMMARY)
    assert {"UNKNOWN"} == {
        s["speaker"] for s in document["speakers"]
    } or part is not LeaveOut.SPEAKERS


def test_should_not_leave_out_the_scenes_of_a_file_without_sound(studio: Studio) -> None:
    studio.media = replace(studio.media, audio=None)
    studio.options = JobOptions(leave_out=(LeaveOut.SCENES,))
    assert studio.run() is ExitCode.SUCCESS
    assert Stage.SCENES in studio.used
