"""Reads facts about an MP4 or QuickTime file from its boxes, without decoding anything.

Layout: ISO/IEC 14496-12 (boxes, sample descriptions) and 23001-7 (protected sample entries).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import IO

_PARENTS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_DESCRIPTIONS = b"stsd"
_PROTECTED = frozenset({b"encv", b"enca", b"enct", b"encs", b"drms", b"drmi"})
_FRAGMENTED = frozenset({b"mvex", b"moof"})
_MAX_DEPTH = 8
_MAX_BOXES = 10_000
_HEADER, _LARGE_HEADER = 8, 16
_BEFORE_ENTRIES = 8  # version, flags and number of entries


def is_protected(path: Path) -> bool:
    """Return whether any track's samples are encrypted; False for other containers."""
    return _has_box(path, _PROTECTED, 0, path.stat().st_size)


def is_fragmented(path: Path, start: int = 0, end: int | None = None) -> bool:
    """Return whether the samples between two bytes lie in fragments; False for other containers."""
    return _has_box(path, _FRAGMENTED, start, path.stat().st_size if end is None else end)


def outermost_boxes(file: IO[bytes], end: int) -> list[tuple[bytes, int]]:
    """Return the outermost boxes in order, as (type, first byte).

    Of other containers, what looks like a box.
    """
    boxes = _boxes(file, 0, end, _MAX_DEPTH)
    return [box for _, box in zip(range(_MAX_BOXES), boxes, strict=False)]


def _has_box(path: Path, kinds: frozenset[bytes], start: int, end: int) -> bool:
    with path.open("rb") as file:
        boxes = zip(range(_MAX_BOXES), _boxes(file, start, end, 0), strict=False)
        return any(kind in kinds for _, (kind, _) in boxes)


def _boxes(file: IO[bytes], start: int, end: int, depth: int) -> Iterator[tuple[bytes, int]]:
    """Yield the boxes on the way to the sample descriptions, and those, as (type, first byte)."""
    while start + _HEADER <= end and depth <= _MAX_DEPTH:
        file.seek(start)
        header = file.read(_LARGE_HEADER)
        size, kind = int.from_bytes(header[:4], "big"), header[4:8]
        content = start + _HEADER
        if size == 1:
            size, content = int.from_bytes(header[8:16], "big"), start + _LARGE_HEADER
        elif size == 0:
            size = end - start
        if size < content - start:
            return
        yield kind, start
        stop = min(end, start + size)
        if kind in _PARENTS:
            yield from _boxes(file, content, stop, depth + 1)
        elif kind == _DESCRIPTIONS:
            yield from _boxes(file, content + _BEFORE_ENTRIES, stop, depth + 1)
        start += size
