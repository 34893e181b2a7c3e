"""Finds files behind which another one was appended that no demuxer reads."""

import mmap
import struct
from pathlib import Path

from runtime.processor.media.boxes import is_fragmented, top_level_kinds

_FLV_HEADER = b"\x00\x00\x00\x09\x00\x00\x00\x00"
"""The end of FLV's header: its length, and the length of the tag before the first."""

_FLV_TRACKS = (b"\x01", b"\x04", b"\x05")
_RIFF = struct.Struct("<4sI4s")


def is_appended(path: Path) -> bool:
    """Return whether a second MP4, QuickTime, FLV or WAV file lies behind the first.

    Appended fragments, transport streams, Matroska and AVI files are read to their end, and so are
    streams without a header.
    """
    with path.open("rb") as file:
        head = file.read(_RIFF.size)
        if head[:3] == b"FLV":
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return any(data.find(b"FLV\x01" + t + _FLV_HEADER, 1) > 0 for t in _FLV_TRACKS)
        if head[:4] == b"RIFF" and head[8:] == b"WAVE":
            _, size, _ = _RIFF.unpack(head)
            file.seek(8 + size + size % 2)
            behind = file.read(_RIFF.size)
            return behind[:4] == b"RIFF" and behind[8:] == b"WAVE"
    kinds = top_level_kinds(path)
    return kinds.count(b"moov") > 1 and not is_fragmented(path)
