"""Follows what stands still in a picture: new slides are cuts, flashes are not.

Between slides of text a few per cent of the pixels change, too little for a measure that is made
for films. A slide is new where blocks of the picture that stood still change at once and then stand
still again; what moves all the time, such as a camera in the corner, is left out. After a flash
the picture is the one from before.
"""

from collections import deque
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Blocks = NDArray[np.bool_]

_WIDTH, _HEIGHT = 128, 72
_COLUMNS, _ROWS = 16, 9

_CHANGED_LEVELS = 2.5
"""Mean change of a block from one frame to the next, of 255; encoding makes less."""

_DIFFERENT_LEVELS = 4.0
_EVENT_SHARE = 0.03
_SLIDE_SHARE = 0.08
"""Share of the blocks that another slide changes; a cursor or a letter changes less."""

_LONE_FRAME_SHARE = 0.2
"""The same where a second or so lies between two frames, in which things move unseen."""

_ABRUPT_SHARE = 0.5
"""Share of the change that comes with one frame: scrolling and movement take several."""

_STILL_SECONDS, _STILL_FRAMES = 0.5, 15
_BUSY_SHARE, _BUSY_MEMORY = 0.3, 0.1

_FLASH_LEVELS, _RETURN_SHARE, FLASH_FRAMES = 8.0, 0.35, 12
"""A jump that large is a flash if the picture comes back to within this share of it so soon."""

CONTEXT_FRAMES = 2 * _STILL_FRAMES + FLASH_FRAMES
"""Frames after which the state no longer depends on what was before."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How many frames ago a new slide appeared, and a flash began; 0 for none."""

    slide_back: int = 0
    flash_back: int = 0


@dataclass(slots=True)
class _Event:
    """A change under way: the picture before it, and its largest step."""

    before: Gray
    first: int
    steady: Blocks
    peak: int
    peak_share: float
    last: int
    last_seconds: float


class SlideWatch:
    """Looks at frames in order."""

    def __init__(self) -> None:
        self._number = -1
        self._seconds = 0.0
        self._last: Gray | None = None
        self._busy = np.zeros((_ROWS, _COLUMNS))
        self._event: _Event | None = None
        self._jumps: deque[tuple[int, Gray, float]] = deque(maxlen=FLASH_FRAMES)

    def look(self, pixels: Any, at_seconds: float) -> Seen:
        """Return what the next frame, blue first, shows to have happened."""
        gray = _small(pixels)
        self._number += 1
        last, waited = self._last, at_seconds - self._seconds
        self._last, self._seconds = gray, at_seconds
        if last is None:
            return Seen()
        slide = 0
        if waited >= _STILL_SECONDS and self._event is not None:
            # The frame before was shown long enough to have stood still.
            slide = self._close(last, is_lone=True)
        change = _blocks(gray, last)
        changed = change > _CHANGED_LEVELS
        steady = self._busy < _BUSY_SHARE
        share = float((changed & steady).mean())
        self._busy += _BUSY_MEMORY * (changed - self._busy)
        if share >= _EVENT_SHARE:
            self._extend(last, steady, share, at_seconds)
        elif self._event is not None and self._is_still(self._event, at_seconds):
            slide = self._close(gray, is_lone=False)
        return Seen(slide_back=slide, flash_back=self._flash(gray, last))

    def _extend(self, last: Gray, steady: Blocks, share: float, at_seconds: float) -> None:
        event = self._event
        if event is None:
            event = self._event = _Event(
                before=last,
                first=self._number,
                steady=steady,
                peak=self._number,
                peak_share=share,
                last=self._number,
                last_seconds=at_seconds,
            )
        elif share > event.peak_share:
            event.peak, event.peak_share = self._number, share
        event.last, event.last_seconds = self._number, at_seconds

    def _is_still(self, event: _Event, at_seconds: float) -> bool:
        return (
            at_seconds - event.last_seconds >= _STILL_SECONDS
            or self._number - event.last >= _STILL_FRAMES
        )

    def _close(self, after: Gray, *, is_lone: bool) -> int:
        """End a change; return how many frames ago a new slide appeared in it, 0 for none."""
        event, self._event = self._event, None
        assert event is not None  # noqa: S101  # for the type checker; the caller checked
        if event.last - event.first > _STILL_FRAMES:
            return 0
        different = (_blocks(after, event.before) > _DIFFERENT_LEVELS) & event.steady
        share = float(different.mean())
        needed = _LONE_FRAME_SHARE if is_lone else _SLIDE_SHARE
        if share < needed or event.peak_share < _ABRUPT_SHARE * share:
            return 0
        return self._number - event.peak

    def _flash(self, gray: Gray, last: Gray) -> int:
        """Return how many frames ago a flash began that has ended with this frame."""
        found = 0
        for number, before, jump in self._jumps:
            if self._number - number <= FLASH_FRAMES and _distance(gray, before) < (
                _RETURN_SHARE * jump
            ):
                found = max(found, self._number - number)
        jump = _distance(gray, last)
        if jump >= _FLASH_LEVELS:
            self._jumps.append((self._number, last, jump))
        return found


def _small(pixels: Any) -> Gray:
    gray = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    small: Any = cv2.resize(gray, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA)
    result: Gray = small
    return result


def _blocks(first: Gray, second: Gray) -> NDArray[np.float32]:
    """Return the mean change of each block."""
    change: Any = cv2.absdiff(first, second).astype(np.float32)
    means: NDArray[np.float32] = cv2.resize(change, (_COLUMNS, _ROWS), interpolation=cv2.INTER_AREA)
    return means


def _distance(first: Gray, second: Gray) -> float:
    return float(cv2.mean(cv2.absdiff(first, second))[0])
