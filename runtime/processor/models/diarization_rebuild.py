"""`speaker_turns` in pyannote's types, for its own pipeline."""

import numpy as np
from numpy.typing import NDArray
from pyannote.core import Annotation, Segment, SlidingWindow, SlidingWindowFeature
from pyannote.core.utils.generators import string_generator

from runtime.processor.models import speaker_turns


def strength_of_speakers(
    segmentations: SlidingWindowFeature, clusters: NDArray[np.int8], frames: SlidingWindow
) -> SlidingWindowFeature:
    """Return (frames, speakers): the activity of each speaker, summed over windows.

    `clusters` (windows, local speakers) maps each window's speakers, -2 for none. Where a window
    splits one speaker into several, the most active counts.
    """
    windows = segmentations.sliding_window
    frames = SlidingWindow(start=windows.start, duration=frames.duration, step=frames.step)
    strength = speaker_turns.strength_of_speakers(
        segmentations.data, clusters, _grid(windows), _grid(frames)
    )
    return SlidingWindowFeature(strength, frames)


def strongest(strength: SlidingWindowFeature, count: SlidingWindowFeature) -> SlidingWindowFeature:
    """Return (frames, speakers) of 0 and 1: in each frame the `count` strongest speakers."""
    extent = strength.extent & count.extent
    strength = strength.crop(extent, return_data=False)
    wanted = count.crop(extent, return_data=False).data
    chosen = speaker_turns.strongest(strength.data, wanted[:, 0])
    return SlidingWindowFeature(chosen, strength.sliding_window)


def _grid(window: SlidingWindow) -> speaker_turns.TimeGrid:
    return speaker_turns.TimeGrid(start=window.start, duration=window.duration, step=window.step)


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
