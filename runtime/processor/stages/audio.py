"""From any audio track to what speech models take: mono 16 kHz PCM on the presentation timeline."""

import wave
from pathlib import Path

from runtime.core.media import Audio, MediaInfo
from runtime.core.ports import Progress
from runtime.processor.decoding import Damage
from runtime.processor.sound import SoundTimeline, decode_sound

SAMPLE_RATE = 16_000


def extract_audio(
    media: Path,
    info: MediaInfo,
    destination: Path,
    on_progress: Progress,
    damage: Damage | None = None,
) -> Audio:
    """Decode the audio track into a WAV file in which sample n is heard at n / 16000 s.

    Time before the track starts and holes in it are silence; frames that cannot be decoded are
    left out as holes. Without an audio track the file has no samples. Memory does not grow with
    length. Raises `Permanent` `media.broken_timestamps`.
    """
    with wave.open(str(destination), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(SAMPLE_RATE)
        timeline = SoundTimeline(
            name=media.name,
            rate=SAMPLE_RATE,
            layout="mono",
            channels=1,
            write=lambda samples: wav.writeframesraw(samples.tobytes()),
        )
        if info.audio is not None:
            decode_sound(media, info, timeline, on_progress, damage)
    on_progress(1.0)
    return Audio(
        path=destination,
        sample_rate=SAMPLE_RATE,
        duration_seconds=timeline.written / SAMPLE_RATE,
    )
