"""Finds where an MPEG transport stream goes on with other tracks, as appended ones do.

FFmpeg looks for tracks at the beginning alone. Layout: ISO/IEC 13818-1, 2.4 (packets, PAT, PMT).
"""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

_SYNC, _PACKET = 0x47, 188
_STRIDES = ((188, 0), (192, 4), (204, 0))
"""Bytes from packet to packet, and those before each: plain, M2TS, with error correction."""

_BLOCK_PACKETS = 1 << 16
_VIDEO = frozenset({0x01, 0x02, 0x10, 0x1B, 0x24, 0x33, 0x42, 0xD1, 0xEA})
_AUDIO = frozenset({0x03, 0x04, 0x0F, 0x11, 0x1C, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87})
_PRIVATE = 0x06
_AUDIO_DESCRIPTORS = frozenset({0x05, 0x6A, 0x7A, 0x7B, 0x7C})
"""Of private streams: registered, AC-3, E-AC-3, DTS, AAC. Subtitles have others."""

Track = tuple[int, int]
"""A packet identifier, and the type of what it carries."""


@dataclass(slots=True)
class _Program:
    """The tracks since the last change, and the tables (PMT) that the first list (PAT) names."""

    listed: set[int] = field(default_factory=set)
    unseen: set[int] = field(default_factory=set)
    tracks: set[Track] = field(default_factory=set)


def stride_of(head: bytes) -> tuple[int, int] | None:
    """Return the bytes from packet to packet and those before each, None for other formats."""
    for stride, before in _STRIDES:
        starts = head[before : before + 4 * stride : stride]
        if len(starts) == 4 and set(starts) == {_SYNC}:  # noqa: PLR2004 - packets looked at
            return stride, before
    return None


def later_programs(data: mmap.mmap, stride: int, before: int) -> Iterator[int]:
    """Yield the byte from which the tracks are others than before."""
    program, list_at, table_at = _Program(), 0, -1
    for at, identifier, payload in _tables(data, stride, before, program.listed):
        if identifier == 0:
            listed = _listed(payload)
            if not program.listed:
                program.unseen |= listed
            program.listed |= listed
            list_at = at
            continue
        tracks = _tracks(payload)
        is_first = identifier in program.unseen
        program.unseen.discard(identifier)
        if is_first:
            program.tracks |= tracks
        elif _are_others(tracks, program.tracks):
            yield list_at if list_at > table_at else at
            program.tracks = set(tracks)
        table_at = at


def _tables(
    data: mmap.mmap, stride: int, before: int, listed: set[int]
) -> Iterator[tuple[int, int, bytes]]:
    """Yield (first byte, identifier, section) of the list of programs and of their tables."""
    count = len(data) // stride
    for first in range(0, count, _BLOCK_PACKETS):
        number = min(_BLOCK_PACKETS, count - first)
        block = np.frombuffer(data, np.uint8, number * stride, first * stride)
        heads = block.reshape(-1, stride)[:, before : before + 3].astype(np.int32)
        identifiers = (heads[:, 1] & 0x1F) << 8 | heads[:, 2]
        begins = (heads[:, 0] == _SYNC) & (heads[:, 1] & 0x40 > 0)
        del block, heads  # views of the map keep it open
        for index in np.flatnonzero(begins):
            identifier = int(identifiers[index])
            if identifier == 0 or identifier in listed:
                at = (first + int(index)) * stride
                packet = data[at + before : at + before + _PACKET]
                section = _section(packet)
                if section is not None and section[:1] == (b"\x02" if identifier else b"\x00"):
                    yield at, identifier, section


def _section(packet: bytes) -> bytes | None:
    """Return the table that begins in a packet, None without one."""
    if not packet[3] & 0x10:
        return None
    at = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)
    if at >= _PACKET:
        return None
    at += 1 + packet[at]
    if at + 3 > _PACKET:
        return None
    return packet[at : at + 3 + _twelve_bits(packet, at + 1)]


def _twelve_bits(data: bytes, at: int) -> int:
    return (data[at] & 0x0F) << 8 | data[at + 1]


def _listed(section: bytes) -> set[int]:
    """Return the identifiers of the tables of programs."""
    entries = [section[at : at + 4] for at in range(8, len(section) - 7, 4)]
    return {(e[2] & 0x1F) << 8 | e[3] for e in entries if e[:2] != b"\0\0"}


def _tracks(section: bytes) -> set[Track]:
    """Return the tracks with sound or pictures in a table."""
    found: set[Track] = set()
    at = 12 + _twelve_bits(section, 10) if len(section) > 12 else len(section)  # noqa: PLR2004 - the table's own head
    while at + 5 <= len(section) - 4:
        kind, identifier = section[at], (section[at + 1] & 0x1F) << 8 | section[at + 2]
        length = _twelve_bits(section, at + 3)
        tags = _tags(section[at + 5 : at + 5 + length])
        if kind in _VIDEO | _AUDIO or (kind == _PRIVATE and tags & _AUDIO_DESCRIPTORS):
            found.add((identifier, kind))
        at += 5 + length
    return found


def _tags(descriptors: bytes) -> set[int]:
    tags, at = set(), 0
    while at + 2 <= len(descriptors):
        tags.add(descriptors[at])
        at += 2 + descriptors[at + 1]
    return tags


def _are_others(tracks: set[Track], known: set[Track]) -> bool:
    """Return whether no sound, or no pictures, of a table were known before.

    A language that is added or ends leaves the others as they are.
    """
    pictures = {track for track in tracks if track[1] in _VIDEO}
    return any(kind and not kind & known for kind in (pictures, tracks - pictures))
