"""Detects hard cuts with PySceneDetect, on presentation timestamps."""

import math
from collections import deque
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from runtime.core.media import MediaInfo, Scene
from runtime.core.ports import Progress
from runtime.processor.checkpoints.increments import NO_INCREMENTS, Increments
from runtime.processor.media.decoding import Damage
from runtime.processor.media.frame_samples import write_scene_samples
from runtime.processor.media.frame_scores import FrameScores, row_start_seconds
from runtime.processor.media.frames import FALLBACK_RATE, FrameSize, ScaledFrame
from runtime.processor.stages.slides import CONTEXT_FRAMES, SlideWatch

if TYPE_CHECKING:
    from runtime.processor.media.frame_scores import Rows

MINIMUM_SCENE_SECONDS = 0.6
_SAME_CUT_SECONDS = 0.5
# A movement goes on as it began; within a shot frames differ much less than at its cut.
_MOVING_FRAMES, _MOVING_SHARE = 5, 0.6
# PySceneDetect compares frames at this width too; scaling while decoding is cheapest.
_ANALYSIS_WIDTH = 256
# Frame-rate conversion repeats frames, and a repeated frame scores 0, which makes its neighbours
# look like cuts. Up to this many repeats in a row are skipped (12 frames a second in 60). Longer
# stills are scored: a change of slides stands out only from still neighbours.
_SKIPPED_REPEATS = 4
# A repeat differs by encoding noise (mean of 8-bit levels), which is small beside recent motion.
_REPEAT_DIFFERENCE = 0.25
_REPEAT_SHARE_OF_MOTION = 0.1


def detect_scenes(
    media: Path,
    info: MediaInfo,
    on_progress: Progress,
    damage: Damage | None = None,
    increments: Increments = NO_INCREMENTS,
    *,
    samples_into: Path | None = None,
) -> tuple[Scene, ...]:
    """Return the shots in order, from 0 s to the end of the last frame that decodes.

    Finds hard cuts (`AdaptiveDetector`) and new slides, and ignores flashes (`stages/slides.py`).
    Scenes under 0.6 s join the one before. Without a video
    track there are no scenes. The scores of 100 frames are a unit of `increments`. Of the frames
    sampled at even times, the one nearest each scene's middle is written into `samples_into`.
    `stages/transitions.py` finds gradual transitions as well.
    """
    if info.video is None:
        return ()
    width = min(_ANALYSIS_WIDTH, info.video.width)
    height = max(1, round(info.video.height * width / info.video.width))
    size = FrameSize(width=width, height=height, pixel_format="bgr24")
    damage = damage or Damage()
    scores, scorer, watch = FrameScores(increments), _FrameScorer(), SlideWatch()
    scored, frames = scores.resume(
        *(media, info.video, size, damage),
        context=max(_SKIPPED_REPEATS + 1, CONTEXT_FRAMES),
        duration_seconds=info.duration_seconds,
        on_progress=on_progress,
    )
    if scored:
        scorer.resume(scored, scores.rows)
        for frame in scored:
            watch.look(frame.pixels, frame.start_seconds)
    for frame in frames:
        motion, score = scorer.score(frame)
        seen = watch.look(frame.pixels, frame.start_seconds)
        scores.add(
            frame,
            motion=motion,
            score=score,
            slide_back=seen.slide_back,
            flash_back=seen.flash_back,
        )
    rows = scores.rows
    found = _cuts(rows, info.video.frames_per_second or FALLBACK_RATE)
    at_end = 0
    if len(rows):
        at_end = watch.finish(float(rows[-1]["end_seconds"]) - row_start_seconds(rows[-1]))
    on_progress(1.0)
    return scenes_of(scores, _with_slides(rows, found, at_end), samples_into)


def scenes_of(
    scores: FrameScores, cuts: Iterable[float], samples_into: Path | None
) -> tuple[Scene, ...]:
    """Return the scenes that cuts make of a film; write the sample nearest each one's middle."""
    end = float(scores.rows["end_seconds"].max(initial=0.0))
    scenes = scenes_between(cuts, end_seconds=end)
    if samples_into is not None:
        write_scene_samples(samples_into, scenes, scores.samples)
    return scenes


