"""Clusters the voices of windows as pyannote.audio's `VBxClustering` does, without importing torch.

The numerical part is pyannote's own file, which needs NumPy and SciPy alone; its package would
import torch.
"""

import importlib.util
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from runtime.processor.models.clustering import MOST_VOICES, Clusters, usable_voices
from runtime.processor.models.speaker_turns import NOT_A_SPEAKER

_DIMENSIONS = 128
_ITERATIONS = 20
_LEAST_SHARE = 1e-7
"""Of all voices that a speaker must have for VBx to keep it."""

Voices = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variational:
    """pyannote's parameters of the same names; `plda` is the folder of its two matrices."""

    threshold: float
    fa: float
    fb: float
    plda: Path

    def clusters(
        self,
        voices: Voices,
        activity: NDArray[Any],
        *,
        at_least: int | None = None,
        at_most: int | None = None,
        most_voices: int = MOST_VOICES,
    ) -> Clusters:
        """Return (windows, speakers of a window): which speaker of the recording each is.

        `voices` is (windows, speakers, dimension), NaN where there is none. Speakers of one window
        are different ones of the recording, unless the bounds force a number of speakers.
        """
        window, speaker = usable_voices(voices, activity, most_voices)
        used = voices[window, speaker]
        if len(used) < 2:  # noqa: PLR2004 - one voice needs no clusters
            return np.zeros(voices.shape[:2], dtype=np.int64)
        centres = self._centres(used)
        wanted = _wanted(len(centres), min(at_least or 1, len(used)), at_most)
        if wanted is not None:
            centres = _centres_by_means(_unit(used), used, wanted)
        flat = voices.reshape(-1, voices.shape[2])
        nearness = 2 - cdist(flat, centres, metric="cosine")
        nearness = nearness.reshape(*voices.shape[:2], -1)
        if wanted is not None:
            nearest: Clusters = np.argmax(nearness, axis=2)
            return nearest
        nearness[activity.sum(axis=1) == 0] = nearness.min() - 1.0
        return _one_each(nearness)

    def _centres(self, used: Voices) -> NDArray[np.floating]:
        """Return the mean voice of each speaker that VBx keeps."""
        vbx = _pyannotes_vbx()
        tree = linkage(_unit(used), method="centroid", metric="euclidean")
        names = fcluster(tree, self.threshold, criterion="distance") - 1
        _, names = np.unique(names, return_inverse=True)
        whiten, project, variances = vbx.vbx_setup(
            self.plda / "xvec_transform.npz", self.plda / "plda.npz"
        )
        shares, priors = vbx.cluster_vbx(
            names,
            project(whiten(used), lda_dim=_DIMENSIONS),
            variances[:_DIMENSIONS],
            Fa=self.fa,
            Fb=self.fb,
            maxIters=_ITERATIONS,
        )
        kept = shares[:, priors > _LEAST_SHARE]
        centres: NDArray[np.floating] = kept.T @ used / kept.sum(0, keepdims=True).T
        return centres


@lru_cache(maxsize=1)
def _pyannotes_vbx() -> ModuleType:
    """Return pyannote.audio's `utils/vbx.py`, loaded without its package."""
    package = importlib.util.find_spec("pyannote.audio")
    assert package is not None  # noqa: S101 - the processor depends on it
    assert package.origin is not None  # noqa: S101 - a package with a file
    path = Path(package.origin).parent / "utils" / "vbx.py"
    spec = importlib.util.spec_from_file_location("lifestream_pyannote_vbx", path)
    assert spec is not None  # noqa: S101 - of a Python file
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _wanted(found: int, fewest: int, most: int | None) -> int | None:
    """Return how many speakers the bounds ask for, where VBx found another number."""
    wanted = fewest if found < fewest else min(found, most or found)
    return wanted if wanted != found else None


def _centres_by_means(units: Voices, used: Voices, count: int) -> Voices:
    """Return the mean voices of so many clusters by k-means."""
    from sklearn.cluster import KMeans

    names = KMeans(n_clusters=count, n_init=3, random_state=42, copy_x=False).fit_predict(units)
    return np.vstack([used[names == name].mean(axis=0) for name in range(count)])


def _unit(voices: Voices) -> Voices:
    unit: Voices = voices / np.linalg.norm(voices, axis=1, keepdims=True)
    return unit


def _one_each(nearness: NDArray[np.float64]) -> Clusters:
    """Return for each window the assignment of its speakers to different clusters that fits best.

    A speaker beyond the number of clusters is none.
    """
    nearness = np.nan_to_num(nearness, nan=np.nanmin(nearness))
    chosen = np.full(nearness.shape[:2], NOT_A_SPEAKER, dtype=np.int64)
    for window, scores in enumerate(nearness):
        speakers, clusters = linear_sum_assignment(scores, maximize=True)
        chosen[window, speakers] = clusters
    return chosen
