"""Opens uploaded media and decodes it to the end, past damaged packets."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.processor.media.boxes import is_fragmented
from runtime.processor.media.clock import FREQUENT, RARE, ContinuousClock, Steps

if TYPE_CHECKING:
    from av.container import InputContainer

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

_OPTIONS = {"format_whitelist": ",".join(DEMUXERS), "protocol_whitelist": "file"}

# Fragments of a stream keep its clock; a smaller start is a track that starts late.
_LATE_FRAGMENTS_SECONDS = 1.0

_TIMESTAMPS_MAY_JUMP = 0x0200  # AVFMT_TS_DISCONT

_APPENDABLE = frozenset({"matroska", "flv"})
"""Formats whose parts may lie one behind the other, each with its own clock."""

_DEFAULT_LAYOUTS = ("mono", "stereo", "2.1", "4.0", "5.0", "5.1", "6.1", "7.1")
"""FFmpeg's default layout of 1 to 8 channels."""

_kept_layouts: list[Any] = []


def open_media(path: Path) -> "InputContainer":
    """Open a container for reading; raise `av.error.FFmpegError` if it is not one."""
    import av

    return av.open(str(path), options=_OPTIONS)


def origin_seconds(container: "InputContainer") -> float:
    """Return the stream time that is 0 on the presentation timeline.

    MP4 and QuickTime define it as 0, so a track that starts late leaves a gap. Other containers,
    and fragments cut out of a running stream, start at any time; for them it is the start of the
    earliest stream.
    """
    import av

    start_time: Any = container.start_time
    if start_time is None:
        return 0.0
    start: float = start_time / av.time_base
    if "mp4" not in container.format.name.split(","):
        return start
    if start < _LATE_FRAGMENTS_SECONDS or not is_fragmented(Path(container.name)):
        return 0.0
    return start


@dataclass
class Damage:
    """Counts decoding losses; a few are normal at the edges of sound files."""

    losses: int = 0
    tolerated: int = 3

    @property
    def is_serious(self) -> bool:
        """Whether the losses deserve a warning in the results."""
        return self.losses > self.tolerated


def decoded_frames(
    container: "InputContainer", stream_index: int, damage: Damage | None = None
) -> Iterator[Any]:
    """Yield the frames of one stream in order, skipping what cannot be decoded.

    Where a format's clock may start again (MPEG), timestamps go on without the jump. Ends without
    an error where a truncated file does. Raises `MemoryError`.
    """
    stream: Any = container.streams[stream_index]
    # Some codecs have no threads, and none accepts the change after its first packet.
    with contextlib.suppress(AttributeError, RuntimeError):
        stream.thread_type = "AUTO"
    if stream.type == "audio":
        _name_channels(stream.codec_context)
    return _frames(container, stream, damage or Damage())


def frames_from(
    container: "InputContainer",
    stream_index: int,
    at_seconds: float,
    damage: Damage | None = None,
) -> Iterator[Any]:
    """Yield frames like `decoded_frames`, starting at a keyframe at or before a stream time.

    Starts at the beginning where the container cannot seek.
    """
    import av

    stream = container.streams[stream_index]
    for target in (at_seconds, 0.0):
        offset = round(target / stream.time_base) if stream.time_base else 0
        with contextlib.suppress(av.error.FFmpegError):
            container.seek(offset, stream=stream)
            break
    return decoded_frames(container, stream_index, damage)


def _frames(container: "InputContainer", stream: Any, damage: Damage) -> Iterator[Any]:
    import av

    packets = _packets(container, stream)
    while True:
        try:
            packet = next(packets)
        except MemoryError:
            raise
        except (StopIteration, av.error.FFmpegError):
            return
        try:
            frames: list[Any] = packet.decode()
            for frame in frames:
                if stream.type == "audio":
                    _keep_owned_layout(frame)
                damage.losses += frame.is_corrupt
                yield frame
        except MemoryError:  # also an FFmpegError, and not the packet's fault
            raise
        except av.error.FFmpegError:
            damage.losses += 1


def clock_steps(container: "InputContainer") -> Steps | None:
    """Return the steps that mean a new clock, None in a format that has one clock."""
    names = container.format.name.split(",")
    if "mp4" in names:
        return FREQUENT if is_fragmented(Path(container.name)) else None
    if container.format.flags & _TIMESTAMPS_MAY_JUMP:
        return FREQUENT
    return RARE if _APPENDABLE & {*names} else None


def continuous_seconds(container: "InputContainer") -> float | None:
    """Return the length on a clock without jumps, by reading all packets.

    None without packets, and in formats whose header states the length.
    """
    steps = clock_steps(container)
    if steps is not FREQUENT:
        return None
    clock = ContinuousClock(steps)
    origin = origin_seconds(container)
    for packet in container.demux([s for s in container.streams if s.type in {"audio", "video"}]):
        clock.follow(packet)
    return max(0.0, clock.end_seconds - origin) or None


def _packets(container: "InputContainer", stream: Any) -> Iterator[Any]:
    """Yield the stream's packets, on a clock without jumps where the format may have some."""
    steps = clock_steps(container)
    if steps is None:
        yield from container.demux(stream)
        return
    clock = ContinuousClock(steps)
    # All tracks share the clock, so all are followed.
    for packet in container.demux([s for s in container.streams if s.type in {"audio", "video"}]):
        clock.follow(packet)
        if packet.stream.index == stream.index:
            yield packet


def _name_channels(codec: Any) -> None:
    """Give channels with unusual names the default names of as many channels.

    PyAV 18 copies a layout that lists its channels one by one and frees the list with the copy. The
    one copy made here frees the codec's list, which the new layout replaces.
    """
    if codec is None:
        return
    layout = codec.layout
    if _is_unusual(layout):
        count = layout.nb_channels
        usual = count <= len(_DEFAULT_LAYOUTS)
        with contextlib.suppress(ValueError, RuntimeError):
            codec.layout = _DEFAULT_LAYOUTS[count - 1] if usual else f"{count} channels"


def _keep_owned_layout(frame: Any) -> None:
    """Keep alive a copied layout that would free the frame's list of channels a second time."""
    if _is_unusual(frame.layout):
        _kept_layouts.append(frame.layout)


def _is_unusual(layout: Any) -> bool:
    """Return whether a layout lists its channels, as in "2 channels (FR+FL)"."""
    return "(" in layout.name and "channels" in layout.name
