"""Detects hard cuts and gradual transitions with TransNetV2."""

from collections.abc import Iterable, Iterator
from itertools import tee
from pathlib import Path

from runtime.core.media import MediaInfo, Scene
from runtime.core.ports import Progress
from runtime.processor.checkpoints.increments import NO_INCREMENTS, Increments
from runtime.processor.media.decoding import Damage
from runtime.processor.media.frame_scores import FrameScores, row_start_seconds
from runtime.processor.media.frames import FrameSize
from runtime.processor.stages.scenes import scenes_of

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
        on_progress=on_progress,
    )
    # The network looks ahead, and a frame is stored with its probability.
    frames, ahead = tee(frames)
    probabilities = transition_probabilities(
        model, (frame.pixels for frame in ahead), [frame.pixels for frame in scored]
    )
    for frame, probability in zip(frames, probabilities, strict=True):
        scores.add(frame, score=probability)
    rows = scores.rows
    starts = (row_start_seconds(row) for row in rows)
    on_progress(1.0)
    return scenes_of(scores, find_cuts(rows["score"].tolist(), starts), samples_into)


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
