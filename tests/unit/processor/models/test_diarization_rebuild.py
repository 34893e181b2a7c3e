"""What the lean pipeline makes of windows, against what pyannote's own makes of the same."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

SECONDS_OF_A_WINDOW, FRAMES, LOCAL_SPEAKERS, DIMENSION = 10.0, 589, 3, 192
Made = tuple[NDArray[np.uint8], NDArray[np.float32]]

pytestmark = pytest.mark.models


def conversation(seed: int, *, windows: int, speakers: int, talkative: float) -> Made:
    """Return activity and voices of windows: `speakers` who come and go, and talk over others."""
    chance = np.random.default_rng(seed)
    steps = FRAMES // 10
    seconds = windows + 10
    on = np.repeat(chance.random((seconds * 2, speakers)) < talkative, steps // 2 + 1, axis=0)
    known = chance.normal(size=(speakers, DIMENSION))
    activity = np.zeros((windows, FRAMES, LOCAL_SPEAKERS), dtype=np.uint8)
    voices = np.full((windows, LOCAL_SPEAKERS, DIMENSION), np.nan, dtype=np.float32)
    for window in range(windows):
        part = on[window * steps : window * steps + FRAMES]
        loudest = np.argsort(-part.sum(axis=0), kind="stable")[:LOCAL_SPEAKERS]
        order = chance.permutation(LOCAL_SPEAKERS)[: len(loudest)]
        activity[window][:, order] = part[:, loudest]
        # The model is not sure of edges, so that windows disagree about them.
        activity[window] &= chance.random(activity[window].shape) < 0.97
        for place, speaker in zip(order, loudest, strict=True):
            if activity[window][:, place].any():
                noise = chance.normal(size=DIMENSION)
                voices[window, place] = known[speaker] + 0.4 * noise
    return activity, voices


@pytest.fixture(scope="module")
def lean(models: Path) -> Any:
    from runtime.processor.models.diarization import load_diarization

    return load_diarization(models / "diarization")


@pytest.fixture
def stock(lean: Any) -> Callable[..., Any]:
    """Run pyannote's own pipeline, with the lean one's settings, on what models have found."""
    from pyannote.audio.pipelines import SpeakerDiarization
    from pyannote.core import SlidingWindow, SlidingWindowFeature

    class Given(SpeakerDiarization):  # type: ignore[misc]  # pyannote ships no types
        def __init__(self, activity: NDArray[Any], voices: NDArray[np.float32]) -> None:
            self.__dict__.update(lean.__dict__)
            self._activity, self._voices = activity, voices

        def get_segmentations(self, *_: Any, **__: Any) -> SlidingWindowFeature:
            step = SlidingWindow(start=0.0, duration=SECONDS_OF_A_WINDOW, step=1.0)
            return SlidingWindowFeature(self._activity.astype(np.float32), step)

        def get_embeddings(self, *_: Any, **__: Any) -> NDArray[np.float32]:
            return self._voices.copy()

    def run(made: Made, **bounds: int | None) -> Any:
        return Given(*made).apply({"uri": "waveform"}, **bounds)

    return run


def tracks(annotation: Any) -> list[tuple[float, float, str]]:
    return [
        (segment.start, segment.end, label) for segment, _, label in annotation.itertracks(True)
    ]


@pytest.mark.parametrize(
    ("windows", "speakers", "talkative"),
    [(1, 1, 0.6), (3, 2, 0.5), (40, 2, 0.4), (40, 5, 0.15), (120, 9, 0.3), (60, 3, 0.6)],
)
def test_should_find_exactly_the_turns_that_pyannote_finds(
    lean: Any, stock: Callable[[Made], Any], windows: int, speakers: int, talkative: float
) -> None:
    from runtime.processor.models.diarization_windows import Windows

    made = conversation(windows, windows=windows, speakers=speakers, talkative=talkative)
    ours = lean.cluster_speakers(Windows(activity=made[0], voices=made[1]))
    theirs = stock(made)
    for name in ("speaker_diarization", "exclusive_speaker_diarization"):
        assert tracks(getattr(ours, name)) == tracks(getattr(theirs, name))
    np.testing.assert_array_equal(ours.speaker_embeddings, theirs.speaker_embeddings)
    overlapping = np.asarray(made[0].sum(axis=2) > 1)
    assert tracks(theirs.speaker_diarization)
    assert overlapping.any() == (speakers > 1)


@pytest.mark.parametrize(
    "bounds", [(None, None), (2, 2), (1, 1), (4, None), (None, 2), (12, 20)], ids=str
)
@pytest.mark.parametrize(
    ("windows", "speakers", "talkative"),
    [(1, 1, 0.6), (3, 2, 0.5), (40, 2, 0.4), (40, 5, 0.15), (120, 9, 0.3), (60, 3, 0.6)],
)
@pytest.mark.filterwarnings("ignore:\\n*The detected number of speakers")
def test_should_find_without_pyannote_exactly_the_turns_that_it_finds(
    models: Path,
    stock: Callable[..., Any],
    windows: int,
    speakers: int,
    talkative: float,
    bounds: tuple[int | None, int | None],
) -> None:
    from runtime.processor.models.diarization_windows import Windows
    from runtime.processor.models.shared_diarization import load_shared_diarization

    made = conversation(windows, windows=windows, speakers=speakers, talkative=talkative)
    limits = {"min_speakers": bounds[0], "max_speakers": bounds[1]}
    shared = load_shared_diarization(models / "diarization")
    ours = shared.build_turns(Windows(activity=made[0], voices=made[1].copy()), **limits)
    theirs = stock(made, **limits)
    both = "speaker_diarization", "exclusive_speaker_diarization"
    for spans, name in zip(ours, both, strict=True):
        expected = tracks(getattr(theirs, name))
        labels = sorted({label for _, _, label in expected})
        numbers = sorted({speaker for _, _, speaker in spans})
        label_of = dict(zip(numbers, labels, strict=True))
        assert sorted((a, b, label_of[who]) for a, b, who in spans) == sorted(expected)


@pytest.mark.parametrize("seed", range(4))
def test_should_rebuild_scores_as_pyannote_does(lean: Any, seed: int) -> None:
    """Scores between 0 and 1, undefined frames, somebody heard as two, more at once than are."""
    from pyannote.audio.pipelines import SpeakerDiarization
    from pyannote.core import SlidingWindow, SlidingWindowFeature

    chance = np.random.default_rng(seed)
    count, speakers = 25, 1 + seed
    scores = chance.random((count, FRAMES, LOCAL_SPEAKERS)).astype(np.float32)
    scores[chance.random(scores.shape) < 0.05] = np.nan
    clusters = chance.integers(0, speakers, size=(count, LOCAL_SPEAKERS))
    clusters[chance.random(clusters.shape) < 0.3] = -2
    clusters[0] = speakers - 1
    step = SlidingWindow(start=0.0, duration=SECONDS_OF_A_WINDOW, step=1.0)
    windows = SlidingWindowFeature(scores, step)
    field = lean._segmentation.model.receptive_field
    frames = field.closest_frame(count + SECONDS_OF_A_WINDOW - 1 + 0.5 * field.duration) + 1
    at_once = chance.integers(0, 4, size=(frames, 1)).astype(np.int8)
    wanted = SlidingWindowFeature(at_once, field)
    ours = lean.reconstruct(SlidingWindowFeature(scores.copy(), step), clusters, wanted)
    theirs = SpeakerDiarization.reconstruct(lean, windows, clusters, wanted)
    np.testing.assert_array_equal(ours.data, theirs.data)
    assert ours.sliding_window.start == theirs.sliding_window.start
    for shortest, gap in [(0.0, 0.0), (0.1, 0.0), (0.0, 0.2), (0.1, 0.2)]:
        mine = lean.to_annotation(ours, min_duration_on=shortest, min_duration_off=gap)
        own = SpeakerDiarization.to_annotation(
            theirs, min_duration_on=shortest, min_duration_off=gap
        )
        assert list(mine.itertracks(yield_label=True)) == list(own.itertracks(yield_label=True))


def test_should_cluster_no_more_voices_than_memory_allows() -> None:
    from runtime.processor.models.clustering import limit_clustering

    voices = np.arange(50, dtype=np.float32).reshape(25, 2, 1)
    theirs = (voices.reshape(-1, 1), np.arange(50) // 2, np.arange(50) % 2)
    clustering = SimpleNamespace(filter_embeddings=lambda *_, **__: theirs)
    limit_clustering(clustering, most=50)
    assert all(a is b for a, b in zip(clustering.filter_embeddings(voices), theirs, strict=True))
    limit_clustering(clustering, most=20)
    kept, windows, places = clustering.filter_embeddings(voices)
    np.testing.assert_array_equal(voices[windows, places], kept)
    assert len(kept) == 20
    assert set(np.diff(kept[:, 0])) == {2.0, 3.0}


def test_should_tell_speakers_apart_by_some_of_many_voices(
    lean: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runtime.processor.models.clustering import limit_clustering
    from runtime.processor.models.diarization_windows import Windows

    activity, voices = conversation(7, windows=240, speakers=3, talkative=0.3)
    whole = lean.cluster_speakers(Windows(activity=activity, voices=voices))
    linked: list[int] = []
    cluster = lean.clustering.cluster

    def noted(embeddings: NDArray[np.float32], **options: Any) -> NDArray[np.int64]:
        linked.append(len(embeddings))
        clusters: NDArray[np.int64] = cluster(embeddings, **options)
        return clusters

    monkeypatch.setattr(lean.clustering, "cluster", noted)
    unbounded = lean.clustering.filter_embeddings
    monkeypatch.setattr(lean.clustering, "filter_embeddings", unbounded)
    limit_clustering(lean.clustering, most=100)
    some = lean.cluster_speakers(Windows(activity=activity, voices=voices))
    assert linked == [100]
    assert len(whole.speaker_diarization.labels()) == 3
    assert tracks(some.speaker_diarization) == tracks(whole.speaker_diarization)
