"""What is said? Words with times, by faster-whisper, a window of the recording at a time."""

import wave
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.core.media import Audio, Transcript, Word
from runtime.core.ports import Progress
from runtime.processor.models.integrity import verify_model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

# A window ends in the longest pause of its last minute; a pause is at least this long.
_CUT_SEARCH_SECONDS = 60
_PAUSE_MILLISECONDS = 300
# Whisper's own thresholds (Radford et al. 2022, section 4.5): above the first a text repeats
# itself, beyond the other two the model itself says that nobody speaks.
_COMPRESSION_RATIO = 2.4
_NO_SPEECH = 0.6
_LOG_PROBABILITY = -1.0
# faster-whisper's own list: here it cuts at every character, and no piece has a leading space.
_WRITTEN_WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "my", "yue"})
# Retries at a raised temperature draw at random; a fixed seed makes a rerun give the same words.
_SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscribeOptions:
    """How to listen. `language` is ISO 639-1, None detects it; `vocabulary` is names to expect.

    `window_seconds` bounds memory: the log-mel spectrogram of 30 minutes takes 1.7 GB at its peak.
    """

    language: str | None = None
    vocabulary: tuple[str, ...] = ()
    beam_size: int = 5
    window_seconds: float = 600.0


DEFAULT_OPTIONS = TranscribeOptions()


def transcribe(
    audio: Audio,
    *,
    model_dir: Path,
    threads: int,
    on_progress: Progress,
    options: TranscribeOptions = DEFAULT_OPTIONS,
) -> Transcript:
    """Return the words, in order, each within speech that the voice detector heard.

    `model_dir` holds a CTranslate2 Whisper model. Audio without speech gives no words and no
    language; otherwise the language is detected in the first window with speech. Raises
    `Permanent` `models.missing` or `models.corrupt`.
    """
    from faster_whisper.vad import get_speech_timestamps

    model = _load(model_dir, threads)
    language, probability = options.language, 0.0
    words: list[Word] = []
    for start_seconds, samples in _windows(audio, options.window_seconds):
        speech = Speech.of(get_speech_timestamps(samples), audio.sample_rate)
        if speech.pieces:
            segments, detected = _listen(model, speech.of_samples(samples), language, options)
            if language is None or not words:
                language, probability = detected.language, detected.language_probability
            for segment in segments:
                words += _words(segment, detected.language, speech, start_seconds)
                done = start_seconds + speech.original(segment.end, segment.end)
                on_progress(min(1.0, done / audio.duration_seconds))
    on_progress(1.0)
    if not words:
        return Transcript(language=None, language_probability=0.0, words=())
    return Transcript(
        language=language,
        language_probability=round(float(probability), 4),
        words=in_order(words),
    )


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


def in_order(words: Iterable[Word]) -> tuple[Word, ...]:
    """Return the words so that none starts before the one before it or overlaps it."""
    ordered = sorted(words, key=lambda w: w.start_seconds)
    ends = [min(word.end_seconds, following.start_seconds) for word, following in pairwise(ordered)]
    ends += [word.end_seconds for word in ordered[-1:]]
    return tuple(
        Word(
            start_seconds=word.start_seconds,
            end_seconds=max(end, word.start_seconds),
            text=word.text,
            probability=word.probability,
        )
        for word, end in zip(ordered, ends, strict=True)
    )


def _load(model_dir: Path, threads: int) -> Any:
    """Load the model anew: its threads draw from generators that are seeded once, at their start.

    Takes half a second (base); a model kept for the next job would give that job other words.
    """
    import ctranslate2
    from faster_whisper import WhisperModel

    verify_model(model_dir)
    ctranslate2.set_random_seed(_SEED)
    return WhisperModel(
        str(model_dir),
        device="cpu",
        compute_type="int8",
        cpu_threads=threads,
        local_files_only=True,
    )


def _listen(
    model: Any, samples: "Samples", language: str | None, options: TranscribeOptions
) -> tuple[Iterable[Any], Any]:
    segments, info = model.transcribe(
        samples,
        language=language,
        language_detection_segments=4,
        beam_size=options.beam_size,
        word_timestamps=True,
        # A hallucination or a slip in one half minute must not feed the next.
        condition_on_previous_text=False,
        hotwords=", ".join(options.vocabulary) or None,
        compression_ratio_threshold=_COMPRESSION_RATIO,
        no_speech_threshold=_NO_SPEECH,
        log_prob_threshold=_LOG_PROBABILITY,
    )
    return segments, info


def _words(
    segment: Any, language: str, speech: Speech, window_start_seconds: float
) -> Iterator[Word]:
    if is_invented(segment):
        return
    for pieces in written_words(segment.words or (), language):
        text = "".join(piece.word for piece in pieces).strip()
        if text:
            first, last = pieces[0], pieces[-1]
            middle = (first.start + last.end) / 2
            start = window_start_seconds + speech.original(float(first.start), middle)
            end = window_start_seconds + speech.original(float(last.end), middle)
            yield Word(
                start_seconds=round(start, 3),
                end_seconds=round(end, 3),
                text=text,
                probability=round(min(float(piece.probability) for piece in pieces), 4),
            )


def is_invented(segment: Any) -> bool:
    """Tell whether a segment is what Whisper says when it hears nothing: loops, or a wild guess."""
    repeats_itself: bool = segment.compression_ratio > _COMPRESSION_RATIO
    hears_nobody = segment.no_speech_prob > _NO_SPEECH and segment.avg_logprob < _LOG_PROBABILITY
    return repeats_itself or hears_nobody


def written_words(pieces: Iterable[Any], language: str) -> list[list[Any]]:
    """Group faster-whisper's words into those that are written without a space between.

    It cuts "full-featured" and "www.example.org" before each mark inside; only the first piece
    keeps its leading space.
    """
    groups: list[list[Any]] = []
    for piece in pieces:
        if groups and language not in _WRITTEN_WITHOUT_SPACES and not piece.word.startswith(" "):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return groups


def _windows(audio: Audio, window_seconds: float) -> Iterator[tuple[float, "Samples"]]:
    """Yield (start in seconds, samples in -1 to 1): the whole recording, cut at pauses."""
    size = round(window_seconds * audio.sample_rate)
    start = 0
    with wave.open(str(audio.path), "rb") as wav:
        while start < wav.getnframes():
            wav.setpos(start)
            samples = _as_float(wav.readframes(size))
            if start + len(samples) < wav.getnframes():
                samples = samples[: _pause(samples, audio.sample_rate)]
            yield start / audio.sample_rate, samples
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
