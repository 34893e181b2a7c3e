"""Where does the picture cut? Shots by PySceneDetect, on presentation timestamps."""

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from runtime.core.media import MediaInfo, Scene
from runtime.core.ports import Progress
from runtime.processor.decoding import Damage
from runtime.processor.pictures import FALLBACK_RATE, Picture, Size, pictures

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


def detect_scenes(
    media: Path, info: MediaInfo, on_progress: Progress, damage: Damage | None = None
) -> tuple[Scene, ...]:
    """Return the shots in order, from 0 s to the end of the last frame that decodes.

    Finds hard cuts (`AdaptiveDetector`); scenes under 0.6 s join the one before. No video track
    gives no scenes. `stages/transitions.py` finds gradual transitions as well.
    """
    if info.video is None:
        return ()
    from scenedetect.common import FrameTimecode, Timecode
    from scenedetect.detectors import AdaptiveDetector

    detector = AdaptiveDetector(min_scene_len=0)
    rate = info.video.frames_per_second or FALLBACK_RATE
    width = min(_ANALYSIS_WIDTH, info.video.width)
    height = max(1, round(info.video.height * width / info.video.width))
    size = Size(width=width, height=height, order="bgr24")
    cuts: list[float] = []
    end = done = 0.0
    for picture in _without_repeats(pictures(media, info.video, size, damage)):
        end = max(end, picture.end_seconds)
        if info.duration_seconds:
            done = min(1.0, max(done, picture.start_seconds / info.duration_seconds))
        on_progress(done)
        if picture.pixels is None:
            continue
        at = FrameTimecode(Timecode(pts=picture.ticks, time_base=picture.tick), fps=rate)
        cuts += [cut.seconds for cut in detector.process_frame(at, picture.pixels)]
    on_progress(1.0)
    return scenes_between(cuts, end_seconds=end)


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


def _without_repeats(shown: Iterable[Picture]) -> Iterator[Picture]:
    previous: Any = None
    repeats = 0
    recent: deque[float] = deque(maxlen=_REPEATS_LEFT_OUT + 1)
    for picture in shown:
        difference = math.inf if previous is None else _difference(previous, picture.pixels)
        motion = max(recent, default=0.0)
        is_repeat = difference < max(_REPEAT_DIFFERENCE, _REPEAT_SHARE_OF_MOTION * motion)
        repeats = repeats + 1 if is_repeat else 0
        recent.append(0.0 if previous is None else difference)
        previous = picture.pixels
        left_out = 0 < repeats <= _REPEATS_LEFT_OUT
        yield replace(picture, pixels=None) if left_out else picture


def _difference(first: Any, second: Any) -> float:
    import cv2

    total: Sequence[float] = cv2.mean(cv2.absdiff(first, second))
    return sum(total[:3]) / 3
