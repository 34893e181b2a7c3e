"""Detects hard cuts and gradual transitions with TransNetV2."""

from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runtime.core.media import MediaInfo, Scene
from runtime.core.ports import Progress
from runtime.processor.checkpoints.increments import NO_INCREMENTS, Increments
from runtime.processor.media.decoding import Damage
from runtime.processor.media.frame_samples import write_scene_samples
from runtime.processor.media.frame_scores import FrameRecord, FrameScores, row_start_seconds
from runtime.processor.media.frames import FrameSize, ScaledFrame
from runtime.processor.stages.scenes import scenes_between

THRESHOLD = 0.5
"""The paper's own: above it a frame is the last one before a transition's middle."""


def detect_transitions(
    media: Path,
    info: MediaInfo,
    on_progress: Progress,
    damage: Damage | None = None,
    increments: Increments = NO_INCREMENTS,
    *,
    samples_into: Path | None = None,
    model_dir: Path,
    threads: int,
) -> tuple[Scene, ...]:
    """Return the shots in order, from 0 s to the end of the last frame that decodes.

    Finds hard cuts and gradual transitions; a dissolve or fade is cut in its middle. Scenes under
    0.6 s join the one before. Without a video track there are no scenes. The scores of 100 frames
    are a unit of `increments`. `samples_into` is as in `detect_scenes`. Raises
    `Permanent` `models.missing` or `models.corrupt`.
    """
    if info.video is None:
        return ()
    import torch

    from runtime.processor.models.transnet import (
        CONTEXT,
        HEIGHT,
        WIDTH,
        load_transnet,
        transition_probabilities,
    )

    torch.set_num_threads(threads)
    model = load_transnet(model_dir)
    scores, damage = FrameScores(increments), damage or Damage()
    size = FrameSize(width=WIDTH, height=HEIGHT, pixel_format="rgb24")
    scored, frames = scores.resume(
        *(media, info.video, size, damage),
        context=CONTEXT,
        duration_seconds=info.duration_seconds,
        on_frame=lambda: on_progress(0.0),
    )
    feed = FrameFeed(
        frames, damage, duration_seconds=info.duration_seconds, on_progress=on_progress
    )
    pixels = [frame.pixels for frame in scored]
    probabilities = transition_probabilities(model, feed.pixels(), pixels)
    for probability, record in zip(probabilities, feed.records(), strict=False):
        scores.add(record, score=probability)
    rows = scores.rows
    starts = (row_start_seconds(row) for row in rows)
    cuts = list(find_cuts(rows["score"].tolist(), starts))
    scenes = scenes_between(cuts, end_seconds=float(rows["end_seconds"].max(initial=0.0)))
    if samples_into is not None:
        write_scene_samples(samples_into, scenes, scores.samples)
    on_progress(1.0)
    return scenes


class FrameFeed:
    """Feeds frames to the model, and holds the records of those without a probability yet."""

    def __init__(
        self,
        frames: Iterable[ScaledFrame],
        damage: Damage,
        *,
        duration_seconds: float | None,
        on_progress: Progress,
    ) -> None:
        """Decode nothing yet; `duration_seconds` is the container's claim."""
        self._frames = frames
        self._damage = damage
        self._duration_seconds = duration_seconds
        self._on_progress = on_progress
        self._records: deque[FrameRecord] = deque()
        self._done = 0.0

    def pixels(self) -> Iterator[NDArray[np.uint8]]:
        """Yield the frames' pixels, decoding on demand."""
        for frame in self._frames:
            self._records.append(FrameRecord.of(frame, self._damage))
            yield frame.pixels
            if self._duration_seconds:
                done = min(1.0, frame.start_seconds / self._duration_seconds)
                self._done = max(self._done, done)
            self._on_progress(self._done)

    def records(self) -> Iterator[FrameRecord]:
        """Yield the records of the frames decoded so far, each once."""
        while self._records:
            yield self._records.popleft()


def find_cuts(probabilities: Iterable[float], times: Iterator[float]) -> Iterator[float]:
    """Yield the start of the shot after each transition, in seconds.

    A run of frames above the threshold is one transition; its middle is where it is most likely,
    and the new shot begins with the next frame. A run that lasts to the end cuts nothing.
    """
    best, cut, is_peak = 0.0, 0.0, False
    for probability, at in zip(probabilities, times, strict=False):
        if is_peak:
            cut, is_peak = at, False
        if probability > THRESHOLD:
            if probability > best:
                best, is_peak = probability, True
        elif best:
            yield cut
            best = 0.0
