"""Opens uploaded media and decodes it to the end, past damaged packets."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av.container import InputContainer

# A text file named .mp4 may be a playlist that makes FFmpeg read other files or addresses, so only
# self-contained containers are opened, and only from disk.
_OPTIONS = {
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts",
    "protocol_whitelist": "file",
}


def open_media(path: Path) -> "InputContainer":
    """Open a container for reading; raise `av.error.FFmpegError` if it is not one."""
    import av

    return av.open(str(path), options=_OPTIONS)


def origin_seconds(container: "InputContainer") -> float:
    """Return the stream time that is 0 on the presentation timeline.

    MP4 and QuickTime define it as 0, so a track that starts late leaves a gap. Other containers
    start at any time; for them it is the start of the earliest stream.
    """
    import av

    if "mp4" in container.format.name.split(",") or container.start_time is None:
        return 0.0
    return container.start_time / av.time_base


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

    Ends without an error where a truncated file does. Raises `MemoryError`.
    """
    # Some codecs have no threads, and none accepts the change after its first packet.
    with contextlib.suppress(AttributeError, RuntimeError):
        container.streams[stream_index].thread_type = "AUTO"  # type: ignore[attr-defined]
    return _frames(container, stream_index, damage or Damage())


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


def _frames(container: "InputContainer", stream_index: int, damage: Damage) -> Iterator[Any]:
    import av

    packets = container.demux(container.streams[stream_index])
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
                damage.losses += frame.is_corrupt
                yield frame
        except MemoryError:  # also an FFmpegError, and not the packet's fault
            raise
        except av.error.FFmpegError:
            damage.losses += 1
