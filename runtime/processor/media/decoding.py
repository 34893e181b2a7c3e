"""Decodes uploaded media to the end, past damaged packets and into appended files."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import av
from av.container import InputContainer

from runtime.processor.media.clock import ContinuousClock
from runtime.processor.media.containers import (
    clock_steps,
    following_parts,
    open_part,
    origin_seconds,
    packets_of,
)
from runtime.processor.media.parts import Part

_DEFAULT_LAYOUTS = ("mono", "stereo", "2.1", "4.0", "5.0", "5.1", "6.1", "7.1")
"""FFmpeg's default layout of 1 to 8 channels."""

_kept_layouts: list[Any] = []


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
    container: InputContainer, stream_index: int, damage: Damage | None = None
) -> Iterator[Any]:
    """Yield the frames of one stream in order, skipping what cannot be decoded.

    Where a format's clock may start again (MPEG), timestamps go on without the jump, and so they do
    from a file to one that was appended to it. Ends without an error where a truncated file does.
    Raises `MemoryError`.
    """
    damage = damage or Damage()
    yield from _frames(container, container.streams[stream_index], damage)
    yield from _following_frames(container, stream_index, damage, following_parts(container))


def frames_from(
    container: InputContainer,
    stream_index: int,
    at_seconds: float,
    damage: Damage | None = None,
) -> Iterator[Any]:
    """Yield frames like `decoded_frames`, starting at a keyframe at or before a stream time.

    Starts at the beginning where the container cannot seek.
    """
    following = following_parts(container)
    later = [n for n, (_, starts) in enumerate(following) if starts <= at_seconds]
    if later:
        damage = damage or Damage()
        return _following_frames(
            container, stream_index, damage, following[later[-1] :], at_seconds=at_seconds
        )
    stream = container.streams[stream_index]
    _seek(container, stream, at_seconds)
    return decoded_frames(container, stream_index, damage)


def _seek(container: InputContainer, stream: Any, at_seconds: float) -> None:
    for target in (at_seconds, 0.0):
        offset = round(target / stream.time_base) if stream.time_base else 0
        with contextlib.suppress(av.error.FFmpegError):
            container.seek(offset, stream=stream)
            break


def _following_frames(
    container: InputContainer,
    stream_index: int,
    damage: Damage,
    following: Sequence[tuple[Part, float]],
    at_seconds: float = 0.0,
) -> Iterator[Any]:
    """Yield the frames of appended files as if they went on in the container's stream."""
    for part, starts in following:
        try:
            with open_part(part) as another:
                stream = _counterpart(another, container.streams[stream_index])
                if stream is None:
                    continue
                origin = origin_seconds(another)
                if at_seconds > starts:
                    _seek(another, stream, at_seconds - starts + origin)
                for frame in _frames(another, stream, damage):
                    if frame.pts is not None:
                        if stream.type == "video" and frame.time < origin:
                            continue
                        frame.pts += round((starts - origin) / frame.time_base)
                    yield frame
        except MemoryError:
            raise
        except (av.error.FFmpegError, ValueError):
            continue


def _counterpart(another: InputContainer, stream: Any) -> Any | None:
    """Return another container's stream of the same kind, at the same place among its kind."""
    own = [s.index for s in stream.container.streams if s.type == stream.type]
    others = [s for s in another.streams if s.type == stream.type and s.codec_context is not None]
    place = own.index(stream.index)
    return others[min(place, len(others) - 1)] if others else None


def _frames(container: InputContainer, stream: Any, damage: Damage) -> Iterator[Any]:
    # Some codecs have no threads, and none accepts the change after its first packet.
    with contextlib.suppress(AttributeError, RuntimeError):
        stream.thread_type = "AUTO"
    if stream.type == "audio":
        _name_channels(stream.codec_context)
    packets = _packets(container, stream)
    # Its parser counts on at the first rate, where another one may follow.
    has_no_clock = container.format.name == "aac"
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
                if has_no_clock:
                    frame.pts = None
                damage.losses += frame.is_corrupt
                yield frame
        except MemoryError:  # also an FFmpegError, and not the packet's fault
            raise
        except av.error.FFmpegError:
            damage.losses += 1


def _packets(container: InputContainer, stream: Any) -> Iterator[Any]:
    """Yield the stream's packets, on a clock without jumps where the format may have some."""
    steps = clock_steps(container)
    if steps is None:
        yield from packets_of(container, stream)
        return
    clock = ContinuousClock(steps)
    # All tracks share the clock, so all are followed.
    for packet in packets_of(container):
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
