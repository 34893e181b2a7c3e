"""Stores the scores of frames in units, and resumes decoding after the last one."""

import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.core.media import VideoStream
from runtime.core.ports import Progress
from runtime.processor.checkpoints.increments import Increments
from runtime.processor.media.decoding import Damage
from runtime.processor.media.frame_samples import Sample, pack_samples, unpack_samples
from runtime.processor.media.frames import FrameSize, ScaledFrame, read_frames

Rows = NDArray[np.void]

UNIT_FRAMES = 100
"""A multiple of the frames that TransNetV2 scores at a time."""

ROW = [
    ("ticks", "<i8"),
    ("tick_numerator", "<i8"),
    ("tick_denominator", "<i8"),
    ("end_seconds", "<f8"),
    ("checksum", "<u4"),
    ("losses", "<u4"),
    ("motion", "<f8"),
    ("score", "<f8"),
    ("slide_back", "<u2"),
    ("flash_back", "<u2"),
]
"""One frame: its times, a checksum of its pixels, the decoding losses so far, and its scores."""

# Decoding resumes this many frames before the end and is compared with the stored rows. MPEG-TS
# seeks to the keyframe after the one asked for, so it may need a longer overlap.
_OVERLAPS = (50, 300, 1500)


class FrameScores:
    """A row for each frame in order, and thumbnails of some, stored in units of 100 frames.

    An incomplete unit is not stored.
    """

    def __init__(self, increments: Increments) -> None:
        """Read the finished units; none of them if one is unreadable."""
        self._increments = increments
        self._units, self._samples = _read_units(increments.done)
        self._row: list[tuple[Any, ...]] = []

    @property
    def rows(self) -> Rows:
        """All rows so far."""
        return np.concatenate([*self._units, np.array(self._row, dtype=ROW)])

    @property
    def samples(self) -> list[tuple[float, bytes]]:
        """The start of each frame with a thumbnail, in seconds, and the thumbnail."""
        rows = self.rows
        return [(row_start_seconds(rows[number]), content) for number, content in self._samples]

    def add(
        self,
        frame: ScaledFrame,
        *,
        motion: float = 0.0,
        score: float,
        slide_back: int = 0,
        flash_back: int = 0,
    ) -> None:
        """Add the next frame's scores; a full unit is stored."""
        of_tick = (frame.tick.numerator, frame.tick.denominator)
        of_frame = (frame.end_seconds, _checksum(frame), frame.losses, motion, score)
        of_stills = (slide_back, flash_back)
        if frame.sample is not None:
            number = len(self._units) * UNIT_FRAMES + len(self._row)
            self._samples.append((number, frame.sample))
        self._row.append((frame.ticks, *of_tick, *of_frame, *of_stills))
        if len(self._row) == UNIT_FRAMES:
            self._units.append(np.array(self._row, dtype=ROW))
            self._row = []
            # After a restart from the beginning, the units that exist already are not stored again.
            if len(self._units) > len(self._increments.done):
                self._increments.add(self._last_unit())

    def _last_unit(self) -> bytes:
        first = (len(self._units) - 1) * UNIT_FRAMES
        of_unit = takewhile(lambda sample: sample[0] >= first, reversed(self._samples))
        samples = [(number - first, content) for number, content in of_unit][::-1]
        return zlib.compress(self._units[-1].tobytes()) + pack_samples(samples)

    def resume(
        self,
        media: Path,
        video: VideoStream,
        size: FrameSize,
        damage: Damage,
        *,
        context: int,
        duration_seconds: float | None,
        on_progress: Progress,
    ) -> tuple[list[ScaledFrame], Iterator[ScaledFrame]]:
        """Return the last `context` frames that were scored, and an iterator of those after.

        Decodes again from a keyframe some frames before the end, and compares with the rows. If a
        frame differs, all rows are discarded and decoding starts from the beginning. `on_progress`
        is called for each frame; `duration_seconds` is the container's claim.
        """
        rows = self.rows
        overlaps = [frames for frames in _OVERLAPS if frames < len(rows)]
        if context <= len(rows) <= _OVERLAPS[-1]:
            overlaps.append(len(rows))
        for overlap in overlaps:
            start = row_start_seconds(rows[-overlap]) if overlap < len(rows) else None
            frames = read_frames(
                *(media, video, size, damage, start), duration_seconds=duration_seconds
            )
            scored = _skip_scored(frames, rows, context, on_progress)
            if scored is not None:
                damage.losses = int(rows["losses"][-1])
                return scored, _reported(frames, duration_seconds, on_progress)
        self._units, self._samples = [], []
        damage.losses = 0
        frames = read_frames(media, video, size, damage, duration_seconds=duration_seconds)
        return [], _reported(frames, duration_seconds, on_progress)


