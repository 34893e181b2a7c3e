"""From any audio track to what speech models take: mono 16 kHz PCM on the presentation timeline."""

import wave
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.core.errors import Permanent
from runtime.core.media import Audio, MediaInfo
from runtime.core.ports import Progress
from runtime.processor.decoding import decoded_frames, open_media, origin_seconds

if TYPE_CHECKING:
    from av import AudioFrame, AudioResampler

SAMPLE_RATE = 16_000
# Frames are placed by counting samples; a timestamp only matters once it disagrees by this much.
# Containers round to milliseconds, so anything shorter is noise.
_TOLERANCE_SECONDS = 0.05
# A hole longer than this is a broken timestamp, and filling it would fill the disk.
_LONGEST_GAP_SECONDS = 6 * 3600
_SILENCE_BLOCK = SAMPLE_RATE * 60


def extract_audio(media: Path, info: MediaInfo, destination: Path, on_progress: Progress) -> Audio:
    """Decode the audio track into a WAV file in which sample n is heard at n / 16000 s.

    Time before the track starts and holes in it are silence; frames that cannot be decoded are
    left out as holes. Without an audio track the file has no samples. Memory does not grow with
    length. Raises `Permanent` `media.broken_timestamps`.
    """
    with wave.open(str(destination), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(SAMPLE_RATE)
        timeline = _Timeline(wav=wav, name=media.name)
        if info.audio is not None:
            _decode(media, info, timeline, on_progress)
    on_progress(1.0)
    return Audio(
        path=destination,
        sample_rate=SAMPLE_RATE,
        duration_seconds=timeline.written / SAMPLE_RATE,
    )


def _decode(media: Path, info: MediaInfo, timeline: "_Timeline", on_progress: Progress) -> None:
    assert info.audio is not None  # noqa: S101  # for the type checker; the caller looked
    with open_media(media) as container:
        origin = origin_seconds(container)
        for frame in decoded_frames(container, info.audio.index):
            at = None if frame.pts is None else frame.time - origin
            timeline.add(frame, at)
            if info.duration_seconds and at is not None:
                on_progress(min(1.0, max(0.0, at / info.duration_seconds)))
        timeline.flush()


@dataclass
class _Timeline:
    """Writes decoded frames where their timestamps say, resampled."""

    wav: wave.Wave_write
    name: str
    written: int = 0
    to_drop: int = 0
    pending_input_seconds: float = 0.0
    segment_start: int = 0
    resampler: "AudioResampler | None" = None
    shape: tuple[Any, ...] = field(default=())

    def add(self, frame: "AudioFrame", at_seconds: float | None) -> None:
        """Append a frame; `at_seconds` is None where the container gives no timestamp."""
        expected = self.segment_start / SAMPLE_RATE + self.pending_input_seconds
        moved = at_seconds is not None and abs(at_seconds - expected) > _TOLERANCE_SECONDS
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if moved or shape != self.shape:
            self.flush()
            self._restart(shape, expected if at_seconds is None else at_seconds)
        assert self.resampler is not None  # noqa: S101  # `_restart` made it
        self.pending_input_seconds += frame.samples / frame.sample_rate
        frame.pts = None  # placed by us: the resampler would insist on continuous ones
        for piece in self.resampler.resample(frame):
            self._write(piece)

    def flush(self) -> None:
        """Write what the resampler still holds."""
        if self.resampler is not None:
            for piece in self.resampler.resample(None):
                self._write(piece)
            self.resampler = None

    def _restart(self, shape: tuple[Any, ...], at_seconds: float) -> None:
        import av

        self.resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        self.shape = shape
        self.segment_start = round(at_seconds * SAMPLE_RATE)
        self.pending_input_seconds = 0.0
        gap = self.segment_start - self.written
        self.to_drop = max(0, -gap)
        if gap > _LONGEST_GAP_SECONDS * SAMPLE_RATE:
            raise Permanent(
                "media.broken_timestamps",
                f"The audio track of {self.name} jumps from {self.written / SAMPLE_RATE:.0f} s "
                f"to {at_seconds:.0f} s.",
                "Remux or re-encode the file so that its timestamps are continuous.",
            )
        while gap > 0:
            block = min(gap, _SILENCE_BLOCK)
            self.wav.writeframesraw(bytes(2 * block))
            self.written += block
            gap -= block

    def _write(self, piece: "AudioFrame") -> None:
        samples = piece.to_ndarray().reshape(-1)
        kept = samples[self.to_drop :]
        self.to_drop -= len(samples) - len(kept)
        self.wav.writeframesraw(kept.tobytes())
        self.written += len(kept)
