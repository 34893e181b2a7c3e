"""A processor that dies at any of its calls to the outside, and the attempt that goes on."""

from dataclasses import replace
from pathlib import Path

import pytest

from runtime.core.contract import ExitCode, Stage, work_prefix
from runtime.core.options import JobOptions
from tests.fakes.killing import Killed, KillSwitch
from tests.unit.processor.studio import BUCKET, Studio

EXPENSIVE = (
    Stage.TRANSCRIBE,
    Stage.DIARIZE,
    Stage.SCENES,
    Stage.THUMBNAILS,
    Stage.PLAYER_AUDIO,
)


def calls_of_a_whole_run(folder: Path) -> list[str]:
    switch = KillSwitch()
    studio = Studio(work_dir=folder)
    attempt = studio.dispatch().attempt
    studio.process(attempt, objects=switch.guard(studio.objects), jobs=switch.guard(studio.jobs))
    return switch.calls


COPYING = {"head", "download", "replace"}
"""What is called for each published file, by threads, so that the order varies."""


def within_a_row(calls: list[str], call: int) -> bool:
    """Return whether the same calls for other files precede and follow this one.

    A death at the first and at the last files of such a row says what one between them would.
    """
    around = calls[max(call - 2, 0) : call + 2]
    return around == 4 * [calls[call]] or COPYING.issuperset(calls[max(call - 6, 0) : call + 6])


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_should_publish_the_same_bytes_wherever_it_was_killed(
    tmp_path: Path, *, after: bool
) -> None:
    whole = Studio(work_dir=tmp_path / "whole")
    assert whole.run() is ExitCode.SUCCESS
    calls = calls_of_a_whole_run(tmp_path / "counted")
    for call, name in enumerate(calls):
        if within_a_row(calls, call):
            continue
        if after and name != "save":
            continue  # What is stored is the same as before the next call.
        switch = KillSwitch()
        studio = Studio(work_dir=tmp_path / f"killed-{call}")
        attempt = studio.dispatch().attempt
        switch.arm(call, after=after)
        with pytest.raises(Killed):
            studio.process(
                attempt, objects=switch.guard(studio.objects), jobs=switch.guard(studio.jobs)
            )
        if studio.job.ended:
            assert studio.published() == whole.published(), f"killed at call {call}"
            continue
        kept = {stage for stage in EXPENSIVE if checkpoint(studio, stage) in studio.objects.objects}
        if Stage.THUMBNAILS not in kept:
            # They are made of frames that scene detection leaves on the disk. It resumes from its
            # increments, so that this takes little.
            kept -= {Stage.SCENES}
        studio.used.clear()
        assert studio.run() is ExitCode.SUCCESS, f"killed at call {call}"
        assert studio.published() == whole.published(), f"killed at call {call}"
        assert kept.isdisjoint(studio.used), f"killed at call {call}"
        assert studio.job.attempt == attempt + 1


def checkpoint(studio: Studio, stage: Stage) -> tuple[str, str]:
    return BUCKET, f"{work_prefix(studio.source.job_id)}{stage}.json"


def test_should_need_neither_the_upload_nor_a_tool_when_all_is_kept(tmp_path: Path) -> None:
    studio = Studio(work_dir=tmp_path)
    switch = KillSwitch()
    attempt = studio.dispatch().attempt
    objects = switch.guard(studio.objects)
    recording_the_success = len(calls_of_a_whole_run(tmp_path / "counted")) - 1
    switch.arm(recording_the_success, after=False)
    with pytest.raises(Killed):
        studio.process(attempt, objects=objects, jobs=switch.guard(studio.jobs))
    studio.objects.delete(BUCKET, studio.source.key)
    studio.used.clear()
    assert studio.run() is ExitCode.SUCCESS
    assert studio.used == []


def test_should_not_use_what_another_model_made(tmp_path: Path) -> None:
    studio = Studio(work_dir=tmp_path)
    studio.meanwhile[Stage.SCENES] = lambda _: studio.interruption.request_stop()
    studio.run()
    studio.meanwhile.clear()
    studio.used.clear()
    studio.asr_model = "another-model"
    assert studio.run() is ExitCode.SUCCESS
    assert Stage.TRANSCRIBE in studio.used
    assert Stage.DIARIZE not in studio.used


def test_should_not_use_what_was_made_for_other_options(tmp_path: Path) -> None:
    studio = Studio(work_dir=tmp_path)
    studio.options = JobOptions(languages=("de",), max_speakers=3)
    studio.meanwhile[Stage.SCENES] = lambda _: studio.interruption.request_stop()
    studio.run()
    assert studio.asked == [studio.options, studio.options]
    studio.meanwhile.clear()
    studio.used.clear()
    with_more = replace(studio.options, max_speakers=4)
    studio.jobs.jobs[studio.job.job_id] = replace(studio.job, options=with_more)
    assert studio.run() is ExitCode.SUCCESS
    assert Stage.DIARIZE in studio.used
    assert Stage.TRANSCRIBE not in studio.used


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"fingerprint": 1}'])
def test_should_make_anew_what_is_damaged(tmp_path: Path, damage: bytes) -> None:
    studio = Studio(work_dir=tmp_path)
    studio.meanwhile[Stage.SCENES] = lambda _: studio.interruption.request_stop()
    studio.run()
    studio.meanwhile.clear()
    studio.used.clear()
    bucket, key = checkpoint(studio, Stage.TRANSCRIBE)
    studio.objects.write_bytes(damage, bucket, key, "application/json")
    assert studio.run() is ExitCode.SUCCESS
    assert Stage.TRANSCRIBE in studio.used
