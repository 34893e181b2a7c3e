"""Stores the scores of frames in units, and resumes decoding after the last one."""

import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.core.media import VideoStream
from runtime.processor.checkpoints.increments import Increments
from runtime.processor.media.decoding import Damage
from runtime.processor.media.frames import FrameSize, ScaledFrame, read_frames

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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
]
"""One frame: its times, a checksum of its pixels, the decoding losses so far, and two scores."""

# Decoding resumes this many frames before the end and is compared with the stored rows. MPEG-TS
# seeks to the keyframe after the one asked for, so it may need a longer overlap.
_OVERLAPS = (50, 300, 1500)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameRecord:
    """A decoded frame without its pixels."""

    ticks: int
    tick: Fraction
    end_seconds: float
    checksum: int
    losses: int

    @classmethod
    def of(cls, frame: ScaledFrame, damage: Damage) -> "FrameRecord":
        """Return the record of a frame that has just been decoded."""
        return cls(
            ticks=frame.ticks,
            tick=frame.tick,
            end_seconds=frame.end_seconds,
            checksum=_checksum(frame),
            losses=damage.losses,
        )


class FrameScores:
    """A row for each frame in order, stored in units of 100; an incomplete unit is not stored."""

    def __init__(self, increments: Increments) -> None:
        """Read the finished units; none of them if one is unreadable."""
        self._increments = increments
        self._units = _units(increments.done)
        self._row: list[tuple[Any, ...]] = []

    @property
    def rows(self) -> "Rows":
        """All rows so far."""
        import numpy as np

        return np.concatenate([*self._units, np.array(self._row, dtype=ROW)])

    def add(self, seen: FrameRecord, *, motion: float = 0.0, score: float) -> None:
        """Add the next frame's scores; a full unit is stored."""
        import numpy as np

        of_tick = (seen.tick.numerator, seen.tick.denominator)
        of_frame = (seen.end_seconds, seen.checksum, seen.losses, motion, score)
        self._row.append((seen.ticks, *of_tick, *of_frame))
        if len(self._row) == UNIT_FRAMES:
            self._units.append(np.array(self._row, dtype=ROW))
            self._row = []
            # After a restart from the beginning, the units that exist already are not stored again.
            if len(self._units) > len(self._increments.done):
                self._increments.add(zlib.compress(self._units[-1].tobytes()))

    def resume(
        self,
        media: Path,
        video: VideoStream,
        size: FrameSize,
        damage: Damage,
        *,
        context: int,
        on_frame: Callable[[], None],
    ) -> tuple[list[ScaledFrame], Iterator[ScaledFrame]]:
        """Return the last `context` frames that were scored, and an iterator of those after.

        Decodes again from a keyframe some frames before the end, and compares with the rows. If a
        frame differs, all rows are discarded and decoding starts from the beginning. `on_frame` is
        called for each frame that is decoded again.
        """
        rows = self.rows
        for overlap in (frames for frames in _OVERLAPS if frames <= len(rows)):
            frames = read_frames(media, video, size, damage, row_start_seconds(rows[-overlap]))
            resumed = _skip_scored(frames, rows, context, on_frame)
            if resumed is not None:
                damage.losses = int(rows["losses"][-1])
                return resumed
        self._units = []
        damage.losses = 0
        return [], read_frames(media, video, size, damage)


def _skip_scored(
    frames: Iterator[ScaledFrame], rows: "Rows", context: int, on_frame: Callable[[], None]
) -> tuple[list[ScaledFrame], Iterator[ScaledFrame]] | None:
    """Return the frames of the last rows and an iterator of those after, None if one differs."""
    at: int | None = None
    scored: deque[ScaledFrame] = deque(maxlen=context)
    for frame in frames:
        on_frame()
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
            return list(scored), frames
    return None


def _matches(frame: ScaledFrame, row: Any) -> bool:
    return (
        frame.ticks == row["ticks"]
        and frame.start_seconds == row_start_seconds(row)
        and frame.end_seconds == row["end_seconds"]
        and _checksum(frame) == row["checksum"]
    )


def _checksum(frame: ScaledFrame) -> int:
    import numpy as np

    return zlib.crc32(np.ascontiguousarray(frame.pixels))


def row_start_seconds(row: Any) -> float:
    """Return the presentation time of a row's frame, in seconds."""
    tick = Fraction(int(row["tick_numerator"]), int(row["tick_denominator"]))
    return float(int(row["ticks"]) * tick)


def _units(done: Sequence[bytes]) -> "list[Rows]":
    """Return the rows of each unit; none at all if one is unreadable."""
    import numpy as np

    size = np.dtype(ROW).itemsize * UNIT_FRAMES
    try:
        contents = [zlib.decompressobj().decompress(unit, size) for unit in done]
    except zlib.error:
        return []
    if any(len(content) != size for content in contents):
        return []
    units = [np.frombuffer(content, dtype=ROW) for content in contents]
    return units if all((unit["tick_denominator"] > 0).all() for unit in units) else []
