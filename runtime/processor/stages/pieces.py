"""Cuts speech into pieces of up to half a minute, between pauses as far as it can."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runtime.processor.stages.windows import SpeechSpans

Samples = NDArray[np.float32]

PIECE_SECONDS = 28.0
"""Whisper listens to half a minute at a time."""

_LONGEST_SEARCH_SECONDS, _QUIET_SECONDS = 10.0, 0.1


@dataclass(slots=True, kw_only=True)
class Piece:
    """Speech of up to half a minute, joined, and the language it is in."""

    spans: SpeechSpans
    samples: Samples
    language: str
    probability: float = 0.0

    @property
    def seconds(self) -> float:
        """Its length without pauses."""
        return sum(end - start for start, end in self.spans.spans)


def cut_pieces(speech: SpeechSpans, samples: Samples) -> Iterator[SpeechSpans]:
    """Yield the speech in pieces of up to half a minute, cut at pauses."""
    current: list[tuple[float, float]] = []
    seconds = 0.0
    for start, end in (
        part for span in speech.spans for part in _parts(span, samples, speech.rate)
    ):
        if current and seconds + end - start > PIECE_SECONDS:
            yield SpeechSpans(tuple(current), speech.rate)
            current, seconds = [], 0.0
        current.append((start, end))
        seconds += end - start
    if current:
        yield SpeechSpans(tuple(current), speech.rate)


def _parts(span: tuple[float, float], samples: Samples, rate: int) -> Iterator[tuple[float, float]]:
    """Yield a span in parts of up to half a minute, cut where it is quietest."""
    start, end = span
    while end - start > PIECE_SECONDS:
        latest = start + PIECE_SECONDS
        searched = samples[round((latest - _LONGEST_SEARCH_SECONDS) * rate) : round(latest * rate)]
        size = round(_QUIET_SECONDS * rate)
        blocks = searched[: len(searched) // size * size].reshape(-1, size)
        quietest = int(np.argmin((blocks**2).mean(axis=1)))
        cut = latest - _LONGEST_SEARCH_SECONDS + (quietest + 0.5) * _QUIET_SECONDS
        yield start, cut
        start = cut
    yield start, end
