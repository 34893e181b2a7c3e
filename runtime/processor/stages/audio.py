"""Extracts an audio track as speech models take it: mono 16 kHz PCM without gaps."""

import wave
from pathlib import Path

from runtime.core.contract import Channels
from runtime.core.media import SAMPLE_RATE, Audio, MediaInfo
from runtime.core.ports import Progress
from runtime.processor.media.audio_timeline import SoundTimeline, decode_sound, survey_sound
from runtime.processor.media.decoding import Damage


def extract_audio(
    media: Path,
    info: MediaInfo,
    destination: Path,
    on_progress: Progress,
    damage: Damage | None = None,
    *,
    channels: Channels = Channels.AUTO,
) -> Audio:
    """Decode the audio track into a WAV file that starts where the track does.

    Gaps, and frames that cannot be decoded, become silence. The same packets give the same samples
    wherever the track starts and whether or not the container marks priming samples. Without an
    audio track the file has no samples. Several channels are looked at before they are mixed (see
    `media.channels`). Memory does not grow with length. Raises `Permanent`
    `media.broken_timestamps`.
    """
    mix = survey_sound(media, info, lambda: on_progress(0.0), channels)
    with wave.open(str(destination), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(SAMPLE_RATE)
        timeline = SoundTimeline(
            rate=SAMPLE_RATE,
            layout="mono",
            channels=1,
            write=lambda samples: wav.writeframesraw(samples.tobytes()),
            starts_with_track=True,
        )
        if info.audio is not None:
            decode_sound(media, info, timeline, on_progress, damage, mix)
    on_progress(1.0)
    return Audio(
        path=destination,
        sample_rate=SAMPLE_RATE,
        starts_at_seconds=timeline.start / SAMPLE_RATE,
        duration_seconds=(timeline.end - timeline.start) / SAMPLE_RATE,
        parties=mix.parties if mix else None,
    )
