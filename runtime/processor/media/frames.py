"""Decodes a video track to scaled frames with their presentation times."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from av.container import InputContainer
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from runtime.core.media import VideoStream
from runtime.processor.media.containers import open_media, origin_seconds
from runtime.processor.media.decoding import Damage, decoded_frames, frames_from
from runtime.processor.media.frame_samples import FrameSampler, Thumbnailer

FALLBACK_RATE = 25.0
"""Frames a second where the container states none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledFrame:
    """A frame's `pixels`, (height, width, 3); `ticks` of `tick` seconds are its start.

    Decoding can begin with a frame that `is_key`. `losses` are those of decoding so far, `sample`
    is its thumbnail where one was due.
    """

    ticks: int
    tick: Fraction
    end_seconds: float
    is_key: bool
    losses: int
    pixels: NDArray[np.uint8]
    sample: bytes | None = None

    @property
    def start_seconds(self) -> float:
        """Presentation time."""
        return float(self.ticks * self.tick)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameSize:
    """The size of scaled frames; `pixel_format` is FFmpeg's name."""

    width: int
    height: int
    pixel_format: str


def read_frames(
    media: Path,
    video: VideoStream,
    size: FrameSize,
    damage: Damage | None = None,
    from_seconds: float | None = None,
    *,
    duration_seconds: float | None = None,
) -> Iterator[ScaledFrame]:
    """Yield every frame that decodes; with `from_seconds`, from a keyframe at or before it.

    Thumbnails of some are taken at even times, the steps between them chosen by the film's
    `duration_seconds`.

    Times are presentation timestamps, never frame number by rate. Frames before 0, which no player
    shows, are skipped.
    """
    damage = damage or Damage()
    usual = 1 / (video.frames_per_second or FALLBACK_RATE)
    # A frame's own `reformat` makes a scaler with threads for it alone: 2 ms of processor time.
    scaler = VideoReformatter()
    with open_media(media) as container:
        thumbnailer = Thumbnailer(pixel_aspect=pixel_aspect(container, video), video=video)
        sampler = FrameSampler(thumbnailer, duration_seconds)
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
            small: Any = scaler.reformat(
                frame,
                width=size.width,
                height=size.height,
                format=size.pixel_format,
                interpolation="BILINEAR",
                threads=1,
            )
            yield ScaledFrame(
                ticks=ticks,
                tick=tick,
                end_seconds=float(ticks * tick) + lasts,
                is_key=bool(frame.key_frame),
                losses=damage.losses,
                pixels=small.to_ndarray(),
                sample=sampler.sample(frame, float(ticks * tick)),
            )


def pixel_aspect(container: InputContainer, video: VideoStream) -> float:
    """Return width to height of a displayed pixel; unknown means square."""
    track: Any = container.streams[video.index]
    return float(track.sample_aspect_ratio or 1)
