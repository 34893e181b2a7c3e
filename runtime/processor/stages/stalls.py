"""Recognizes a shot that goes on after frames were dropped: its picture jumps, but is no other."""

from collections import deque
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]

_MOVING_LEVELS = 0.3
"""Mean difference from the frame before, of 255; a repeated frame has less."""

_MOVING_FRAMES, _HELD_FRAMES = 5, 3
_GAP, _LONGEST_SECONDS = 3.0, 3.0
"""Frames are missing where one comes after so many times the usual wait."""

_ALIKE, _SHIFTED = 0.95, 0.15
"""Correlation of the levels of two pictures of a shot some frames apart, and of their places."""

_BINS = 32


class Pace:
    """Follows how frames of a movement come: one by one, repeated, or some missing."""

    def __init__(self) -> None:
        self._waits: deque[float] = deque(maxlen=2 * _MOVING_FRAMES)
        self._moving = 0
        self._held = 0
        self._stalled_seconds = 0.0

    def resumes(self, gray: Gray, last: Gray, waited: float) -> bool:
        """Return whether a movement goes on with this frame after others were held or dropped."""
        usual = float(np.median(self._waits)) if self._waits else waited
        is_gap = waited > _GAP * usual
        if not is_gap:
            self._waits.append(waited)
        difference: Any = cv2.mean(cv2.absdiff(gray, last))
        if difference[0] < _MOVING_LEVELS:
            self._held += 1
            self._stalled_seconds += waited
            return False
        stalled = self._stalled_seconds + (waited if is_gap else 0.0)
        was_moving = self._moving >= _MOVING_FRAMES
        is_stall = (is_gap or self._held >= _HELD_FRAMES) and stalled <= _LONGEST_SECONDS
        self._moving = 1 if self._held >= _HELD_FRAMES or is_gap else self._moving + 1
        self._held, self._stalled_seconds = 0, 0.0
        return is_stall and was_moving and _alike(gray, last)


def _alike(first: Gray, second: Gray) -> bool:
    histograms = [cv2.calcHist([g], [0], None, [_BINS], [0, 256]) for g in (first, second)]
    smooth = [cv2.GaussianBlur(h, (1, 5), 0) for h in histograms]
    if cv2.compareHist(smooth[0], smooth[1], cv2.HISTCMP_CORREL) < _ALIKE:
        return False
    window = cv2.createHanningWindow((first.shape[1], first.shape[0]), cv2.CV_32F)
    pair = (first.astype(np.float32), second.astype(np.float32))
    return bool(cv2.phaseCorrelate(*pair, window)[1] >= _SHIFTED)
