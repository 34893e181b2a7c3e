"""Places decoded sound on the presentation timeline: sample n is heard at n / rate."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.core.errors import Permanent
from runtime.core.media import MediaInfo
from runtime.core.ports import Progress
from runtime.processor.decoding import Damage, decoded_frames, open_media, origin_seconds

if TYPE_CHECKING:
    import numpy as np
    from av import AudioFrame, AudioResampler
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]

# Frames are placed by counting samples; a timestamp only matters once it disagrees by this much.
# Containers round to milliseconds, so anything shorter is noise.
TOLERANCE_SECONDS = 0.05
# A hole longer than this is a broken timestamp, and filling it would fill the disk.
_LONGEST_GAP_SECONDS = 6 * 3600
_SILENCE_SECONDS = 60


def decode_sound(
    media: Path,
    info: MediaInfo,
    timeline: "SoundTimeline",
    on_progress: Progress,
    damage: Damage | None = None,
) -> None:
    """Put the whole audio track on a timeline; frames that cannot be decoded are left out."""
    assert info.audio is not None  # noqa: S101  # for the type checker; callers looked
    with open_media(media) as container:
        origin = origin_seconds(container)
        done = 0.0
        for frame in decoded_frames(container, info.audio.index, damage):
            at = None if frame.pts is None else frame.time - origin
            timeline.add(frame, at)
            if info.duration_seconds and at is not None:
                done = min(1.0, max(done, at / info.duration_seconds))
            on_progress(done)
        timeline.flush()


@dataclass
class SoundTimeline:
    """Hands decoded frames on, resampled, where their timestamps say; holes become silence.

    `write` is given int16 samples, (samples, channels), one after another without a gap; `layout`
    is FFmpeg's name for the channels. Raises `Permanent` `media.broken_timestamps` for a hole of
    more than six hours in the media called `name`.
    """

    name: str
    rate: int
    layout: str
    channels: int
    write: "Callable[[Samples], None]"
    written: int = 0
    _to_drop: int = 0
    _pending_input_seconds: float = 0.0
    _segment_start: int = 0
    _resampler: "AudioResampler | None" = None
    _shape: tuple[Any, ...] = field(default=())

    def add(self, frame: "AudioFrame", at_seconds: float | None) -> None:
        """Append a frame; `at_seconds` is None where the container gives no timestamp."""
        expected = self._segment_start / self.rate + self._pending_input_seconds
        moved = at_seconds is not None and abs(at_seconds - expected) > TOLERANCE_SECONDS
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if moved or shape != self._shape:
            self.flush()
            self._restart(shape, expected if at_seconds is None else at_seconds)
        assert self._resampler is not None  # noqa: S101  # `_restart` made it
        self._pending_input_seconds += frame.samples / frame.sample_rate
        frame.pts = None  # placed by us: the resampler would insist on continuous ones
        for piece in self._resampler.resample(frame):
            self._take(piece)

    def flush(self) -> None:
        """Write what the resampler still holds."""
        if self._resampler is not None:
            for piece in self._resampler.resample(None):
                self._take(piece)
            self._resampler = None

    def _restart(self, shape: tuple[Any, ...], at_seconds: float) -> None:
        import av
        import numpy as np

        self._resampler = av.AudioResampler(format="s16", layout=self.layout, rate=self.rate)
        self._shape = shape
        self._segment_start = round(at_seconds * self.rate)
        self._pending_input_seconds = 0.0
        gap = self._segment_start - self.written
        self._to_drop = max(0, -gap)
        if gap > _LONGEST_GAP_SECONDS * self.rate:
            raise Permanent(
                "media.broken_timestamps",
                f"The audio track of {self.name} jumps from {self.written / self.rate:.0f} s "
                f"to {at_seconds:.0f} s.",
                "Remux or re-encode the file so that its timestamps are continuous.",
            )
        while gap > 0:
            block = min(gap, _SILENCE_SECONDS * self.rate)
            self._put(np.zeros((block, self.channels), np.int16))
            gap -= block

    def _take(self, piece: "AudioFrame") -> None:
        samples: Any = piece.to_ndarray().reshape(-1, self.channels)
        kept: Samples = samples[self._to_drop :]
        self._to_drop -= len(samples) - len(kept)
        self._put(kept)

    def _put(self, samples: "Samples") -> None:
        self.write(samples)
        self.written += len(samples)
