"""Makes a sound file that every browser plays, on the video's timeline."""

import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer, OutputContainer
from numpy.typing import NDArray

from runtime.core.contract import ResultFile
from runtime.core.media import AudioStream, MediaInfo, TimeRange
from runtime.core.ports import Progress
from runtime.processor.media.audio_timeline import TOLERANCE_SECONDS, SoundTimeline, decode_sound
from runtime.processor.media.containers import open_media
from runtime.processor.media.parts import parts_of

# Enough for speech and music with FFmpeg's own encoder.
_BITS_PER_SECOND_AND_CHANNEL = 64_000
# A packet of AAC has 1024 samples, twice that with spectral band replication (ISO/IEC 14496-3).
_PACKET_SAMPLES = 2048
_RATES = (16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_TONE_HERTZ, _TONE_LEVEL = 1000.0, 3000.0
# The index comes first, so that playing starts before all is loaded.
_OPTIONS = {"movflags": "+faststart"}


def make_player_audio(
    media: Path,
    info: MediaInfo,
    folder: Path,
    on_progress: Progress,
    muted: tuple[TimeRange, ...] | None = None,
) -> None:
    """Write `audio.m4a` into `folder`; nothing without an audio track.

    With `muted`, a tone replaces the sound of these stretches, and nothing is copied: a copied
    track may carry metadata.

    An AAC track without gaps is copied. Any other is encoded, mono or stereo, with silence in its
    gaps. Memory does not grow with length. Raises `Permanent`
    `media.broken_timestamps`.
    """
    if info.audio is None:
        return
    path = folder / ResultFile.PLAYER_AUDIO
    if muted is not None or not _copy(media, info, path, lambda done: on_progress(done / 2)):
        _encode(
            media, info, info.audio, path, lambda done: on_progress((1 + done) / 2), muted or ()
        )
    on_progress(1.0)


def bleeped(
    samples: NDArray[np.int16], *, first: int, rate: int, muted: Sequence[TimeRange]
) -> NDArray[np.int16]:
    """Return samples (time first) with a tone in the muted stretches.

    `first` is the index of the first sample on the timeline.
    """
    count, made = len(samples), samples
    for stretch in muted:
        start = max(0, math.floor(stretch.start_seconds * rate) - first)
        end = min(count, math.ceil(stretch.end_seconds * rate) - first)
        if start >= end:
            continue
        made = made.copy() if made is samples else made
        at = np.arange(first + start, first + end)
        tone = (_TONE_LEVEL * np.sin(2 * np.pi * _TONE_HERTZ / rate * at)).astype(np.int16)
        made[start:end] = tone.reshape(-1, *([1] * (samples.ndim - 1)))
    return made


def _copy(media: Path, info: MediaInfo, path: Path, on_progress: Progress) -> bool:
    """Copy the track; return False where it must be encoded to lie on the video's timeline."""
    assert info.audio is not None  # noqa: S101  # for the type checker; the caller checked
    if info.audio.codec != "aac" or len(parts_of(media)) > 1:
        return False
    try:
        with open_media(media) as container, _player_file(path) as out:
            # Other containers start at any time and frame AAC differently.
            is_mp4 = "mp4" in container.format.name.split(",")
            return is_mp4 and _copy_packets(container, out, info, on_progress)
    except av.error.FFmpegError:
        return False


def _copy_packets(
    container: InputContainer, out: OutputContainer, info: MediaInfo, on_progress: Progress
) -> bool:
    assert info.audio is not None  # noqa: S101  # for the type checker; the caller checked
    track = container.streams[info.audio.index]
    copy = out.add_stream_from_template(track)
    expected = 0.0
    for packet in container.demux(track):
        if packet.dts is None:
            continue  # the empty one that ends the track
        if packet.pts is None or packet.time_base is None or packet.is_corrupt:
            return False
        at, lasts = (float((t or 0) * packet.time_base) for t in (packet.pts, packet.duration))
        # A gap is a jump, or a packet with a longer duration than its samples have.
        is_stretched = lasts - _PACKET_SAMPLES / info.audio.sample_rate > TOLERANCE_SECONDS
        if abs(at - expected) > TOLERANCE_SECONDS or is_stretched:
            return False
        expected = at + lasts
        packet.stream = copy
        out.mux(packet)
        if info.duration_seconds:
            on_progress(min(1.0, max(0.0, at / info.duration_seconds)))
    return True


def _encode(
    media: Path,
    info: MediaInfo,
    audio: AudioStream,
    path: Path,
    on_progress: Progress,
    muted: Sequence[TimeRange],
) -> None:
    channels = min(2, audio.channels)
    layout = ("mono", "stereo")[channels - 1]
    rate = min(_RATES, key=lambda rate: (rate < audio.sample_rate, abs(rate - audio.sample_rate)))
    with _player_file(path) as out:
        track = out.add_stream("aac", rate=rate, layout=layout)
        track.bit_rate = _BITS_PER_SECOND_AND_CHANNEL * channels
        written = 0

        def write(samples: NDArray[np.int16]) -> None:
            nonlocal written
            samples = bleeped(samples, first=written, rate=rate, muted=muted)
            for block in (samples[at : at + rate] for at in range(0, len(samples), rate)):
                frame = av.AudioFrame.from_ndarray(
                    block.reshape(1, -1), format="s16", layout=layout
                )
                frame.sample_rate, frame.pts = rate, written
                frame.time_base = Fraction(1, rate)
                written += len(block)
                out.mux(track.encode(frame))

        timeline = SoundTimeline(rate=rate, layout=layout, channels=channels, write=write)
        decode_sound(media, info, timeline, on_progress)
        out.mux(track.encode(None))


def _player_file(path: Path) -> OutputContainer:
    return av.open(str(path), "w", format="ipod", options=_OPTIONS)
