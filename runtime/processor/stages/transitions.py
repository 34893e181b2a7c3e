"""Where does one shot give way to the next, at once or slowly? Shots by TransNetV2."""

from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.core.media import MediaInfo, Scene
from runtime.core.ports import Progress
from runtime.processor.checkpoints.increments import Parts
from runtime.processor.media.decoding import Damage
from runtime.processor.media.frame_scores import Measures, Seen, start_of
from runtime.processor.media.frames import Picture, Size
from runtime.processor.stages.scenes import NOTHING_DONE, scenes_between

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

THRESHOLD = 0.5
"""The paper's own: a frame more likely than not to be the last one before a transition's middle."""


def detect_transitions(
    media: Path,
    info: MediaInfo,
    on_progress: Progress,
    damage: Damage | None = None,
    parts: Parts = NOTHING_DONE,
    *,
    model_dir: Path,
    threads: int,
) -> tuple[Scene, ...]:
    """Return the shots in order, from 0 s to the end of the last frame that decodes.

    Finds hard cuts and gradual transitions; a dissolve or fade is cut in its middle. Scenes under
    0.6 s join the one before. No video track gives no scenes. What it makes of 100 frames is a unit
    of `parts`. Raises `Permanent` `models.missing` or `models.corrupt`.
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
    measures, damage = Measures(parts), damage or Damage()
    before, shown = measures.go_on(
        *(media, info.video, Size(width=WIDTH, height=HEIGHT, order="rgb24"), damage),
        context=CONTEXT,
        alive=lambda: on_progress(0.0),
    )
    reel = Reel(shown, damage, duration_seconds=info.duration_seconds, on_progress=on_progress)
    pixels = [picture.pixels for picture in before]
    judged = transition_probabilities(model, reel.frames(), pixels)
    for probability, seen in zip(judged, reel.seen(), strict=False):
        measures.add(seen, score=probability)
    rows = measures.rows
    starts = (start_of(row) for row in rows)
    cuts = list(cuts_between(rows["score"].tolist(), starts))
    on_progress(1.0)
    return scenes_between(cuts, end_seconds=float(rows["end_seconds"].max(initial=0.0)))


class Reel:
    """Hands pictures to the model, and remembers those that it has not judged yet."""

    def __init__(
        self,
        shown: Iterable[Picture],
        damage: Damage,
        *,
        duration_seconds: float | None,
        on_progress: Progress,
    ) -> None:
        """Nothing is decoded yet; `duration_seconds` is what the container claims."""
        self._shown = shown
        self._damage = damage
        self._duration_seconds = duration_seconds
        self._on_progress = on_progress
        self._seen: deque[Seen] = deque()
        self._done = 0.0

    def frames(self) -> "Iterator[NDArray[np.uint8]]":
        """Yield the pictures' pixels, decoding as they are asked for."""
        for picture in self._shown:
            self._seen.append(Seen.of(picture, self._damage))
            yield picture.pixels
            if self._duration_seconds:
                done = min(1.0, picture.start_seconds / self._duration_seconds)
                self._done = max(self._done, done)
            self._on_progress(self._done)

    def seen(self) -> Iterator[Seen]:
        """Yield each picture, as far as they have been decoded."""
        while self._seen:
            yield self._seen.popleft()


def cuts_between(probabilities: Iterable[float], times: Iterator[float]) -> Iterator[float]:
    """Yield when the shot after each transition begins.

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
