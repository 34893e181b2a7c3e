"""What the processor counts: an end that it recorded, and nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.core.contract import Metric, Stage
from runtime.core.errors import Permanent, Retryable
from runtime.core.jobs import State, cancel
from runtime.core.ports import Progress
from tests.unit.processor.studio import STAGE_SECONDS, Studio


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(work_dir=tmp_path)


def raising(error: Exception) -> Callable[[Progress], None]:
    def meanwhile(_: Progress) -> None:
        raise error

    return meanwhile


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
    studio.meanwhile[Stage.TRANSCRIBE] = raising(error)
    studio.run()
    assert studio.metrics.kept == [(Metric.JOBS_FAILED, 1, code or "internal")]


def test_should_count_nothing_when_it_will_be_tried_again(studio: Studio) -> None:
    studio.meanwhile[Stage.SCENES] = raising(Retryable("any.code", "Any.", "Any."))
    studio.run()
    assert studio.job.state is State.PENDING
    assert studio.metrics.kept == []


def test_should_count_nothing_of_a_job_that_was_taken_away(studio: Studio) -> None:
    def cancelled(_: Progress) -> None:
        studio.jobs.save(studio.job, cancel(studio.job, now=studio.clock.now()))
        raise Permanent("media.any", "Any.", "Any.")

    studio.meanwhile[Stage.SCENES] = cancelled
    studio.run()
    assert studio.job.state is State.CANCELLED
    assert studio.metrics.kept == []
