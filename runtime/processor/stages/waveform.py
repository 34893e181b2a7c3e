"""Draws how loud a recording is over time, for the timeline of a player."""

import json
import math
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runtime.core.media import Audio

SCHEMA_VERSION = "1.0"
MOST_PEAKS = 2000
"""As many as a wide screen has points; about 8 kB, whatever the length."""

SHORTEST_SECONDS = 0.05
LOUDEST = 100
FULL_SCALE = 1 << 15
FLOOR_DECIBELS = -48.0
"""What is quieter is drawn as silence; talk lies between -30 and -10 dB of full scale."""


def draw_waveform(audio: Audio, path: Path) -> None:
    """Write the loudest sample of each stretch, 0 to 100 on a scale of decibels, as JSON.

    The sound is read once, in blocks of a stretch each, so memory does not grow with its length.
    """
    with wave.open(str(audio.path), "rb") as wav:
        rate, frames = wav.getframerate(), wav.getnframes()
        shortest = round(SHORTEST_SECONDS * rate)
        stretch = max(shortest, math.ceil(frames / MOST_PEAKS))
        count = math.ceil(frames / stretch)
        peaks = [_peak(np.frombuffer(wav.readframes(stretch), np.int16)) for _ in range(count)]
    document = {
        "schema_version": SCHEMA_VERSION,
        "starts_at_seconds": round(audio.starts_at_seconds, 3),
        "seconds_per_peak": round(stretch / rate, 6),
        "peaks": peaks,
    }
    path.write_text(json.dumps(document, separators=(",", ":")))


def _peak(samples: NDArray[np.int16]) -> int:
    loudest = max(int(samples.max(initial=0)), -int(samples.min(initial=0)))
    if loudest == 0:
        return 0
    decibels = 20 * math.log10(loudest / FULL_SCALE)
    return max(0, round(LOUDEST * (1 - decibels / FLOOR_DECIBELS)))
