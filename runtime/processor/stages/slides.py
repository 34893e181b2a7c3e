"""Follows what stands still in a picture: new slides are cuts, flashes are not.

Between slides of text a few per cent of the pixels change, too little for a measure that is made
for films. A slide is new where blocks of the picture that stood still change at once, or dissolve
into others, and then stand still again; what moves all the time, such as a camera in the corner, is
left out. After a flash the picture is the one from before.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.processor.stages.stalls import Pace

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

_SLOW_SHARE = 0.2
"""The same for slow changes, and where a second or so lies between two frames."""

_ABRUPT_SHARE = 0.5
"""Share of the change that comes with one frame: scrolling and movement take several."""

_LARGE_STEPS = 3
"""More steps of about the same size are scrolling, where a change lasts for long."""

_LAG_FRAMES, _LAG_SECONDS = 5, 0.1
"""A dissolve shows over some frames, where they are no further apart than this."""

_LONGEST_FRAMES = 40
_BLEND_RESIDUE = 0.3
"""In a dissolve each frame is a mixture of both slides, but for this share of their difference."""

_MIXED, _LEAST_MIXTURES = (0.1, 0.9), 3

_CONTRAST, _MOST_GAIN = 160.0, 2.5
"""Pale slides are judged as if their picture spanned so many levels; at most by this factor."""

_LEAST_STEADY = 0.5
"""Shares are of the blocks that stand still, or of all where fewer than this share of them do."""

_STILL_BEFORE = 0.75
"""Films change slowly too; a dissolve counts only where so much of the picture stood still."""

_STILL_SECONDS, _STILL_FRAMES = 0.5, 15
_BUSY_SHARE, _BUSY_MEMORY, _STILL_DECAY = 0.3, 0.1, 2.0

_FLASH_LEVELS, _RETURN_SHARE, FLASH_FRAMES = 8.0, 0.35, 12
"""A jump that large is a flash if the picture comes back to within this share of it so soon."""

CONTEXT_FRAMES = _LONGEST_FRAMES + 2 * _STILL_FRAMES + FLASH_FRAMES
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
    peak_share: float
    last: int
    last_seconds: float
    frames: list[Gray] = field(default_factory=list)
    steps: list[float] = field(default_factory=list)


class SlideWatch:
    """Looks at frames in order."""

    def __init__(self) -> None:
        self._number = -1
        self._seconds = 0.0
        self._last: Gray | None = None
        self._busy = np.zeros((_ROWS, _COLUMNS))
        self._event: _Event | None = None
        self._pace = Pace()
        self._recent: deque[Gray] = deque(maxlen=_LAG_FRAMES)
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
        if waited > _LAG_SECONDS:
            self._recent.clear()
        # What was shown for long stood still, however few the frames are.
        self._busy *= (1 - _BUSY_MEMORY) ** (_STILL_DECAY * waited)
        before = self._recent[0] if self._recent else last
        gain, steady = _gain(gray), self._steady()
        changed = _blocks(gray, last) * gain > _CHANGED_LEVELS
        moved = _blocks(gray, before) * gain > _CHANGED_LEVELS
        self._busy += _BUSY_MEMORY * ((changed | moved) - self._busy)
        share, slow = _share(changed, steady), _share(moved, steady)
        self._recent.append(last)
        if share >= _EVENT_SHARE:
            self._extend(last if self._event is None else gray, steady, share, at_seconds)
        elif slow >= _SLIDE_SHARE:
            self._extend(before if self._event is None else gray, steady, share, at_seconds)
        elif self._event is not None and self._is_still(self._event, at_seconds):
            slide = self._close(gray, is_lone=False)
        if self._event is not None and len(self._event.frames) <= _LONGEST_FRAMES:
            self._event.frames.append(gray)
            self._event.steps.append(share)
        flash = self._flash(gray, last)
        if self._pace.resumes(gray, last, waited):
            flash = max(flash, 1)
        return Seen(slide_back=slide, flash_back=flash)

    def _steady(self) -> Blocks:
        """Return the blocks that stood still before the change under way, if any, or else now."""
        if self._event is not None and self._number - self._event.first > _LONGEST_FRAMES:
            self._event = None
        if self._event is not None:
            return self._event.steady
        return _apart_from(self._busy >= _BUSY_SHARE)

    def finish(self, shown_seconds: float) -> int:
        """Return how many frames before the end a slide appeared that stays; 0 means none.

        The last frame is shown for `shown_seconds`.
        """
        if self._event is None or self._last is None or shown_seconds < _STILL_SECONDS:
            return 0
        self._number += 1
        return self._close(self._last, is_lone=True)

    def _extend(self, before: Gray, steady: Blocks, share: float, at_seconds: float) -> None:
        """Begin a change with the picture before it, or go on with it."""
        event = self._event
        if event is None:
            event = self._event = _Event(
                before=before,
                first=self._number,
                steady=steady,
                peak_share=share,
                last=self._number,
                last_seconds=at_seconds,
            )
        elif share > event.peak_share:
            event.peak_share = share
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
        different = _blocks(after, event.before) * _gain(after) > _DIFFERENT_LEVELS
        share = _share(different, event.steady)
        is_short = event.last - event.first <= _STILL_FRAMES
        is_sudden = is_short and event.peak_share >= _ABRUPT_SHARE * share
        if share < (_SLIDE_SHARE if is_sudden and not is_lone else _SLOW_SHARE):
            return 0
        large = sum(step >= _ABRUPT_SHARE * event.peak_share for step in event.steps)
        if event.peak_share >= _ABRUPT_SHARE * share and (is_short or large <= _LARGE_STEPS):
            return (
                self._number
                - event.first
                - next(
                    number
                    for number, step in enumerate(event.steps)
                    if step >= _ABRUPT_SHARE * event.peak_share
                )
            )
        if event.steady.mean() < _STILL_BEFORE:
            return 0
        blended = _blended(event, after, different & event.steady)
        return self._number - event.first - blended if blended else 0

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


def _apart_from(busy: Blocks) -> Blocks:
    """Return the blocks that are neither busy nor beside one that is."""
    wider: Any = cv2.dilate(busy.astype(np.uint8), np.ones((3, 3), np.uint8))
    result: Blocks = wider == 0
    return result


def _gain(gray: Gray) -> float:
    """Return the factor that gives a pale picture the contrast of a usual one."""
    span = float(gray.max()) - float(gray.min())
    return min(_MOST_GAIN, max(1.0, _CONTRAST / max(span, 1.0)))


def _share(changed: Blocks, steady: Blocks) -> float:
    """Return the share of the steady blocks that changed."""
    still = float(steady.mean())
    return float((changed & steady).mean()) / (still if still >= _LEAST_STEADY else 1.0)


def _blended(event: _Event, after: Gray, different: Blocks) -> int:
    """Return the frame of a dissolve that shows both slides alike, counted from its first; else 0.

    In a dissolve each frame is a mixture of the picture before and the one after.
    """
    mask: Any = cv2.resize(
        different.astype(np.uint8), (_WIDTH, _HEIGHT), interpolation=cv2.INTER_NEAREST
    )
    where = mask > 0
    before = event.before[where].astype(np.float32)
    change = after[where].astype(np.float32) - before
    size = float(change @ change)
    middle, mixtures = 0, 0
    for number, frame in enumerate(event.frames):
        moved = frame[where].astype(np.float32) - before
        part = float(moved @ change) / size
        if not _MIXED[0] < part < _MIXED[1]:
            continue
        rest = moved - part * change
        if float(rest @ rest) > _BLEND_RESIDUE**2 * size:
            return 0
        mixtures += 1
        if part <= 0.5:  # noqa: PLR2004 - half of each
            middle = number
    return max(1, middle) if mixtures >= _LEAST_MIXTURES else 0


def _distance(first: Gray, second: Gray) -> float:
    return float(cv2.mean(cv2.absdiff(first, second))[0])
