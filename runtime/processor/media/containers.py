"""Opens uploaded media, also of several files appended to each other, and measures its clock."""

import contextlib
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer

from runtime.processor.media.boxes import is_fragmented
from runtime.processor.media.clock import FREQUENT, RARE, ContinuousClock, Steps
from runtime.processor.media.parts import Part, part_of_address, parts_of

DEMUXERS = {
    "mov": "MP4, MOV, M4V, M4A, 3GP",
    "matroska": "MKV and WebM",
    "avi": "AVI",
    "mpegts": "MPEG transport stream",
    "mpeg": "MPEG program stream",
    "flv": "FLV",
    "asf": "WMV and WMA",
    "mp3": "MP3",
    "aac": "AAC (ADTS)",
    "wav": "WAV, RF64 and BW64",
    "w64": "Wave64",
    "aiff": "AIFF",
    "au": "AU",
    "flac": "FLAC",
    "ogg": "Ogg with Opus, Vorbis, Speex, FLAC or Theora",
    "amr": "AMR",
    "caf": "CAF",
    "mxf": "MXF",
    "dv": "DV",
    "ac3": "AC-3",
    "eac3": "E-AC-3",
}
"""FFmpeg's names of the formats that are opened: all hold their tracks themselves.

A playlist in a file named .mp4 would make FFmpeg read other files or addresses.
"""

_OPTIONS = {"format_whitelist": ",".join(DEMUXERS), "protocol_whitelist": "file,subfile"}

# Fragments of a stream keep its clock; a smaller start is a track that starts late.
_LATE_FRAGMENTS_SECONDS = 1.0

_TIMESTAMPS_MAY_JUMP = 0x0200  # AVFMT_TS_DISCONT

_APPENDABLE = frozenset({"matroska", "flv"})
"""Formats whose clock may jump, and Matroska's may start again."""


def open_media(path: Path) -> InputContainer:
    """Open a container for reading; raise `av.error.FFmpegError` if it is not one.

    Of files appended to each other it is the first; decoding goes on with the others.
    """
    return open_part(parts_of(path)[0])


def open_part(part: Part) -> InputContainer:
    """Open one of the files that were appended; raise `av.error.FFmpegError` if it is not one."""
    return av.open(part.address, options=_OPTIONS)


def origin_seconds(container: InputContainer) -> float:
    """Return the stream time that is 0 on the presentation timeline.

    MP4 and QuickTime define it as 0, so a track that starts late leaves a gap. Other containers,
    and fragments cut out of a running stream, start at any time; for them it is the start of the
    earliest stream.
    """
    start_time: Any = container.start_time
    if start_time is None:
        return 0.0
    start: float = start_time / av.time_base
    if "mp4" not in container.format.name.split(","):
        return start
    return start if start >= _LATE_FRAGMENTS_SECONDS and _has_fragments(container) else 0.0


def _has_fragments(container: InputContainer) -> bool:
    part = part_of_address(container.name)
    return is_fragmented(part.path, part.start, part.end)


def following_parts(container: InputContainer) -> list[tuple[Part, float]]:
    """Return the files appended to the container, and the stream time at which each starts."""
    own = part_of_address(container.name)
    if own.is_whole or own.start:
        return []
    found, at = [], origin_seconds(container)
    for before, part in pairwise(parts_of(own.path)):
        at += part_seconds(before)
        found.append((part, at))
    return found


@lru_cache(maxsize=4096)
def part_seconds(part: Part) -> float:
    """Return the length of one of the files that were appended; 0 where it cannot be opened."""
    try:
        with open_part(part) as container:
            counted = continuous_seconds(container)
            if counted is not None:
                return counted
            start, length = container.start_time or 0, container.duration or 0
            return max(0.0, (start + length) / av.time_base - origin_seconds(container))
    except MemoryError:
        raise
    except (av.error.FFmpegError, ValueError):
        return 0.0


def has_unread_parts(container: InputContainer) -> bool:
    """Return whether an appended file cannot be opened, or has tracks that the first one lacks."""
    kinds = {stream.type for stream in container.streams}
    for part, _ in following_parts(container):
        try:
            with open_part(part) as another:
                if {"audio", "video"} & {s.type for s in another.streams} - kinds:
                    return True
        except MemoryError:
            raise
        except (av.error.FFmpegError, ValueError):
            return True
    return False


def packets_of(container: InputContainer, *streams: Any) -> Iterator[Any]:
    """Yield the packets of some streams, by default of all with sound or pictures.

    PyAV 18 raises `IndexError` at the end of a file in which streams were added.
    """
    wanted = streams or [s for s in container.streams if s.type in {"audio", "video"}]
    with contextlib.suppress(IndexError):
        yield from container.demux(list(wanted))


def clock_steps(container: InputContainer) -> Steps | None:
    """Return the steps that mean a new clock, None in a format that has one clock."""
    names = container.format.name.split(",")
    if "mp4" in names:
        return FREQUENT if _has_fragments(container) else None
    if container.format.flags & _TIMESTAMPS_MAY_JUMP:
        return FREQUENT
    return RARE if _APPENDABLE & {*names} else None


def continuous_seconds(container: InputContainer) -> float | None:
    """Return the length on a clock without jumps, by reading all packets.

    None without packets, and in formats whose header states the length.
    """
    steps = clock_steps(container)
    if steps is not FREQUENT:
        return None
    clock = ContinuousClock(steps)
    origin = origin_seconds(container)
    for packet in packets_of(container):
        clock.follow(packet)
    return max(0.0, clock.end_seconds - origin) or None
