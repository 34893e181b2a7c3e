"""VBx without torch, against the clustering of pyannote.audio that it computes."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.processor.models.variational import Variational
from tests.unit.processor.models.test_diarization_rebuild import FRAMES, LOCAL_SPEAKERS

ROOT = Path(__file__).resolve().parents[4]
WINDOWS, DIMENSION = 60, 256
pytestmark = pytest.mark.models
Made = tuple[NDArray[np.float32], NDArray[np.uint8]]


def meeting(plda: Path, speakers: int, seed: int) -> Made:
    """Return voices as the model expects them, some too short to use, and when they speak."""
    chance = np.random.default_rng(seed)
    known = chance.normal(size=(speakers, DIMENSION))
    centre = np.load(plda / "xvec_transform.npz")["mean1"]
    activity = np.zeros((WINDOWS, FRAMES, LOCAL_SPEAKERS), dtype=np.uint8)
    voices = np.full((WINDOWS, LOCAL_SPEAKERS, DIMENSION), np.nan, dtype=np.float32)
    for window in range(WINDOWS):
        for place, who in enumerate(chance.permutation(speakers)[: chance.integers(1, 3)]):
            start = place * 300
            activity[window, start : start + chance.integers(40, 290), place] = 1
            noise = chance.normal(size=DIMENSION)
            voices[window, place] = centre + 0.1 * (known[who] + 0.3 * noise)
    return voices, activity


def by_pyannote(plda: Path, made: Made, bounds: dict[str, int]) -> NDArray[Any]:
    from pyannote.audio.core.plda import PLDA
    from pyannote.audio.pipelines.clustering import VBxClustering
    from pyannote.audio.pipelines.utils.diarization import SpeakerDiarizationMixin
    from pyannote.core import SlidingWindow, SlidingWindowFeature

    clustering = VBxClustering(PLDA.from_pretrained(plda))
    clustering.instantiate({"threshold": 0.6, "Fa": 0.07, "Fb": 0.8})
    number, fewest, most = SpeakerDiarizationMixin.set_num_speakers(
        min_speakers=bounds.get("at_least"), max_speakers=bounds.get("at_most")
    )
    voices, activity = made
    step = SlidingWindow(start=0.0, duration=10.0, step=1.0)
    found: NDArray[Any] = clustering(
        embeddings=voices,
        segmentations=SlidingWindowFeature(activity.astype(np.float32), step),
        num_clusters=number,
        min_clusters=fewest,
        max_clusters=most,
    )[0]
    return found


@pytest.fixture(scope="module", autouse=True)
def _imported_quietly() -> None:
    """pyannote warns while it is imported of decoders that are not needed; this module knows."""
    import runtime.processor.models.diarization  # noqa: F401


@pytest.fixture(scope="module")
def plda(models: Path) -> Path:
    return models / "diarization" / "plda"


@pytest.mark.parametrize("bounds", [{}, {"at_least": 4}, {"at_most": 2}, {"at_least": 3}])
@pytest.mark.parametrize("speakers", [1, 3])
def test_should_find_the_speakers_that_pyannote_finds(
    plda: Path, speakers: int, bounds: dict[str, int]
) -> None:
    voices, activity = meeting(plda, speakers, seed=speakers)
    clustering = Variational(threshold=0.6, fa=0.07, fb=0.8, plda=plda)
    ours = clustering.clusters(voices, activity, **bounds)
    np.testing.assert_array_equal(ours, by_pyannote(plda, (voices, activity), bounds))
    if not bounds:
        assert ours.max() + 1 == speakers


def test_should_take_one_voice_for_one_speaker_and_never_more_than_there_are(plda: Path) -> None:
    voices, activity = meeting(plda, 1, seed=9)
    few = Variational(threshold=0.6, fa=0.07, fb=0.8, plda=plda)
    assert not few.clusters(voices[:1, :1], activity[:1, :, :1], at_least=2).any()
    some = few.clusters(voices[:3], activity[:3], at_least=9)
    assert some.max() < 9


def test_should_need_no_torch(plda: Path) -> None:
    program = f"""
import sys
from pathlib import Path
import numpy as np
from runtime.processor.models.variational import Variational
voices = np.random.default_rng(1).normal(size=(9, 3, 256)).astype(np.float32)
clustering = Variational(threshold=0.6, fa=0.07, fb=0.8, plda=Path({str(plda)!r}))
clustering.clusters(voices, np.eye(3, dtype=np.uint8)[None, [0, 1, 2]].repeat(9, axis=0))
print("ended", *(sys.modules.keys() & {{"torch", "pyannote.audio"}}))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert done.stdout.split() == ["ended"]
