"""Decodes a video track to small pictures with the times they are shown at."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.core.media import VideoStream
from runtime.processor.media.decoding import (
    Damage,
    decoded_frames,
    frames_from,
    open_media,
    origin_seconds,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FALLBACK_RATE = 25.0
"""Frames a second where the container states none and a length has to be assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A frame, (height, width, 3); decoding can begin with one that `is_key`."""

    ticks: int
    tick: Fraction
    end_seconds: float
    is_key: bool
    pixels: "NDArray[np.uint8]"

    @property
    def start_seconds(self) -> float:
        """When it is shown."""
        return float(self.ticks * self.tick)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How small a picture is to be; `order` of its colours is FFmpeg's name of a pixel format."""

    width: int
    height: int
    order: str


def pictures(
    media: Path,
    video: VideoStream,
    size: Size,
    damage: Damage | None = None,
    from_seconds: float | None = None,
) -> Iterator[Picture]:
    """Yield every frame that decodes, at this size; if asked, from a keyframe before a time on.

    Times are presentation timestamps, never frame number by rate. Frames before 0, which no player
    shows, are left out.
    """
    usual = 1 / (video.frames_per_second or FALLBACK_RATE)
    with open_media(media) as container:
        origin = Fraction(origin_seconds(container)).limit_denominator(1_000_000)
        if from_seconds is None:
            frames = decoded_frames(container, video.index, damage)
        else:
            start = float(origin) + from_seconds
            frames = frames_from(container, video.index, start, damage)
        for frame in frames:
            if frame.pts is None:
                continue
            tick = Fraction(frame.time_base.numerator, frame.time_base.denominator)
            ticks = frame.pts - round(origin / tick)
            if ticks < 0:
                continue
            lasts = float(frame.duration * tick) if frame.duration else usual
            small = frame.reformat(
                width=size.width,
                height=size.height,
                format=size.order,
                interpolation="BILINEAR",
            )
            yield Picture(
                ticks=ticks,
                tick=tick,
                end_seconds=float(ticks * tick) + lasts,
                is_key=bool(frame.key_frame),
                pixels=small.to_ndarray(),
            )
