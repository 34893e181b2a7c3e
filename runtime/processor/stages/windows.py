"""Reads a recording in windows that end at pauses, and maps times within their speech."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from runtime.core.media import Audio
from runtime.processor.models.diarization_windows import Recording

Samples = NDArray[np.float32]

# A window ends in the longest pause of its last minute, if that is at least this long.
_CUT_SEARCH_SECONDS = 60
_PAUSE_MILLISECONDS = 300


@dataclass(frozen=True, slots=True)
class SpeechSpans:
    """The spans of speech in a window, in seconds, and the mapping from joined speech to them."""

    spans: tuple[tuple[float, float], ...]
    rate: int

    @classmethod
    def from_samples(cls, chunks: Iterable[dict[str, int]], rate: int) -> "SpeechSpans":
        """Return the voice detector's chunks, given in samples."""
        return cls(tuple((c["start"] / rate, c["end"] / rate) for c in chunks), rate)

    def join(self, samples: Samples) -> Samples:
        """Return the samples of all spans, one after another."""
        rate = self.rate
        spans = [(round(start * rate), round(end * rate)) for start, end in self.spans]
        return np.concatenate([samples[start:end] for start, end in spans])

    def to_window_seconds(self, joined_seconds: float, belongs_to: float) -> float:
        """Return the time in the window of a time in the joined speech.

        `belongs_to`, in joined time, selects the span, and the result stays within it: a word
        cannot reach across a pause that was removed.
        """
        ends = list(accumulate(end - start for start, end in self.spans))
        index = min(bisect_right(ends, belongs_to), len(ends) - 1)
        start, end = self.spans[index]
        return min(max(joined_seconds - ends[index] + end, start), end)


def read_windows(audio: Audio, seconds: float, start: int) -> Iterator[tuple[int, Samples]]:
    """Yield (first sample, samples from -1 to 1) of the windows from `start` on."""
    recording, size = Recording(audio.path), round(seconds * audio.sample_rate)
    while start < recording.count:
        samples = recording.samples(start, start + size)
        if start + len(samples) < recording.count:
            samples = samples[: _find_pause(samples, audio.sample_rate)]
        yield start, samples
        start += len(samples)


def _find_pause(samples: Samples, rate: int) -> int:
    """Return the sample in the middle of the last minute's longest pause, the end without one."""
    from faster_whisper.vad import get_speech_timestamps

    first = max(len(samples) // 2, len(samples) - _CUT_SEARCH_SECONDS * rate)
    speech = get_speech_timestamps(
        samples[first:], min_silence_duration_ms=_PAUSE_MILLISECONDS, speech_pad_ms=0
    )
    edges: list[int] = [
        0,
        *(edge for s in speech for edge in (s["start"], s["end"])),
        len(samples) - first,
    ]
    pauses = list(zip(edges[::2], edges[1::2], strict=True))
    start, end = max(pauses, key=lambda pause: pause[1] - pause[0])
    if (end - start) * 1000 < _PAUSE_MILLISECONDS * rate:
        return len(samples)
    return first + (start + end) // 2
