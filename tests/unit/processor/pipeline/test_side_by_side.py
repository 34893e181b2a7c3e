"""Stages that run beside each other: what is shared, what stops whom, what comes out."""

import threading
from pathlib import Path

import pytest

from runtime.core.contract import ExitCode, Stage
from runtime.core.errors import Permanent
from runtime.core.jobs import State
from runtime.core.ports import Progress
from tests.fakes.killing import Killed, KillSwitch
from tests.unit.processor.studio import Studio

MEETING_SECONDS = 120.0


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(work_dir=tmp_path, cores=4)


def meeting(studio: Studio, *stages: Stage) -> None:
    """Have these stages wait in their middle until all of them have got there."""
    barrier = threading.Barrier(len(stages))

    def meet(_: Progress) -> None:
        barrier.wait(MEETING_SECONDS)

    for stage in stages:
        studio.meanwhile[stage] = meet


def test_should_work_on_sound_and_picture_at_the_same_time(studio: Studio) -> None:
    meeting(studio, Stage.TRANSCRIBE, Stage.DIARIZE, Stage.SCENES)
    assert studio.run() is ExitCode.SUCCESS


def test_should_publish_the_same_bytes_on_any_number_of_cores(
    studio: Studio, tmp_path: Path
) -> None:
    alone = Studio(work_dir=tmp_path / "alone")
    alone.run()
    meeting(studio, Stage.TRANSCRIBE, Stage.DIARIZE, Stage.SCENES)
    studio.run()
    assert studio.published() == alone.published()


def test_should_report_progress_that_never_falls(studio: Studio) -> None:
    meeting(studio, Stage.TRANSCRIBE, Stage.DIARIZE, Stage.SCENES)
    studio.run()
    running = [job for job in studio.jobs.saved if job.state is State.RUNNING and job.stage]
    progress = [job.progress for job in running]
    assert progress == sorted(progress)
    order = [list(Stage).index(Stage(job.stage)) for job in running if job.stage]
    assert order == sorted(order)


def test_should_stop_the_stages_beside_one_that_failed(studio: Studio) -> None:
    failed = threading.Event()
    went_on = []

    def fail(_: Progress) -> None:
        try:
            raise Permanent("any.code", "It broke.", "Mend it.")
        finally:
            failed.set()

    def go_on(on_progress: Progress) -> None:
        assert failed.wait(MEETING_SECONDS)
        # Until the failure has gone through the runner, steps are still allowed.
        for _ in range(100_000):
            on_progress(0.6)
        went_on.append(Stage.SCENES)

    studio.meanwhile = {Stage.TRANSCRIBE: fail, Stage.SCENES: go_on}
    assert studio.run() is ExitCode.PERMANENT_FAILURE
    assert studio.job.failure is not None
    assert studio.job.failure.code == "any.code"
    assert studio.job.stage == Stage.TRANSCRIBE
    assert went_on == []


def test_should_end_all_stages_at_a_stop_request(studio: Studio) -> None:
    barrier = threading.Barrier(2)

    def stop(_: Progress) -> None:
        barrier.wait(MEETING_SECONDS)
        studio.interruption.request_stop()

    studio.meanwhile = {Stage.DIARIZE: stop, Stage.SCENES: stop}
    assert studio.run() is ExitCode.RESUMABLE
    assert studio.job.state is State.PENDING


@pytest.mark.parametrize("call", range(12, 40, 3))
def test_should_publish_the_same_bytes_wherever_it_was_killed(tmp_path: Path, call: int) -> None:
    whole = Studio(work_dir=tmp_path / "whole")
    whole.run()
    studio = Studio(work_dir=tmp_path / "killed", cores=4)
    switch = KillSwitch(threads=True)
    attempt = studio.dispatch().attempt
    switch.arm(call, after=bool(call % 2))
    try:
        studio.process(
            attempt, objects=switch.guard(studio.objects), jobs=switch.guard(studio.jobs)
        )
    except Killed:
        if not studio.job.ended:
            assert studio.run() is ExitCode.SUCCESS
    assert studio.published() == whole.published()
