"""Finds speech between louder speech that is too soft for the voice detector, and makes it louder.

A second person far from the microphone can be 30 dB below the first. The detector judges absolute
levels, so the pauses that it finds are looked at again at the usual level of speech.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from runtime.processor.stages.windows import SpeechSpans

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

Detect = Callable[["Samples"], SpeechSpans]
"""Returns the speech in samples."""

_SHORTEST_PAUSE_SECONDS, _LEAST_SPEECH_SECONDS = 1.5, 0.7
_MARGIN_SECONDS = 0.1
_SOFT_DB = (-75.0, -36.0)
"""Loud moments of a pause between these are amplified: below is silence, above no need."""

_SPEECH_DB, _MOST_GAIN_DB = -24.0, 45.0
_BLOCK_SECONDS, _LOUD_PERCENT = 0.05, 90


def with_quiet_speech(
    samples: "Samples", speech: SpeechSpans, detect: Detect
) -> tuple["Samples", SpeechSpans]:
    """Return the samples with soft speech amplified, and the speech with it, in order.

    Both are returned as they are where there is none.
    """
    found: list[tuple[float, float]] = []
    louder = samples
    for start, end in _pauses(speech, len(samples) / speech.rate):
        first, last = round(start * speech.rate), round(end * speech.rate)
        gain = _gain(samples[first:last], speech.rate)
        if gain is None:
            continue
        heard = detect((samples[first:last] * gain).clip(-1.0, 1.0))
        spans = [(start + a, min(end, start + b)) for a, b in heard.spans]
        if sum(b - a for a, b in spans) < _LEAST_SPEECH_SECONDS:
            continue
        if louder is samples:
            louder = samples.copy()
        louder[first:last] = (samples[first:last] * gain).clip(-1.0, 1.0)
        found += spans
    if not found:
        return samples, speech
    return louder, SpeechSpans(tuple(sorted([*speech.spans, *found])), speech.rate)


def _pauses(speech: SpeechSpans, seconds: float) -> list[tuple[float, float]]:
    edges = [0.0, *(edge for span in speech.spans for edge in span), seconds]
    pauses = zip(edges[::2], edges[1::2], strict=True)
    return [
        (start + _MARGIN_SECONDS, end - _MARGIN_SECONDS)
        for start, end in pauses
        if end - start >= _SHORTEST_PAUSE_SECONDS
    ]


def _gain(samples: "Samples", rate: int) -> float | None:
    """Return the factor that gives a pause the level of speech, None where it needs none."""
    import numpy as np

    size = round(_BLOCK_SECONDS * rate)
    blocks = samples[: len(samples) // size * size].reshape(-1, size)
    power = float(np.percentile((blocks**2).mean(axis=1), _LOUD_PERCENT))
    level = 10 * np.log10(max(power, 1e-12))
    if not _SOFT_DB[0] < level < _SOFT_DB[1]:
        return None
    return float(10 ** (min(_MOST_GAIN_DB, _SPEECH_DB - level) / 20))
