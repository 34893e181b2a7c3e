"""What the processor counts: an end that it recorded, and nothing else."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.core.contract import Metric, Stage
from runtime.core.errors import Permanent, Retryable
from runtime.core.jobs import State, cancel
from runtime.core.ports import Progress
from runtime.core.task_cost import TaskSize
from tests.unit.processor.studio import STAGE_SECONDS, Studio


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(work_dir=tmp_path)


def raising(error: Exception) -> Callable[[Progress], None]:
    def meanwhile(_: Progress) -> None:
        raise error

    return meanwhile


def ends(studio: Studio) -> list[tuple[Metric, float, str | None]]:
    """Return what was counted of jobs that have ended."""
    of_jobs = {Metric.JOBS_SUCCEEDED, Metric.JOBS_FAILED, Metric.JOB_SECONDS, Metric.MEDIA_SECONDS}
    return [one for one in studio.metrics.kept if one[0] in of_jobs]


def test_should_count_a_success_and_how_long_it_ran(studio: Studio) -> None:
    studio.run()
    assert studio.metrics.total(Metric.JOBS_SUCCEEDED) == 1
    assert studio.metrics.total(Metric.JOB_SECONDS) >= 5 * STAGE_SECONDS
    assert studio.metrics.total(Metric.JOBS_FAILED) == 0


@pytest.mark.parametrize(
    ("error", "code"), [(Permanent("media.any", "Any.", "Any."), "media.any"), (KeyError(), None)]
)
def test_should_count_a_failure_with_its_code(
    studio: Studio, error: Exception, code: str | None
) -> None:
    studio.max_runs = 1
    studio.meanwhile[Stage.TRANSCRIBE] = raising(error)
    studio.run()
    assert ends(studio) == [(Metric.JOBS_FAILED, 1, code or "internal")]


def test_should_count_nothing_when_it_will_be_tried_again(studio: Studio) -> None:
    studio.meanwhile[Stage.SCENES] = raising(Retryable("any.code", "Any.", "Any."))
    studio.run()
    assert studio.job.state is State.PENDING
    assert ends(studio) == []


def test_should_count_nothing_of_a_job_that_was_taken_away(studio: Studio) -> None:
    def cancelled(_: Progress) -> None:
        studio.jobs.save(studio.job, cancel(studio.job, now=studio.clock.now()))
        raise Permanent("media.any", "Any.", "Any.")

    studio.meanwhile[Stage.SCENES] = cancelled
    studio.run()
    assert studio.job.state is State.CANCELLED
    assert ends(studio) == []


def test_should_count_the_seconds_of_each_stage_and_of_the_video(studio: Studio) -> None:
    studio.run()
    took = studio.metrics.of(Metric.STAGE_SECONDS)
    assert set(took) == set(Stage)
    assert took[Stage.TRANSCRIBE] >= STAGE_SECONDS
    (media_seconds,) = studio.metrics.values(Metric.MEDIA_SECONDS)
    assert media_seconds == pytest.approx(studio.media.duration_seconds, abs=0.1)


def test_should_count_no_seconds_of_stages_that_failed_or_were_kept(studio: Studio) -> None:
    studio.meanwhile[Stage.SCENES] = raising(Retryable("any.code", "Any.", "Any."))
    studio.run()
    assert Stage.SCENES not in studio.metrics.of(Metric.STAGE_SECONDS)
    studio.metrics.kept.clear()
    del studio.meanwhile[Stage.SCENES]
    studio.run()
    assert Stage.SCENES in studio.metrics.of(Metric.STAGE_SECONDS)
    assert Stage.TRANSCRIBE not in studio.metrics.of(Metric.STAGE_SECONDS)


FARGATE = TaskSize(vcpus=4, memory_mb=8192, architecture="x86_64")


def test_should_count_what_every_attempt_costs_whatever_came_of_it(studio: Studio) -> None:
    studio.task_size = FARGATE
    studio.meanwhile[Stage.SCENES] = raising(Retryable("any.code", "Any.", "Any."))
    studio.run()
    del studio.meanwhile[Stage.SCENES]
    studio.run()
    first, second = studio.metrics.values(Metric.PROCESSING_USD)
    dollars_a_second = 0.19748 / 3600
    assert first >= STAGE_SECONDS * dollars_a_second
    assert first + second == pytest.approx(studio.clock.monotonic() * dollars_a_second)


@pytest.mark.parametrize("task_size", [TaskSize(), replace(FARGATE, fargate=False)])
def test_should_count_no_cost_where_the_price_is_not_known(
    studio: Studio, task_size: TaskSize
) -> None:
    studio.task_size = task_size
    studio.run()
    assert studio.metrics.values(Metric.PROCESSING_USD) == []
