"""Where does the picture cut? Shots by PySceneDetect, on presentation timestamps."""

import math
from collections import deque
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from runtime.core.media import MediaInfo, Scene
from runtime.core.ports import Progress
from runtime.processor.checkpoints.increments import NoParts, Parts
from runtime.processor.media.decoding import Damage
from runtime.processor.media.frame_scores import Measures, Seen
from runtime.processor.media.frames import FALLBACK_RATE, Picture, Size

if TYPE_CHECKING:
    from runtime.processor.media.frame_scores import Rows

MINIMUM_SCENE_SECONDS = 0.6
# PySceneDetect compares frames at this width too; scaling in the decoder is much the cheapest.
_ANALYSIS_WIDTH = 256
# Frame-rate conversion repeats frames, and a repeated frame scores 0, which makes its neighbours
# look like cuts. Up to this many repeats in a row are left out (12 frames a second in 60); longer
# stills must be seen, or a change of slides would have no still neighbours to stand out from.
_REPEATS_LEFT_OUT = 4
# A repeat differs by what encoding adds to it (mean of 8-bit levels), little beside recent motion.
_REPEAT_DIFFERENCE = 0.25
_REPEAT_SHARE_OF_MOTION = 0.1
NOTHING_DONE = NoParts()


def detect_scenes(
    media: Path,
    info: MediaInfo,
    on_progress: Progress,
    damage: Damage | None = None,
    parts: Parts = NOTHING_DONE,
) -> tuple[Scene, ...]:
    """Return the shots in order, from 0 s to the end of the last frame that decodes.

    Finds hard cuts (`AdaptiveDetector`); scenes under 0.6 s join the one before. No video track
    gives no scenes. The measures of 100 frames are a unit of `parts`. `stages/transitions.py` finds
    gradual transitions as well.
    """
    if info.video is None:
        return ()
    width = min(_ANALYSIS_WIDTH, info.video.width)
    height = max(1, round(info.video.height * width / info.video.width))
    size = Size(width=width, height=height, order="bgr24")
    damage = damage or Damage()
    measures, look, done = Measures(parts), _Look(), 0.0
    before, shown = measures.go_on(
        *(media, info.video, size, damage),
        context=_REPEATS_LEFT_OUT + 1,
        alive=lambda: on_progress(0.0),
    )
    if before:
        look.go_on(before, measures.rows)
    for picture in shown:
        motion, score = look.at(picture)
        measures.add(Seen.of(picture, damage), motion=motion, score=score)
        if info.duration_seconds:
            done = min(1.0, max(done, picture.start_seconds / info.duration_seconds))
        on_progress(done)
    rows = measures.rows
    cuts = _cuts(rows, info.video.frames_per_second or FALLBACK_RATE)
    on_progress(1.0)
    return scenes_between(cuts, end_seconds=float(rows["end_seconds"].max(initial=0.0)))


def _cuts(rows: "Rows", rate: float) -> list[float]:
    """Return where PySceneDetect's adaptive detector cuts frames of these scores."""
    from scenedetect.common import FrameTimecode, Timecode
    from scenedetect.detectors import AdaptiveDetector

    class Told(AdaptiveDetector):  # type: ignore[misc]  # PySceneDetect ships no types
        """Is given the score of each frame instead of its pixels."""

        def _calculate_frame_score(self, _: Any, frame_img: float) -> float:
            return frame_img

    detector = Told(min_scene_len=0)
    cuts: list[float] = []
    for row in rows[~np.isnan(rows["score"])]:
        tick = Fraction(int(row["tick_numerator"]), int(row["tick_denominator"]))
        at = FrameTimecode(Timecode(pts=int(row["ticks"]), time_base=tick), fps=rate)
        cuts += [cut.seconds for cut in detector.process_frame(at, float(row["score"]))]
    return cuts


def scenes_between(cuts: Iterable[float], *, end_seconds: float) -> tuple[Scene, ...]:
    """Return the scenes that `cuts` (ascending, seconds) make of 0 to `end_seconds`."""
    if end_seconds <= 0:
        return ()
    starts = [0.0]
    for cut in cuts:
        if cut - starts[-1] >= MINIMUM_SCENE_SECONDS:
            starts.append(cut)
    while len(starts) > 1 and end_seconds - starts[-1] < MINIMUM_SCENE_SECONDS:
        starts.pop()
    ends = [*starts[1:], end_seconds]
    return tuple(
        Scene(index=index, start_seconds=round(start, 3), end_seconds=round(end, 3))
        for index, (start, end) in enumerate(zip(starts, ends, strict=True))
    )


class _Look:
    """Looks at pictures in order: how each differs from the one before, and its score."""

    def __init__(self) -> None:
        from scenedetect.detectors import ContentDetector

        class Scorer(ContentDetector):  # type: ignore[misc]  # PySceneDetect ships no types
            """Scores frames without looking for cuts."""

            def score(self, pixels: Any) -> float:
                """Return how a frame differs from the last one scored; 0 for the first."""
                return float(self._calculate_frame_score(None, pixels))

        self._scorer = Scorer()
        self._previous: Any = None
        self._repeats = 0
        self._recent: deque[float] = deque(maxlen=_REPEATS_LEFT_OUT + 1)

    def at(self, picture: Picture) -> tuple[float, float]:
        """Return a picture's motion, and its score or NaN for a repeat that is left out."""
        first = self._previous is None
        motion = math.inf if first else _difference(self._previous, picture.pixels)
        self._previous = picture.pixels
        left_out = self._leaves_out(motion)
        return motion, math.nan if left_out else self._scorer.score(picture.pixels)

    def go_on(self, before: Sequence[Picture], rows: "Rows") -> None:
        """Be as after the last of some rows, whose last pictures are `before`."""
        for motion in rows["motion"].tolist():
            self._leaves_out(motion)
        for picture, score in zip(before, rows["score"][-len(before) :].tolist(), strict=True):
            self._previous = picture.pixels
            if not math.isnan(score):
                self._scorer.score(picture.pixels)

    def _leaves_out(self, motion: float) -> bool:
        recent = max(self._recent, default=0.0)
        is_repeat = motion < max(_REPEAT_DIFFERENCE, _REPEAT_SHARE_OF_MOTION * recent)
        self._repeats = self._repeats + 1 if is_repeat else 0
        self._recent.append(0.0 if math.isinf(motion) else motion)
        return 0 < self._repeats <= _REPEATS_LEFT_OUT


def _difference(first: Any, second: Any) -> float:
    import cv2

    total: Sequence[float] = cv2.mean(cv2.absdiff(first, second))
    return sum(total[:3]) / 3
