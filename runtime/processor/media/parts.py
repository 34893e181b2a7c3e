"""Divides a file to which others were appended into its parts, by their headers alone.

MP4, QuickTime, Matroska, AVI, FLV, ASF, Ogg, WAV, RF64, Wave64, AIFF, CAF and FLAC are divided, and
transport streams where their tracks change. FFmpeg reads MP3, AAC, AC-3, AMR, DV, AU and program
streams to their end as they are.
"""

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import IO

from runtime.processor.media.boxes import outermost_boxes
from runtime.processor.media.transport_stream import later_programs, stride_of

_MOST_PARTS = 1000
"""What lies behind is taken for a piece of the last part."""

_MOST_CHUNKS = 10_000
_CONTINUED = b"AVIX"
"""A piece of a long AVI file."""

_HEAD_BYTES = 1024
_WAVE64 = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_HEADERS = {
    b"FLV": re.compile(rb"FLV\x01[\x01\x04\x05]\x00\x00\x00\x09\x00\x00\x00\x00"),
    b"fLaC": re.compile(rb"fLaC[\x00\x80]\x00\x00\x22"),
    b"0&\xb2u": re.compile(re.escape(bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"))),
    b"\x1a\x45\xdf\xa3": re.compile(rb"\x1a\x45\xdf\xa3.{1,60}?(?:matroska|webm)", re.DOTALL),
}
"""Beginnings of FLV, FLAC, ASF and Matroska files, which may not state their length."""

_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
_OGG_PAGE, _OGG_FIRST = b"OggS\x00", re.compile(rb"OggS\x00\x02")
_OGG_LATER = re.compile(rb"OggS\x00[\x00\x01\x04\x05]")

_INDEX, _SAMPLES = b"moov", frozenset({b"mdat", b"moof"})
_MOST_INDEX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The bytes of a file from `start` to `end`; `changed` is when the file was last written."""

    path: Path
    start: int
    end: int
    is_whole: bool
    changed: int

    @property
    def address(self) -> str:
        """The part's name for FFmpeg."""
        if self.is_whole:
            return str(self.path)
        return f"subfile,,start,{self.start},end,{self.end},,:{self.path}"


def parts_of(path: Path) -> tuple[Part, ...]:
    """Return the parts of a file in order; of most files, the file as a whole."""
    status = path.stat()
    return _parts(path, status.st_size, status.st_mtime_ns)


def part_of_address(address: str) -> Part:
    """Return the part that an address names."""
    path = Path(address.partition(",,:")[2] if address.startswith("subfile,") else address)
    parts = parts_of(path)
    return next((part for part in parts if part.address == address), parts[0])


@lru_cache(maxsize=8)
def _parts(path: Path, size: int, changed: int) -> tuple[Part, ...]:
    with path.open("rb") as file:
        starts = [0, *_later_starts(file, size)][:_MOST_PARTS]
    return tuple(
        Part(path=path, start=start, end=end, is_whole=len(starts) == 1, changed=changed)
        for start, end in pairwise([*starts, size])
    )


def _later_starts(file: IO[bytes], size: int) -> list[int]:
    head = file.read(_HEAD_BYTES)
    if _stated_length(head) is not None:
        return list(_later_forms(file, size))
    scanned = next((header for magic, header in _HEADERS.items() if head.startswith(magic)), None)
    stride = stride_of(head)
    if scanned is not None or stride is not None or head.startswith(_OGG_PAGE):
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if scanned is not None:
                return [found.start() for found in scanned.finditer(data) if found.start()]
            return list(later_programs(data, *stride) if stride else _later_chains(data))
    if head.startswith(b"caff"):
        return list(_later_chunks(file, size))
    return _later_films(file, size)


def _stated_length(head: bytes) -> int | None:
    """Return the length of a WAV, RF64, Wave64, AIFF or AVI file by its head, None for others."""
    kind = (head[:4], head[8:12])
    if kind == (b"RIFF", b"WAVE"):
        length = int.from_bytes(head[4:8], "little")
    elif kind in {(b"RF64", b"WAVE"), (b"BW64", b"WAVE")} and head[12:16] == b"ds64":
        length = int.from_bytes(head[20:28], "little")
    elif kind in {(b"FORM", b"AIFF"), (b"FORM", b"AIFC")}:
        length = int.from_bytes(head[4:8], "big")
    elif kind in {(b"RIFF", b"AVI "), (b"RIFF", _CONTINUED)}:
        length = int.from_bytes(head[4:8], "little")
    elif head.startswith(_WAVE64):
        return int.from_bytes(head[16:24], "little")
    elif head.startswith(_EBML):
        return _matroska_length(head)
    else:
        return None
    return 8 + length + length % 2


def _matroska_length(head: bytes) -> int | None:
    """Return the length of a Matroska file by its head, None if it was written as a stream."""
    size, at = _ebml_size(head, len(_EBML))
    if size is None or not head.startswith(_SEGMENT, at + size):
        return None
    content, after = _ebml_size(head, at + size + len(_SEGMENT))
    return None if content is None else after + content


def _ebml_size(head: bytes, at: int) -> tuple[int | None, int]:
    """Return a size of variable length, None if unknown, and the byte behind it."""
    if at >= len(head) or not head[at]:
        return None, at
    length = 9 - head[at].bit_length()
    value = int.from_bytes(head[at : at + length], "big") & (1 << 7 * length) - 1
    return (None if value == (1 << 7 * length) - 1 else value), at + length


def _later_forms(file: IO[bytes], size: int) -> Iterator[int]:
    """Yield where files that state their length begin behind the first."""
    at = 0
    while at < size:
        file.seek(at)
        head = file.read(_HEAD_BYTES)
        length = _stated_length(head)
        if at and (length or head.startswith(_EBML)) and head[8:12] != _CONTINUED:
            yield at
        if not length:
            return
        at += length


def _later_chains(data: mmap.mmap) -> Iterator[int]:
    """Yield where other streams begin behind the first ones of an Ogg file."""
    before = 0
    for found in _OGG_FIRST.finditer(data):
        if _OGG_LATER.search(data, before, found.start()):
            yield found.start()
        before = found.start()


def _later_chunks(file: IO[bytes], size: int) -> Iterator[int]:
    """Yield where CAF files begin behind the first."""
    at, chunks = 8, 0
    while at + 12 <= size and chunks < _MOST_CHUNKS:
        file.seek(at)
        head = file.read(12)
        if head.startswith(b"caff"):
            yield at
            at += 8
            continue
        length = int.from_bytes(head[4:12], "big", signed=True)
        if length < 0:
            return
        at += 12 + length
        chunks += 1


def _later_films(file: IO[bytes], size: int) -> list[int]:
    """Return where MP4 or QuickTime files begin behind the first.

    A stream that was saved may repeat its index before each fragment: it is one part while the
    index is the same and the clock goes on. A table of fragments (`mfra`) ends a file.
    """
    films: list[list[tuple[bytes, int]]] = [[]]
    for box in outermost_boxes(file, size):
        if box[0] == b"ftyp" and _is_complete(films[-1]):
            films.append([])
        films[-1].append(box)
    described = [_described(file, film) for film in films]
    return [
        film[0][1]
        for film, before, (index, clock), (index_before, clock_before) in zip(
            films[1:], films, described[1:], described, strict=False
        )
        if index != index_before or clock <= clock_before or before[-1][0] == b"mfra"
    ]


def _is_complete(film: list[tuple[bytes, int]]) -> bool:
    kinds = {kind for kind, _ in film}
    return _INDEX in kinds and bool(kinds & _SAMPLES)


def _described(file: IO[bytes], film: list[tuple[bytes, int]]) -> tuple[bytes, int]:
    """Return a film's index, and the clock of its first fragment: 0 without one."""
    index = b"".join(_content(file, start) for kind, start in film if kind == _INDEX)
    fragment = next((_content(file, start) for kind, start in film if kind == b"moof"), b"")
    at = fragment.find(b"tfdt")
    if at < 0 or len(fragment) < at + 16:
        return index, 0
    is_long = fragment[at + 4] == 1
    return index, int.from_bytes(fragment[at + 8 : at + (16 if is_long else 12)], "big")


def _content(file: IO[bytes], start: int) -> bytes:
    file.seek(start)
    head = file.read(8)
    length = int.from_bytes(head[:4], "big")
    return head + file.read(min(max(0, length - 8), _MOST_INDEX_BYTES))
