"""Follows the timestamps of formats whose clock may start again, and takes the jumps out."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The steps that mean a new clock: ahead of all tracks, or back within one, in seconds."""

    forward: float
    backward: float


FREQUENT = Steps(forward=10.0, backward=0.1)
"""For streams with a packet at least every few seconds, as FFmpeg's own program decides."""

RARE = Steps(forward=600.0, backward=1.0)
"""For formats whose pictures may be minutes apart, and come out of order."""

_SAME_CLOCK_SECONDS = 2.0
"""Tracks end at slightly different times; a jump to within this of the expected time is shared."""


@dataclass(slots=True)
class _Track:
    """The track's clock, and the time expected next on the continuous timeline."""

    epoch: int
    expected: float
    last_step: float = 0.0


class ContinuousClock:
    """Shifts packets so that every track goes on where its clock jumps; the tracks stay in sync."""

    def __init__(self, steps: Steps = FREQUENT) -> None:
        self._steps = steps
        self._offsets = [0.0]
        self._tracks: dict[int, _Track] = {}

    @property
    def end_seconds(self) -> float:
        """Where the longest track ends on the continuous timeline."""
        return max((track.expected for track in self._tracks.values()), default=0.0)

    def follow(self, packet: Any) -> None:
        """Shift the timestamps of the next packet in file order."""
        stamp = packet.dts if packet.dts is not None else packet.pts
        if stamp is None or not packet.time_base:
            return
        seconds = float(stamp * packet.time_base)
        # At a jump a frame may have its decoding time by the old clock and its own by the new one.
        if packet.pts is not None and (
            abs(packet.pts - stamp) * packet.time_base > self._steps.forward
        ):
            packet.pts = stamp
        track = self._tracks.get(packet.stream.index)
        if track is None:
            track = _Track(epoch=len(self._offsets) - 1, expected=seconds + self._offsets[-1])
            self._tracks[packet.stream.index] = track
        if self._jumps(track, seconds):
            self._join(track, seconds)
        offset = self._offsets[track.epoch]
        step = float(packet.duration * packet.time_base) if packet.duration else track.last_step
        track.expected, track.last_step = seconds + offset + step, step
        if offset:
            ticks = round(offset / packet.time_base)
            packet.dts = None if packet.dts is None else packet.dts + ticks
            packet.pts = None if packet.pts is None else packet.pts + ticks

    def _jumps(self, track: _Track, seconds: float) -> bool:
        at = seconds + self._offsets[track.epoch]
        latest = max(other.expected for other in self._tracks.values())
        # A track without packets for a while, such as slides, goes on beside the others.
        return at < track.expected - self._steps.backward - track.last_step or (
            at > latest + self._steps.forward
        )

    def _join(self, track: _Track, seconds: float) -> None:
        """Move a track to a clock that continues it: another track's, else a new one."""
        for epoch in range(len(self._offsets) - 1, -1, -1):
            if abs(seconds + self._offsets[epoch] - track.expected) <= _SAME_CLOCK_SECONDS:
                track.epoch = epoch
                return
        self._offsets.append(track.expected - seconds)
        track.epoch = len(self._offsets) - 1
