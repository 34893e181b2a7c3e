"""Builds turns from clustered windows: the speakers of each frame, then their turns.

The results are pyannote's own (`SpeakerDiarizationMixin.to_diarization` and `to_annotation`); the
memory is that of frames times speakers instead of windows times frames times speakers.
"""

import numpy as np
from numpy.typing import NDArray
from pyannote.core import Annotation, Segment, SlidingWindow, SlidingWindowFeature
from pyannote.core.utils.generators import string_generator

_FRAMES_AT_A_TIME = 1 << 16
"""Half an hour of pyannote's frames: ranking speakers takes 20 bytes for each frame and speaker."""


def strength_of_speakers(
    segmentations: SlidingWindowFeature, clusters: NDArray[np.int8], frames: SlidingWindow
) -> SlidingWindowFeature:
    """Return (frames, speakers): the activity of each speaker, summed over windows.

    `clusters` (windows, local speakers) maps each window's speakers, -2 for none. Where a window
    splits one speaker into several, the most active counts.
    """
    windows, activity = segmentations.sliding_window, segmentations.data
    frames = SlidingWindow(start=windows.start, duration=frames.duration, step=frames.step)
    count, length, _ = activity.shape
    half = 0.5 * frames.duration
    last = windows.start + windows.duration + (count - 1) * windows.step
    total = frames.closest_frame(last + half) + 1
    strength = np.zeros((int(clusters.max()) + 1, total), dtype=np.float32)
    for number, known_as in enumerate(clusters):
        start = frames.closest_frame(windows[number].start + half)
        for speaker in np.unique(known_as[known_as >= 0]):
            heard = activity[number][:, known_as == speaker].max(axis=1)
            strength[speaker, start : start + length] += np.nan_to_num(heard, nan=0.0)
    return SlidingWindowFeature(strength.T, frames)


def strongest(strength: SlidingWindowFeature, count: SlidingWindowFeature) -> SlidingWindowFeature:
    """Return (frames, speakers) of 0 and 1: in each frame the `count` strongest speakers."""
    missing = max(0, int(count.data.max()) - strength.data.shape[1])
    if missing:
        padded = np.pad(strength.data, ((0, 0), (0, missing)))
        strength = SlidingWindowFeature(padded, strength.sliding_window)
    extent = strength.extent & count.extent
    strength = strength.crop(extent, return_data=False)
    wanted = count.crop(extent, return_data=False).data
    chosen = np.zeros(strength.data.shape, dtype=np.uint8)
    for first in range(0, len(chosen), _FRAMES_AT_A_TIME):
        some = slice(first, first + _FRAMES_AT_A_TIME)
        ranked = np.argsort(-np.ascontiguousarray(strength.data[some]), axis=-1)
        is_chosen = (np.arange(ranked.shape[1]) < wanted[some]).astype(np.uint8)
        np.put_along_axis(chosen[some], ranked, is_chosen, axis=-1)
    return SlidingWindowFeature(chosen, strength.sliding_window)


def build_turns(
    chosen: SlidingWindowFeature, *, min_seconds_on: float, min_seconds_off: float
) -> Annotation:
    """Return the turns of (frames, speakers) of 0 and 1, each labelled by its speaker's number.

    Pauses of one speaker under `min_seconds_off` are filled, then turns under `min_seconds_on`
    left out. pyannote visits all frames of all speakers; this visits edges only.
    """
    turns, tracks = Annotation(), string_generator()
    middle = chosen.sliding_window
    for speaker, column in enumerate(chosen.data.T):
        track, is_on = next(tracks), column > 0
        edges = [int(edge) for edge in np.flatnonzero(np.diff(is_on)) + 1]
        edges = [0, *edges] if is_on[0] else edges
        edges = [*edges, len(is_on) - 1] if is_on[-1] else edges
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            turns[Segment(middle[start].middle, middle[end].middle), track] = speaker
    if min_seconds_off > 0.0:
        turns = turns.support(collar=min_seconds_off)
    for segment, track in list(turns.itertracks()):
        if segment.duration < min_seconds_on:
            del turns[segment, track]
    return turns