def _reported(
    frames: Iterator[ScaledFrame], duration_seconds: float | None, on_progress: Progress
) -> Iterator[ScaledFrame]:
    """Yield the frames; report after each how much of the film is done."""
    done = 0.0
    for frame in frames:
        yield frame
        if duration_seconds:
            done = min(1.0, max(done, frame.start_seconds / duration_seconds))
        on_progress(done)


def _skip_scored(
    frames: Iterator[ScaledFrame], rows: Rows, context: int, on_progress: Progress
) -> list[ScaledFrame] | None:
    """Return the frames of the last rows, None if one differs; `frames` goes on after them."""
    at: int | None = None
    scored: deque[ScaledFrame] = deque(maxlen=context)
    for frame in frames:
        on_progress(0.0)
        # Frames before the first keyframe refer to what was not decoded.
        if at is None and not frame.is_key:
            continue
        if at is None:
            found = (rows["ticks"] == frame.ticks).nonzero()[0]
            if len(found) != 1 or len(rows) - found[0] < context:
                return None
            at = int(found[0])
        if not _matches(frame, rows[at]):
            return None
        scored.append(frame)
        at += 1
        if at == len(rows):
            return list(scored)
    return None


def _matches(frame: ScaledFrame, row: Any) -> bool:
    return (
        frame.ticks == row["ticks"]
        and frame.start_seconds == row_start_seconds(row)
        and frame.end_seconds == row["end_seconds"]
        and _checksum(frame) == row["checksum"]
    )


def _checksum(frame: ScaledFrame) -> int:
    return zlib.crc32(np.ascontiguousarray(frame.pixels).data)


def row_start_seconds(row: Any) -> float:
    """Return the presentation time of a row's frame, in seconds."""
    tick = Fraction(int(row["tick_numerator"]), int(row["tick_denominator"]))
    return float(int(row["ticks"]) * tick)


def _read_units(done: Sequence[bytes]) -> tuple[list[Rows], list[Sample]]:
    """Return the rows of each unit and all thumbnails; nothing at all if a unit is unreadable."""
    try:
        units = [_read_unit(unit) for unit in done]
    except (zlib.error, ValueError, TypeError):
        return [], []
    samples = [
        (at * UNIT_FRAMES + number, content)
        for at, (_, of_unit) in enumerate(units)
        for number, content in of_unit
    ]
    return [rows for rows, _ in units], samples


def _read_unit(unit: bytes) -> tuple[Rows, list[Sample]]:
    size = np.dtype(ROW).itemsize * UNIT_FRAMES
    unpacker = zlib.decompressobj()
    content = unpacker.decompress(unit, size + 1)
    if len(content) != size:
        raise ValueError("not the rows of a unit")
    rows = np.frombuffer(content, dtype=ROW)
    samples = unpack_samples(unpacker.unused_data)
    if (rows["tick_denominator"] <= 0).any():
        raise ValueError("not the ticks of frames")
    if any(not 0 <= number < UNIT_FRAMES for number, _ in samples):
        raise ValueError("not the frames of a unit")
    return rows, samples
