"""Weights and sample media that setup made; settings that the processor's image has."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

import runtime.documents.files
from runtime.core.media import MediaInfo
from runtime.documents.word import word_document
from runtime.processor.stages.probe import probe
from runtime.results.job_result import JobResult

# As in the image, and before any library that reads it is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

STATE = Path(__file__).resolve().parents[3] / ".lifestream"
THREADS = 2


def made_by_setup(path: Path) -> Path:
    if not path.exists():
        pytest.fail(f"{path} is missing: run `make setup`")
    return path


@pytest.fixture(scope="session", autouse=True)
def word_documents_made_once() -> Iterator[None]:
    """Render equal results as Word once a process: drills publish one result a hundred times.

    That equal results give equal bytes is proven in `tests/unit/documents`.
    """
    made: dict[str, bytes] = {}

    def document(result: JobResult) -> bytes:
        content = repr(result)
        if content not in made:
            made[content] = word_document(result)
        return made[content]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runtime.documents.files, "word_document", document)
        yield


@pytest.fixture(scope="session")
def models() -> Path:
    return made_by_setup(STATE / "models").resolve()


@pytest.fixture(scope="session")
def sample() -> Path:
    """The short video: a dialogue of two speakers, then a speech with known words."""
    return made_by_setup(STATE / "media" / "sample.mp4")


@pytest.fixture(scope="session")
def sample_info(sample: Path) -> MediaInfo:
    return probe(sample)


@pytest.fixture(scope="session")
def dialogue() -> Path:
    """The labelled 30 s recording of two speakers that pyannote.audio carries."""
    spec = find_spec("pyannote")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / "audio" / "sample" / "sample.wav"
