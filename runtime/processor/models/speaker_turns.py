"""From clustered windows back to time: who speaks in each frame, and the turns this makes.

The results are those of pyannote.audio 4 (`Inference.aggregate`, `SpeakerDiarizationMixin`,
`Binarize`), computed in memory of frames times speakers instead of windows times frames times
speakers.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOT_A_SPEAKER = -2
"""pyannote's mark of a window's speaker who is silent."""

_FRAMES_AT_A_TIME = 1 << 16
"""Half an hour of pyannote's frames: ranking speakers takes 20 bytes for each frame and speaker."""
_SHORTEST_SEGMENT_SECONDS = 1e-6
"""pyannote.core takes a segment of less for an empty one, and keeps none of them."""

Activity = NDArray[Any]
Span = tuple[float, float, int]
"""Start, end, number of the speaker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeGrid:
    """Frames or windows of `duration` seconds, one every `step` seconds from `start` on."""

    duration: float
    step: float
    start: float = 0.0

    def closest(self, seconds: float) -> int:
        """Return the frame whose middle is nearest."""
        return int(np.rint((seconds - self.start - 0.5 * self.duration) / self.step))

    def starts_at(self, number: int) -> float:
        """Return where a frame starts, in seconds."""
        return self.start + number * self.step

    def middle(self, number: int) -> float:
        """Return the middle of a frame, in seconds."""
        start = self.starts_at(number)
        return 0.5 * (start + (start + self.duration))


def frames_of(windows: TimeGrid, count: int, frames: TimeGrid) -> int:
    """Return how many frames so many windows cover."""
    half = 0.5 * frames.duration
    return frames.closest(windows.start + windows.duration + (count - 1) * windows.step + half) + 1


def first_frame(windows: TimeGrid, number: int, frames: TimeGrid) -> int:
    """Return the first frame of a window."""
    return frames.closest(windows.starts_at(number) + 0.5 * frames.duration)


def speakers_at_once(activity: Activity, windows: TimeGrid, frames: TimeGrid) -> NDArray[np.uint8]:
    """Return (frames,): the number of active speakers, averaged over windows and rounded.

    `activity` is (windows, frames of a window, speakers of a window) of 0 and 1.
    """
    total = frames_of(windows, len(activity), frames)
    speaking, seen = np.zeros(total, np.float32), np.zeros(total, np.float32)
    for number, window in enumerate(activity):
        first = first_frame(windows, number, frames)
        speaking[first : first + len(window)] += window.sum(axis=1, dtype=np.float32)
        seen[first : first + len(window)] += 1
    counted: NDArray[np.uint8] = np.rint(speaking / np.maximum(seen, 1e-12)).astype(np.uint8)
    return counted


def strength_of_speakers(
    activity: Activity, clusters: NDArray[Any], windows: TimeGrid, frames: TimeGrid
) -> NDArray[np.float32]:
    """Return (frames, speakers): the activity of each speaker, summed over windows.

    `clusters` (windows, speakers of a window) names the speakers, `NOT_A_SPEAKER` the silent ones.
    Where a window has a speaker twice, the more active one counts.
    """
    total = frames_of(windows, len(activity), frames)
    strength = np.zeros((int(clusters.max()) + 1, total), dtype=np.float32)
    for number, names in enumerate(clusters):
        first = first_frame(windows, number, frames)
        for speaker in np.unique(names[names >= 0]):
            active = activity[number][:, names == speaker].max(axis=1)
            strength[speaker, first : first + len(active)] += np.nan_to_num(active, nan=0.0)
    return strength.T


def strongest(strength: NDArray[np.float32], at_once: NDArray[Any]) -> NDArray[np.uint8]:
    """Return (frames, speakers) of 0 and 1: in each frame the `at_once` strongest speakers."""
    missing = max(0, int(at_once.max()) - strength.shape[1])
    if missing:
        strength = np.pad(strength, ((0, 0), (0, missing)))
    chosen = np.zeros(strength.shape, dtype=np.uint8)
    for first in range(0, len(chosen), _FRAMES_AT_A_TIME):
        some = slice(first, first + _FRAMES_AT_A_TIME)
        ranked = np.argsort(-np.ascontiguousarray(strength[some]), axis=-1)
        is_chosen = (np.arange(ranked.shape[1]) < at_once[some, None]).astype(np.uint8)
        np.put_along_axis(chosen[some], ranked, is_chosen, axis=-1)
    return chosen


def spans_of(chosen: NDArray[np.uint8], frames: TimeGrid, *, min_seconds_off: float) -> list[Span]:
    """Return the spans of (frames, speakers) of 0 and 1, by start, end and speaker.

    Pauses of a speaker under `min_seconds_off` are filled.
    """
    found: list[Span] = []
    for speaker, column in enumerate(chosen.T):
        is_on = column > 0
        edges = [int(edge) for edge in np.flatnonzero(np.diff(is_on)) + 1]
        edges = [0, *edges] if is_on[0] else edges
        edges = [*edges, len(is_on) - 1] if is_on[-1] else edges
        spans = [
            (frames.middle(start), frames.middle(end))
            for start, end in zip(edges[::2], edges[1::2], strict=True)
        ]
        for start, end in _joined(spans, min_seconds_off):
            found.append((start, end, speaker))
    return sorted(found)


def _joined(spans: list[tuple[float, float]], gap_seconds: float) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for start, end in spans:
        if end - start <= _SHORTEST_SEGMENT_SECONDS:
            continue
        if joined and gap_seconds > 0 and start - joined[-1][1] < gap_seconds:
            joined[-1] = joined[-1][0], end
        else:
            joined.append((start, end))
    return joined
