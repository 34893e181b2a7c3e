"""A recording in windows that are cut at pauses, and the stretches of speech in them."""

import wave
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from runtime.core.media import Audio

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

# A window ends in the longest pause of its last minute; a pause is at least this long.
_CUT_SEARCH_SECONDS = 60
_PAUSE_MILLISECONDS = 300


@dataclass(frozen=True, slots=True)
class Speech:
    """Where somebody speaks in a window, seconds; maps time in the joined speech back to it."""

    pieces: tuple[tuple[float, float], ...]
    rate: int

    @classmethod
    def of(cls, chunks: Iterable[dict[str, int]], rate: int) -> "Speech":
        """Take the detector's chunks, in samples."""
        return cls(tuple((c["start"] / rate, c["end"] / rate) for c in chunks), rate)

    def of_samples(self, samples: "Samples") -> "Samples":
        """Return the speech alone, joined."""
        import numpy as np

        rate = self.rate
        spans = [(round(start * rate), round(end * rate)) for start, end in self.pieces]
        return np.concatenate([samples[start:end] for start, end in spans])

    def original(self, joined_seconds: float, belongs_to: float) -> float:
        """Return where a moment of the joined speech lies in the window.

        `belongs_to`, also in joined time, says which piece: the result stays within it, as a word
        cannot reach across a pause that was cut out.
        """
        ends = list(accumulate(end - start for start, end in self.pieces))
        index = min(bisect_right(ends, belongs_to), len(ends) - 1)
        start, end = self.pieces[index]
        return min(max(joined_seconds - ends[index] + end, start), end)


def windows(audio: Audio, seconds: float, start: int) -> Iterator[tuple[int, "Samples"]]:
    """Yield (first sample, samples in -1 to 1): the recording from `start` on, cut at pauses."""
    size = round(seconds * audio.sample_rate)
    with wave.open(str(audio.path), "rb") as wav:
        while start < wav.getnframes():
            wav.setpos(start)
            samples = _as_float(wav.readframes(size))
            if start + len(samples) < wav.getnframes():
                samples = samples[: _pause(samples, audio.sample_rate)]
            yield start, samples
            start += len(samples)


def _as_float(pcm: bytes) -> "Samples":
    import numpy as np

    return np.frombuffer(pcm, np.int16).astype(np.float32) / np.float32(32768)


def _pause(samples: "Samples", rate: int) -> int:
    """Return the sample in the middle of the longest pause of the last minute, else the end."""
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
