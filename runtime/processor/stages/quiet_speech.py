"""Finds speech that the voice detector passes over in what it takes for pauses.

A second person far from the microphone can be 30 dB below the first. The detector judges absolute
levels, so quiet pauses are looked at again at the usual level of speech. It also remembers what it
heard before, and doubts a second voice of another kind, such as a deep one on the telephone, for
many seconds: loud pauses are looked at again by themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runtime.core.media import TimeRange
from runtime.processor.stages.windows import SpeechSpans

Samples = NDArray[np.float32]

Detect = Callable[[Samples], SpeechSpans]
"""Returns the speech in samples."""

_SHORTEST_PAUSE_SECONDS, _LEAST_SPEECH_SECONDS = 1.5, 0.7
_MARGIN_SECONDS = 0.1
_SOFT_DB = (-75.0, -36.0)
"""Loud moments of a pause between these are amplified: below is silence, above no need."""

_LONG_PAUSE_SECONDS = 2.0
"""A pause that is looked at as it is."""

_SPEECH_DB, _MOST_GAIN_DB = -24.0, 45.0
_BLOCK_SECONDS, _LOUD_PERCENT = 0.05, 90


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardSpeech:
    """Samples with soft speech amplified, and all speech in them, in order.

    `doubted` is what was found in loud pauses: it is speech if words are recognised in it.
    """

    samples: Samples
    speech: SpeechSpans
    doubted: tuple[tuple[float, float], ...] = ()

    def doubts(self, stretch: TimeRange) -> bool:
        """Return whether only a second look took a stretch for speech."""
        return any(
            start <= stretch.start_seconds and stretch.end_seconds <= end
            for start, end in self.doubted
        )


def with_quiet_speech(
    samples: Samples, speech: SpeechSpans, detect: Detect, detect_again: Detect
) -> HeardSpeech:
    """Return what is heard when pauses are looked at again.

    `detect` judges amplified pauses, `detect_again` those that are as loud as speech. Samples and
    speech are returned as they are where nothing was passed over.
    """
    found: list[tuple[float, float]] = []
    doubted: list[tuple[float, float]] = []
    louder = samples
    for start, end in _pauses(speech, len(samples) / speech.rate):
        first, last = round(start * speech.rate), round(end * speech.rate)
        level = _level(samples[first:last], speech.rate)
        if level <= _SOFT_DB[0] or (level > _SOFT_DB[1] and end - start < _LONG_PAUSE_SECONDS):
            continue
        if level > _SOFT_DB[1]:
            doubted += [
                (start + a, min(end, start + b)) for a, b in detect_again(samples[first:last]).spans
            ]
            continue
        gain = 10 ** (min(_MOST_GAIN_DB, _SPEECH_DB - level) / 20)
        heard = detect((samples[first:last] * gain).clip(-1.0, 1.0))
        spans = [(start + a, min(end, start + b)) for a, b in heard.spans]
        if sum(b - a for a, b in spans) < _LEAST_SPEECH_SECONDS:
            continue
        if louder is samples:
            louder = samples.copy()
        louder[first:last] = (samples[first:last] * gain).clip(-1.0, 1.0)
        found += spans
    if found or doubted:
        speech = SpeechSpans(tuple(sorted([*speech.spans, *found, *doubted])), speech.rate)
    return HeardSpeech(samples=louder, speech=speech, doubted=tuple(doubted))


def _pauses(speech: SpeechSpans, seconds: float) -> list[tuple[float, float]]:
    edges = [0.0, *(edge for span in speech.spans for edge in span), seconds]
    pauses = zip(edges[::2], edges[1::2], strict=True)
    return [
        (start + _MARGIN_SECONDS, end - _MARGIN_SECONDS)
        for start, end in pauses
        if end - start >= _SHORTEST_PAUSE_SECONDS
    ]


def _level(samples: Samples, rate: int) -> float:
    """Return the level of a pause's loud moments, in decibels."""
    size = round(_BLOCK_SECONDS * rate)
    blocks = samples[: len(samples) // size * size].reshape(-1, size)
    power = float(np.percentile((blocks**2).mean(axis=1), _LOUD_PERCENT))
    return float(10 * np.log10(max(power, 1e-12)))
