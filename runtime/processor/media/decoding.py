"""Opening uploaded media and decoding it to the end, whatever is broken in between."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av.container import InputContainer

# An upload is hostile until decoded: a text file named .mp4 may be a playlist that makes FFmpeg
# read other files or addresses, so only self-contained containers are opened, and only from disk.
_OPTIONS = {
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts",
    "protocol_whitelist": "file",
}


def open_media(path: Path) -> "InputContainer":
    """Open a container for reading; raises `av.error.FFmpegError` if it is none."""
    import av

    return av.open(str(path), options=_OPTIONS)


def origin_seconds(container: "InputContainer") -> float:
    """Return the stream time that is 0 on the presentation timeline.

    MP4 and QuickTime define it as 0, so a track that starts late leaves a gap; other containers
    start counting anywhere, so theirs is the start of the earliest stream.
    """
    import av

    if "mp4" in container.format.name.split(",") or container.start_time is None:
        return 0.0
    return container.start_time / av.time_base


@dataclass
class Damage:
    """Counts what could not be decoded; a few losses happen at the edges of sound files too."""

    losses: int = 0
    tolerated: int = 3

    @property
    def is_serious(self) -> bool:
        """Whether so much is missing that a reader of the results should know."""
        return self.losses > self.tolerated


def decoded_frames(
    container: "InputContainer", stream_index: int, damage: Damage | None = None
) -> Iterator[Any]:
    """Yield the frames of one stream in order, skipping what cannot be decoded.

    Ends quietly where a truncated file does. Raises `MemoryError`.
    """
    # Not every codec decodes with threads, and none changes to it once it has begun.
    with contextlib.suppress(AttributeError, RuntimeError):
        container.streams[stream_index].thread_type = "AUTO"  # type: ignore[attr-defined]
    return _frames(container, stream_index, damage or Damage())


def frames_from(
    container: "InputContainer",
    stream_index: int,
    at_seconds: float,
    damage: Damage | None = None,
) -> Iterator[Any]:
    """Yield frames as `decoded_frames` does, from a keyframe at or before a stream time on.

    From the beginning where the container cannot seek.
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
        except MemoryError:  # which is one of FFmpeg's errors too, and no fault of this packet
            raise
        except av.error.FFmpegError:
            damage.losses += 1
