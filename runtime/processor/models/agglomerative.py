"""Clusters the voices of windows as pyannote.audio's `AgglomerativeClustering` does, in SciPy."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import cdist

from runtime.processor.models.clustering import MOST_VOICES, Clusters, usable_voices

_EUCLIDEAN_METHODS = ("centroid", "median", "ward")
_SMALLEST_CLUSTER_SHARE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Agglomerative:
    """pyannote's parameters of the same names, for the cosine distance."""

    method: str
    threshold: float
    min_cluster_size: int

    def clusters(
        self,
        voices: NDArray[np.float32],
        activity: NDArray[Any],
        *,
        at_least: int | None = None,
        at_most: int | None = None,
        most_voices: int = MOST_VOICES,
    ) -> Clusters:
        """Return (windows, speakers of a window): which speaker of the recording each is.

        `voices` is (windows, speakers, dimension), NaN where there is none. Up to `most_voices`
        voices, spread evenly over the recording, form the clusters; every voice joins the nearest.
        """
        window, speaker = usable_voices(voices, activity, most_voices)
        used = voices[window, speaker]
        fewest = max(1, min(len(used), at_least or 1))
        most = max(1, min(len(used), at_most or len(used)))
        if most < 2:  # noqa: PLR2004 - one speaker needs no clusters
            return np.zeros(voices.shape[:2], dtype=np.int64)
        names = self._of_voices(used, fewest, most)
        centres = np.vstack([used[names == name].mean(axis=0) for name in range(names.max() + 1)])
        flat = voices.reshape(-1, voices.shape[2])
        nearest: Clusters = np.argmax(2 - cdist(flat, centres, metric="cosine"), axis=1)
        return nearest.reshape(voices.shape[:2])

    def _of_voices(self, voices: NDArray[np.float32], fewest: int, most: int) -> Clusters:
        """Return the cluster of each voice, numbered from 0."""
        smallest = min(self.min_cluster_size, max(1, round(_SMALLEST_CLUSTER_SHARE * len(voices))))
        metric = "cosine"
        if self.method in _EUCLIDEAN_METHODS:
            with np.errstate(divide="ignore", invalid="ignore"):
                voices = voices / np.linalg.norm(voices, axis=-1, keepdims=True)
            metric = "euclidean"
        tree = linkage(voices, method=self.method, metric=metric)
        names = _cut(tree, self.threshold)
        found = len(_large(names, smallest))
        if not fewest <= found <= most:
            wanted = fewest if found < fewest else most
            names = self._nearest_cut(tree, wanted, smallest)
        return _without_small(voices, names, smallest)

    def _nearest_cut(self, tree: NDArray[np.float64], wanted: int, smallest: int) -> Clusters:
        """Return the clusters of the cut nearest the threshold that makes so many large ones.

        Where none does, of the one that comes closest to that number.
        """
        by_merge = tree.copy()
        by_merge[:, 2] = np.arange(len(tree))
        best, best_count = len(tree), 1
        for merge in np.argsort(np.abs(tree[:, 2] - self.threshold)):
            if by_merge[merge, 3] < smallest:
                continue
            names = _cut(by_merge, merge)
            count = len(_large(names, smallest))
            if abs(count - wanted) < abs(best_count - wanted):
                best, best_count = merge, count
            if count == wanted:
                return names
        return _cut(by_merge, best)


def _cut(tree: NDArray[np.float64], at: float) -> Clusters:
    names: Clusters = fcluster(tree, at, criterion="distance") - 1
    return names


def _large(names: Clusters, smallest: int) -> Clusters:
    known, counts = np.unique(names, return_counts=True)
    large: Clusters = known[counts >= smallest]
    return large


def _without_small(voices: NDArray[np.float32], names: Clusters, smallest: int) -> Clusters:
    """Return the clusters with each small one joined to the nearest large one, renumbered."""
    large = _large(names, smallest)
    if not len(large):
        return np.zeros_like(names)
    small = np.setdiff1d(names, large)
    if not len(small):
        return names
    centres = [
        np.vstack([voices[names == n].mean(axis=0) for n in some]) for some in (large, small)
    ]
    nearest = np.argmin(cdist(*centres, metric="cosine"), axis=0)
    joined = names.copy()
    for name, at in zip(small, nearest, strict=True):
        joined[names == name] = large[at]
    _, renumbered = np.unique(joined, return_inverse=True)
    return renumbered
