"""Who is active in each window of sound: pyannote's segmentation network in ONNX Runtime."""

from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runtime.processor.models.onnx_session import open_session

BATCH = 8
"""Larger batches are no faster, and their activations need more memory."""

_SILENT_PEAK = 3 / 32768
"""A window in which no sample is louder holds no speech; the network need not run."""

Samples = NDArray[np.float32]
Activity = NDArray[np.uint8]


class Segmentation:
    """Finds the active speakers of windows; `classes` lists the speakers of each output class."""

    def __init__(
        self, path: Path, *, frames: int, speakers: int, classes: Sequence[Sequence[int]]
    ) -> None:
        self._session = open_session(path)
        self._frames = frames
        self._members = np.zeros((len(classes), speakers), dtype=np.uint8)
        for number, members in enumerate(classes):
            self._members[number, list(members)] = 1

    def activity(self, windows: Sequence[Samples], pool: Executor) -> Activity:
        """Return (windows, frames, speakers) of 0 and 1 for windows of equal length."""
        speakers = self._members.shape[1]
        activity = np.zeros((len(windows), self._frames, speakers), dtype=np.uint8)
        audible = [n for n, window in enumerate(windows) if np.abs(window).max() > _SILENT_PEAK]
        batches = [audible[at : at + BATCH] for at in range(0, len(audible), BATCH)]
        found = pool.map(lambda batch: self._run([windows[n] for n in batch]), batches)
        for batch, active in zip(batches, found, strict=True):
            activity[batch] = active
        return activity

    def _run(self, windows: Sequence[Samples]) -> Activity:
        (scores,) = self._session.run(None, {"waveforms": np.stack(windows)[:, None]})
        activity: Activity = self._members[scores.argmax(axis=-1)]
        return activity
