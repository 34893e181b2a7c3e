from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from runtime.core.contract import Stage
from runtime.core.jobs import Source
from runtime.core.media import Scene
from runtime.processor.checkpoints.artifacts import Artifact, StageOutput
from runtime.processor.checkpoints.store import Checkpoints
from runtime.results.warnings import SPEAKERS_FAILED
from tests.fakes.clock import FakeClock
from tests.fakes.log import CapturedLog
from tests.fakes.objects import InMemoryObjectStore

SOURCE = Source(bucket="any", key="uploads/any.mp4", etag="any", size_bytes=1)
FIRST: Artifact[float] = Artifact(stage=Stage.AUDIO, kind=float, version=1)
SECOND: Artifact[str] = Artifact(stage=Stage.TRANSCRIBE, kind=str, version=1, inputs=(FIRST,))


@pytest.fixture
def objects() -> InMemoryObjectStore:
    return InMemoryObjectStore()


def checkpoints(
    objects: InMemoryObjectStore,
    *,
    source: Source = SOURCE,
    settings: Mapping[Stage, str] | None = None,
    rerun: int = 0,
) -> Checkpoints:
    """What a new process sees."""
    return Checkpoints(
        objects=objects,
        source=source,
        settings=settings or {},
        clock=FakeClock(),
        log=CapturedLog(),
        rerun=rerun,
    )


def test_should_find_nothing_at_first_and_afterwards_what_was_saved(
    objects: InMemoryObjectStore,
) -> None:
    first_run = checkpoints(objects)
    assert first_run.load(SECOND) is None
    first_run.save(SECOND, StageOutput(value="made"))
    assert first_run.load(SECOND) == StageOutput(value="made")
    assert checkpoints(objects).load(SECOND) == StageOutput(value="made")


def test_should_give_the_first_run_exactly_what_a_resumed_run_gets(
    objects: InMemoryObjectStore,
) -> None:
    scenes: Artifact[Scene] = Artifact(stage=Stage.SCENES, kind=Scene, version=1)
    careless = Scene(index=0, start_seconds=np.float32(0.1), end_seconds=1.0)  # type: ignore[arg-type]  # what a stage may return
    now = checkpoints(objects).save(scenes, StageOutput(value=careless))
    later = checkpoints(objects).load(scenes)
    assert repr(now) == repr(later)
    assert type(now.value.start_seconds) is float


def test_should_keep_what_is_doubtful_about_an_artifact(objects: InMemoryObjectStore) -> None:
    doubtful = StageOutput(value="made", warnings=(SPEAKERS_FAILED,))
    assert checkpoints(objects).save(SECOND, doubtful) == doubtful
    assert checkpoints(objects).load(SECOND) == doubtful


def test_should_give_a_failed_stage_another_chance_when_a_person_has_the_job_run_again(
    objects: InMemoryObjectStore,
) -> None:
    checkpoints(objects).save(SECOND, StageOutput(value="nothing", is_fallback=True))
    assert checkpoints(objects).load(SECOND) is not None
    assert checkpoints(objects, rerun=1).load(SECOND) is None


def test_should_not_use_what_an_older_version_of_the_stage_made(
    objects: InMemoryObjectStore,
) -> None:
    checkpoints(objects).save(FIRST, StageOutput(value=1.0))
    assert checkpoints(objects).load(replace(FIRST, version=2)) is None


def test_should_not_use_what_was_made_from_something_outdated(
    objects: InMemoryObjectStore,
) -> None:
    checkpoints(objects).save(SECOND, StageOutput(value="made"))
    remade = replace(SECOND, inputs=(replace(FIRST, version=2),))
    assert checkpoints(objects).load(remade) is None
    assert checkpoints(objects, settings={Stage.AUDIO: "changed"}).load(SECOND) is None


def test_should_not_mind_settings_of_other_stages(objects: InMemoryObjectStore) -> None:
    checkpoints(objects).save(SECOND, StageOutput(value="made"))
    assert checkpoints(objects, settings={Stage.SCENES: "changed"}).load(SECOND) == StageOutput(
        value="made"
    )


def test_should_keep_jobs_apart(objects: InMemoryObjectStore) -> None:
    checkpoints(objects).save(FIRST, StageOutput(value=1.0))
    other = replace(SOURCE, key="uploads/other.mp4")
    assert checkpoints(objects, source=other).load(FIRST) is None
