"""Finds out from its boxes whether an MP4 or QuickTime file is encrypted.

Layout: ISO/IEC 14496-12 (boxes, sample descriptions) and 23001-7 (protected sample entries).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import IO

_ON_THE_WAY = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_DESCRIPTIONS = b"stsd"
_PROTECTED = frozenset({b"encv", b"enca", b"enct", b"encs", b"drms", b"drmi"})
_DEEPEST = 8
_MOST_BOXES = 10_000
_HEADER, _LARGE_HEADER = 8, 16
_BEFORE_ENTRIES = 8  # version, flags and number of entries


def is_protected(path: Path) -> bool:
    """Return whether any track's samples are encrypted; False for other containers."""
    with path.open("rb") as file:
        boxes = _boxes(file, 0, path.stat().st_size, 0)
        return any(kind in _PROTECTED for _, kind in zip(range(_MOST_BOXES), boxes, strict=False))


def _boxes(file: IO[bytes], start: int, end: int, depth: int) -> Iterator[bytes]:
    """Yield the type of each box on the way to the sample descriptions, and of those."""
    while start + _HEADER <= end and depth <= _DEEPEST:
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
        yield kind
        stop = min(end, start + size)
        if kind in _ON_THE_WAY:
            yield from _boxes(file, content, stop, depth + 1)
        elif kind == _DESCRIPTIONS:
            yield from _boxes(file, content + _BEFORE_ENTRIES, stop, depth + 1)
        start += size
