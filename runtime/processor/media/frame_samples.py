"""Thumbnails of frames, taken at even times while a film is decoded for its scores."""

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from av import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from runtime.core.media import Scene, VideoStream
from runtime.processor.media.display import scaled_pixels, upright

Pixels = NDArray[np.uint8]

LONGER_SIDE = 320
_WEBP_QUALITY = 75
SHORTEST_STEP_SECONDS = 0.5
_MOST_SAMPLES = 7200
"""60 MB of thumbnails. Longer films are sampled at longer steps; beyond twice as many, none is
taken of a film that is longer than it claims."""

Sample = tuple[int, bytes]
"""The number of a frame or scene, and its thumbnail as WebP."""


class Thumbnailer:
    """Scales frames as they are displayed: upright, in standard dynamic range, with square pixels.

    The longer side is 320.
    """

    def __init__(self, *, pixel_aspect: float, video: VideoStream) -> None:
        self._scaler = VideoReformatter()
        self._pixel_aspect = pixel_aspect
        self._video = video

    def webp(self, frame: VideoFrame) -> bytes:
        """Return a frame's thumbnail."""
        pixels = self._pixels(frame)
        _, content = cv2.imencode(".webp", pixels, [cv2.IMWRITE_WEBP_QUALITY, _WEBP_QUALITY])
        return content.tobytes()

    def _pixels(self, frame: VideoFrame) -> Pixels:
        stretched = frame.width * self._pixel_aspect
        scale = min(1.0, LONGER_SIDE / max(stretched, frame.height))
        width, height = max(2, round(stretched * scale)), max(2, round(frame.height * scale))
        return upright(
            scaled_pixels(self._scaler, frame, width, height),
            rotation_degrees=self._video.rotation_degrees,
            is_mirrored=self._video.is_mirrored,
        )


class FrameSampler:
    """Makes a thumbnail of the first frame in each step of time."""

    def __init__(self, thumbnailer: Thumbnailer, duration_seconds: float | None) -> None:
        self._thumbnailer = thumbnailer
        self._step = max(SHORTEST_STEP_SECONDS, (duration_seconds or 0.0) / _MOST_SAMPLES)
        self._last_step: int | None = None

    def sample(self, frame: VideoFrame, start_seconds: float) -> bytes | None:
        """Return a frame's thumbnail if it is due; frames come in the order of decoding."""
        step = int(start_seconds // self._step)
        is_due = step != self._last_step and step < 2 * _MOST_SAMPLES
        self._last_step = step
        return self._thumbnailer.webp(frame) if is_due else None


def pack_samples(samples: Sequence[Sample]) -> bytes:
    """Return samples as bytes: a line with their numbers and sizes, then all thumbnails."""
    sizes = [(number, len(content)) for number, content in samples]
    return json.dumps(sizes).encode() + b"\n" + b"".join(content for _, content in samples)


def unpack_samples(packed: bytes) -> list[Sample]:
    """Return packed samples; raise `ValueError` if that is not what the bytes are."""
    line, _, content = packed.partition(b"\n")
    samples, at = [], 0
    for number, size in json.loads(line):
        samples.append((int(number), content[at : at + int(size)]))
        at += int(size)
    if at != len(content):
        raise ValueError("sizes differ from the content")
    return samples


def write_scene_samples(
    folder: Path, scenes: Sequence[Scene], samples: Sequence[tuple[float, bytes]]
) -> None:
    """Write the sample nearest each scene's middle, as `<scene index>.webp`.

    `samples` are by their start, in seconds. A scene without one has no file.
    """
    folder.mkdir(exist_ok=True)
    for scene in scenes:
        middle = (scene.start_seconds + scene.end_seconds) / 2
        within = [sample for sample in samples if is_within(scene, sample[0])]
        if within:
            _, content = min(within, key=lambda sample: abs(sample[0] - middle))
            sample_path(folder, scene).write_bytes(content)


def sample_path(folder: Path, scene: Scene) -> Path:
    """Return where the sample of a scene is."""
    return folder / f"{scene.index}.webp"


def is_within(scene: Scene, at_seconds: float) -> bool:
    """Return whether a frame belongs to a scene, whose times are rounded to milliseconds."""
    return scene.start_seconds - 0.001 <= at_seconds < scene.end_seconds
