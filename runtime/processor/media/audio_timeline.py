"""Places decoded sound on the presentation timeline by its timestamps."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from av import AudioFrame, AudioResampler
from av.codec.context import Flags2
from av.container import InputContainer
from numpy.typing import NDArray

from runtime.core.contract import Channels
from runtime.core.errors import Permanent
from runtime.core.media import MediaInfo
from runtime.core.ports import Progress
from runtime.processor.media.channels import ChannelMix, survey_channels
from runtime.processor.media.containers import open_media, origin_seconds
from runtime.processor.media.decoding import Damage, decoded_frames

Samples = NDArray[np.int16]

# Frames are placed by counting samples; a timestamp counts once it differs by more than this.
# Containers round to milliseconds, so less is noise.
TOLERANCE_SECONDS = 0.05
# A longer gap is a broken timestamp, and its silence would fill the disk.
_LONGEST_GAP_SECONDS = 6 * 3600
_SILENCE_SECONDS = 60
# Codecs start up to this long before 0 (HE-AAC at 22 kHz: 2112 samples). Sound further before was
# cut by an edit.
_PRIMING_SECONDS = 0.1


def decode_sound(
    media: Path,
    info: MediaInfo,
    timeline: "SoundTimeline",
    on_progress: Progress,
    damage: Damage | None = None,
    mix: ChannelMix | None = None,
) -> None:
    """Add the whole audio track to a timeline; frames that cannot be decoded are skipped.

    `mix` mixes the channels; without one FFmpeg's usual downmix does.
    """
    assert info.audio is not None  # noqa: S101  # for the type checker; callers checked
    with open_media(media) as container:
        origin = origin_seconds(container)
        done = heard = 0.0
        frames = decoded_frames(container, info.audio.index, damage)
        if timeline.starts_with_track:
            frames = _with_priming(container, info, frames)
        for frame in frames:
            at = None if frame.pts is None else frame.time - origin
            heard = heard if at is None else at
            lasts = frame.samples / frame.sample_rate
            timeline.add(frame if mix is None else mix.apply(frame, heard), at)
            heard += lasts
            if info.duration_seconds and at is not None:
                done = min(1.0, max(done, at / info.duration_seconds))
            on_progress(done)
        timeline.flush()


def survey_sound(
    media: Path,
    info: MediaInfo,
    on_frame: Callable[[], None],
    channels: Channels = Channels.AUTO,
) -> ChannelMix | None:
    """Return how to mix the track's channels, None for the usual downmix; see `media.channels`."""
    if info.audio is None or info.audio.channels < 2 or channels is Channels.MIX:  # noqa: PLR2004 - nothing to mix
        return None
    with open_media(media) as container:
        origin, index = origin_seconds(container), info.audio.index

        def placed() -> Iterator[tuple[Any, float]]:
            at = 0.0
            for frame in decoded_frames(container, index):
                on_frame()
                at = at if frame.pts is None else frame.time - origin
                yield frame, at
                at += frame.samples / frame.sample_rate

        return survey_channels(placed(), separate=channels is Channels.SEPARATE)


def _with_priming(
    container: InputContainer, info: MediaInfo, frames: Iterable[Any]
) -> Iterator[Any]:
    """Yield the frames with the priming samples of the codec, which no player plays."""
    assert info.audio is not None  # noqa: S101  # for the type checker; the caller checked
    codec: Any = container.streams[info.audio.index].codec_context
    codec.flags2 |= Flags2.skip_manual
    for frame in frames:
        # Only for the first frame: later skips come from edits or mark the end.
        codec.flags2 &= ~Flags2.skip_manual
        yield frame


@dataclass
class SoundTimeline:
    """Resamples frames and places them by their timestamps; gaps become silence.

    `write` takes int16 samples, (samples, channels), continuously; `layout` is FFmpeg's name for
    the channels. The first sample lies at 0 or, if it `starts_with_track`, at the track's start;
    `start` and `end` count samples from 0. Raises `Permanent` `media.broken_timestamps` for a gap
    of more than six hours.
    """

    rate: int
    layout: str
    channels: int
    write: Callable[[Samples], None]
    starts_with_track: bool = False
    start: int = 0
    end: int = 0
    _begun: bool = False
    _to_drop: int = 0
    _pending_input_seconds: float = 0.0
    _segment_start: int = 0
    _resampler: AudioResampler | None = None
    _shape: tuple[Any, ...] = field(default=())

    def add(self, frame: AudioFrame, at_seconds: float | None) -> None:
        """Append a frame; `at_seconds` is None without a timestamp."""
        expected = self._segment_start / self.rate + self._pending_input_seconds
        moved = at_seconds is not None and abs(at_seconds - expected) > TOLERANCE_SECONDS
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if moved or shape != self._shape:
            self.flush()
            self._restart(shape, expected if at_seconds is None else at_seconds)
        assert self._resampler is not None  # noqa: S101  # `_restart` made it
        self._pending_input_seconds += frame.samples / frame.sample_rate
        frame.pts = None  # the resampler expects continuous timestamps
        for piece in self._resampler.resample(frame):
            self._take(piece)

    def flush(self) -> None:
        """Write the resampler's remaining samples."""
        if self._resampler is not None:
            for piece in self._resampler.resample(None):
                self._take(piece)
            self._resampler = None

    def _restart(self, shape: tuple[Any, ...], at_seconds: float) -> None:
        self._resampler = AudioResampler(format="s16", layout=self.layout, rate=self.rate)
        self._shape = shape
        self._segment_start = round(at_seconds * self.rate)
        self._pending_input_seconds = 0.0
        gap = self._segment_start - self.end
        if gap > _LONGEST_GAP_SECONDS * self.rate:
            raise Permanent(
                "media.broken_timestamps",
                f"The audio track jumps from {self.end / self.rate:.0f} s to {at_seconds:.0f} s.",
                "Remux or re-encode the file so that its timestamps are continuous.",
            )
        if self.starts_with_track and not self._begun:
            is_whole = at_seconds >= -_PRIMING_SECONDS
            self.start = self.end = self._segment_start if is_whole else 0
            gap = self._segment_start - self.end
        self._begun = True
        self._to_drop = max(0, -gap)
        while gap > 0:
            block = min(gap, _SILENCE_SECONDS * self.rate)
            self._put(np.zeros((block, self.channels), np.int16))
            gap -= block

    def _take(self, piece: AudioFrame) -> None:
        samples: Any = piece.to_ndarray().reshape(-1, self.channels)
        kept: Samples = samples[self._to_drop :]
        self._to_drop -= len(samples) - len(kept)
        self._put(kept)

    def _put(self, samples: Samples) -> None:
        self.write(samples)
        self.end += len(samples)