def _cuts(rows: "Rows", rate: float) -> list[float]:
    """Return PySceneDetect's adaptive cuts, in seconds, for these scores."""
    from scenedetect.common import FrameTimecode, Timecode
    from scenedetect.detectors import AdaptiveDetector

    class ScoreDetector(AdaptiveDetector):  # type: ignore[misc]  # PySceneDetect ships no types
        """Takes each frame's score instead of its pixels."""

        def _calculate_frame_score(self, _: Any, frame_img: float) -> float:
            return frame_img

    detector = ScoreDetector(min_scene_len=0)
    cuts: list[float] = []
    for row in rows[~np.isnan(rows["score"])]:
        tick = Fraction(int(row["tick_numerator"]), int(row["tick_denominator"]))
        at = FrameTimecode(Timecode(pts=int(row["ticks"]), time_base=tick), fps=rate)
        cuts += [cut.seconds for cut in detector.process_frame(at, float(row["score"]))]
    return cuts


def _with_slides(rows: "Rows", cuts: Iterable[float], at_end: int) -> list[float]:
    """Return the cuts without those at flashes, and with new slides.

    A last slide appeared `at_end` frames before the end, if not 0.
    """
    starts = [row_start_seconds(row) for row in rows]
    flashes = [
        (starts[number - int(row["flash_back"])], starts[number])
        for number, row in enumerate(rows)
        if 0 < row["flash_back"] <= number
    ]
    onsets = {starts[number] for number in range(len(rows)) if _starts_to_move(rows, number)}
    kept = [
        cut
        for cut in cuts
        if cut not in onsets and not any(first <= cut <= last for first, last in flashes)
    ]
    slides = [
        starts[number - int(row["slide_back"])]
        for number, row in enumerate(rows)
        if 0 < row["slide_back"] <= number
    ]
    slides += starts[-at_end:][:1] if 0 < at_end < len(starts) else []
    new = [slide for slide in slides if all(abs(slide - cut) > _SAME_CUT_SECONDS for cut in kept)]
    return sorted([*kept, *new])


def _starts_to_move(rows: "Rows", number: int) -> bool:
    """Return whether a frame begins a movement, such as scrolling, rather than a shot."""
    following = rows["motion"][number + 1 : number + 1 + _MOVING_FRAMES]
    return len(following) == _MOVING_FRAMES and bool(
        np.median(following) >= _MOVING_SHARE * rows["motion"][number]
    )


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


class _FrameScorer:
    """Scores frames in order against the one before."""

    def __init__(self) -> None:
        self._content = _ContentScore()
        self._previous: Any = None
        self._repeats = 0
        self._recent: deque[float] = deque(maxlen=_SKIPPED_REPEATS + 1)

    def score(self, frame: ScaledFrame) -> tuple[float, float]:
        """Return a frame's motion and its score, NaN for a skipped repeat."""
        first = self._previous is None
        motion = math.inf if first else _difference(self._previous, frame.pixels)
        self._previous = frame.pixels
        skipped = self._skips(motion)
        return motion, math.nan if skipped else self._content.score(frame.pixels)

    def resume(self, scored: Sequence[ScaledFrame], rows: "Rows") -> None:
        """Restore the state after `rows`, whose last frames are `scored`."""
        for motion in rows["motion"].tolist():
            self._skips(motion)
        for frame, score in zip(scored, rows["score"][-len(scored) :].tolist(), strict=True):
            self._previous = frame.pixels
            if not math.isnan(score):
                self._content.score(frame.pixels)

    def _skips(self, motion: float) -> bool:
        recent = max(self._recent, default=0.0)
        is_repeat = motion < max(_REPEAT_DIFFERENCE, _REPEAT_SHARE_OF_MOTION * recent)
        self._repeats = self._repeats + 1 if is_repeat else 0
        self._recent.append(0.0 if math.isinf(motion) else motion)
        return 0 < self._repeats <= _SKIPPED_REPEATS


class _ContentScore:
    """PySceneDetect's content score: the mean change of hue, saturation and value.

    The same number, from sums of whole numbers that OpenCV computes in an eighth of the time.
    """

    def __init__(self) -> None:
        self._last: Any = None

    def score(self, pixels: Any) -> float:
        """Return the difference from the last frame scored; 0 for the first."""
        last, self._last = self._last, cv2.cvtColor(pixels, cv2.COLOR_BGR2HSV)
        if last is None:
            return 0.0
        count = float(last.shape[0] * last.shape[1])
        hue, saturation, value, _ = cv2.sumElems(cv2.absdiff(self._last, last))
        return (hue / count + saturation / count + value / count) / 3.0


def _difference(first: Any, second: Any) -> float:
    total: Sequence[float] = cv2.mean(cv2.absdiff(first, second))
    return sum(total[:3]) / 3
