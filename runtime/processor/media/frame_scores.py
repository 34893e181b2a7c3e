"""What was measured of a film's frames, kept in units, and decoding that goes on after them."""

import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.core.media import VideoStream
from runtime.processor.checkpoints.increments import Parts
from runtime.processor.media.decoding import Damage
from runtime.processor.media.frames import Picture, Size, pictures

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.void]

UNIT_FRAMES = 100
"""A multiple of the frames that TransNetV2 judges at a time."""

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
"""One frame: what it was when it was decoded, and two numbers that were measured."""

# From so many frames before the end decoding begins again, and is compared before it is trusted to
# go on. MPEG-TS leads to the keyframe after the one that was sought, so it may take a longer way.
_OVERLAPS = (50, 300, 1500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A frame without its pixels, as it was when it was decoded."""

    ticks: int
    tick: Fraction
    end_seconds: float
    checksum: int
    losses: int

    @classmethod
    def of(cls, picture: Picture, damage: Damage) -> "Seen":
        """Describe a picture that has just been decoded."""
        return cls(
            ticks=picture.ticks,
            tick=picture.tick,
            end_seconds=picture.end_seconds,
            checksum=zlib.crc32(picture.pixels.tobytes()),
            losses=damage.losses,
        )


class Measures:
    """A row for each frame in order, in units of 100; what lies after the last unit is lost."""

    def __init__(self, parts: Parts) -> None:
        """Take the units that are done; none of them if one cannot be read."""
        self._parts = parts
        self._units = _units(parts.done)
        self._row: list[tuple[Any, ...]] = []

    @property
    def rows(self) -> "Rows":
        """All rows so far; `motion` and `score` are what the detector measured."""
        import numpy as np

        return np.concatenate([*self._units, np.array(self._row, dtype=ROW)])

    def add(self, seen: Seen, *, motion: float = 0.0, score: float) -> None:
        """Take the next frame's measures; a unit that is full is kept."""
        import numpy as np

        of_tick = (seen.tick.numerator, seen.tick.denominator)
        of_frame = (seen.end_seconds, seen.checksum, seen.losses, motion, score)
        self._row.append((seen.ticks, *of_tick, *of_frame))
        if len(self._row) == UNIT_FRAMES:
            self._units.append(np.array(self._row, dtype=ROW))
            self._row = []
            # Units that were there already are made again where the film has to be.
            if len(self._units) > len(self._parts.done):
                self._parts.add(zlib.compress(self._units[-1].tobytes()))

    def go_on(
        self,
        media: Path,
        video: VideoStream,
        size: Size,
        damage: Damage,
        *,
        context: int,
        alive: Callable[[], None],
    ) -> tuple[list[Picture], Iterator[Picture]]:
        """Return the last pictures that were measured, `context` of them, and those that were not.

        Decodes from a keyframe some frames before, and compares. Where the container leads
        elsewhere or another picture comes out, all measures are forgotten and everything is
        decoded from the beginning. `alive` is called for each picture that is decoded again.
        """
        rows = self.rows
        for overlap in (frames for frames in _OVERLAPS if frames <= len(rows)):
            shown = pictures(media, video, size, damage, start_of(rows[-overlap]))
            after = _after(shown, rows, context, alive)
            if after is not None:
                damage.losses = int(rows["losses"][-1])
                return after
        self._units = []
        damage.losses = 0
        return [], pictures(media, video, size, damage)


def _after(
    shown: Iterator[Picture], rows: "Rows", context: int, alive: Callable[[], None]
) -> tuple[list[Picture], Iterator[Picture]] | None:
    """Return the pictures of the last rows, and those that follow; None if any is another."""
    at: int | None = None
    seen: deque[Picture] = deque(maxlen=context)
    for picture in shown:
        alive()
        # Before the first keyframe come frames that refer to what was not decoded.
        if at is None and not picture.is_key:
            continue
        if at is None:
            found = (rows["ticks"] == picture.ticks).nonzero()[0]
            if len(found) != 1 or len(rows) - found[0] < context:
                return None
            at = int(found[0])
        if not _is_same(picture, rows[at]):
            return None
        seen.append(picture)
        at += 1
        if at == len(rows):
            return list(seen), shown
    return None


def _is_same(picture: Picture, row: Any) -> bool:
    return (
        picture.ticks == row["ticks"]
        and picture.start_seconds == start_of(row)
        and picture.end_seconds == row["end_seconds"]
        and zlib.crc32(picture.pixels.tobytes()) == row["checksum"]
    )


def start_of(row: Any) -> float:
    """Return when a row's frame is shown, in seconds."""
    tick = Fraction(int(row["tick_numerator"]), int(row["tick_denominator"]))
    return float(int(row["ticks"]) * tick)


def _units(done: Sequence[bytes]) -> "list[Rows]":
    """Return the rows of each unit; none at all unless each is what was kept."""
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
