"""What is said? Words with times, by faster-whisper, a window of the recording at a time."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.core.contract import Device
from runtime.core.media import Audio, Transcript, Word
from runtime.core.ports import Progress
from runtime.processor.checkpoints.codec import decode, encode
from runtime.processor.checkpoints.increments import NoParts, Parts
from runtime.processor.models.integrity import verify_model
from runtime.processor.models.whisper import Engine, load_whisper
from runtime.processor.stages.windows import Speech, windows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

_LONGEST_WINDOW_SECONDS, _SHORTEST_WINDOW_SECONDS = 240.0, 30.0
# Whisper's own thresholds (Radford et al. 2022, section 4.5): above the first a text repeats
# itself, beyond the other two the model itself says that nobody speaks.
_COMPRESSION_RATIO = 2.4
_NO_SPEECH = 0.6
_LOG_PROBABILITY = -1.0
# faster-whisper's own list: here it cuts at every character, and no piece has a leading space.
_WRITTEN_WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "my", "yue"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscribeOptions:
    """How to listen. `language` is ISO 639-1, None detects it; `vocabulary` is names to expect.

    `window_seconds` bounds memory, as the log-mel spectrogram of 30 minutes takes 1.7 GB, and what
    is lost when the process is killed; with None it is such that a
    window takes about `window_work_seconds` to hear on two cores.
    """

    language: str | None = None
    vocabulary: tuple[str, ...] = ()
    beam_size: int = 5
    window_seconds: float | None = None
    window_work_seconds: float = 20.0


DEFAULT_OPTIONS = TranscribeOptions()
NOTHING_DONE = NoParts()


def transcribe(
    audio: Audio,
    *,
    model_dir: Path,
    threads: int,
    on_progress: Progress,
    options: TranscribeOptions = DEFAULT_OPTIONS,
    parts: Parts = NOTHING_DONE,
    device: Device = Device.CPU,
) -> Transcript:
    """Return the words, in order, each within speech that the voice detector heard.

    `model_dir` holds a CTranslate2 Whisper model. Audio without speech gives no words and no
    language; otherwise the language is detected in the first window with speech. Each window is
    a unit of `parts`. Raises `Permanent` `models.missing` or `models.corrupt`.
    """
    heard = [_window_of(unit) for unit in parts.done]
    engine = Engine(device=device, threads=threads)
    listener = _Listener(audio, model_dir, engine, options)
    first = heard[-1].end if heard else 0
    for start, samples in windows(audio, listener.window_seconds, first):
        window = listener.hear(start, samples, known=_language(heard, options)[0], tell=on_progress)
        heard.append(window)
        parts.add(json.dumps(encode(window)).encode())
    on_progress(1.0)
    words = [word for window in heard for word in window.words]
    if not words:
        return Transcript(language=None, language_probability=0.0, words=())
    language, probability = _language(heard, options)
    return Transcript(
        language=language,
        language_probability=round(float(probability), 4),
        words=in_order(_later(words, audio.starts_at_seconds)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """What was heard up to the sample `end`; `language` is None where nobody speaks."""

    end: int
    language: str | None
    language_probability: float
    words: tuple[Word, ...]


def _window_of(unit: bytes) -> _Window:
    window: _Window = decode(_Window, json.loads(unit))
    return window


def _language(heard: Sequence[_Window], options: TranscribeOptions) -> tuple[str | None, float]:
    """Return the language so far: of the first window with words, else of the last with speech."""
    language, probability, any_words = options.language, 0.0, False
    for window in heard:
        if window.language is not None and (language is None or not any_words):
            language, probability = window.language, window.language_probability
        any_words = any_words or bool(window.words)
    return language, probability


class _Listener:
    """Hears a window at a time, each as if it were the first."""

    def __init__(
        self, audio: Audio, model_dir: Path, engine: Engine, options: TranscribeOptions
    ) -> None:
        verify_model(model_dir)
        self._audio = audio
        self._model_dir = model_dir
        self._engine = engine
        self._options = options
        self.window_seconds = options.window_seconds or window_seconds(
            (model_dir / "model.bin").stat().st_size, options.window_work_seconds
        )

    def hear(self, start: int, samples: "Samples", *, known: str | None, tell: Progress) -> _Window:
        """Return what is said in the samples from `start` on."""
        from faster_whisper.vad import get_speech_timestamps

        rate = self._audio.sample_rate
        speech = Speech.of(get_speech_timestamps(samples), rate)
        words: list[Word] = []
        language, probability = None, 0.0
        if speech.pieces:
            model = load_whisper(self._model_dir, self._engine)
            segments, detected = _listen(model, speech.of_samples(samples), known, self._options)
            language, probability = detected.language, float(detected.language_probability)
            for segment in segments:
                words += _words(segment, detected.language, speech, start / rate)
                done = start / rate + speech.original(segment.end, segment.end)
                tell(min(1.0, done / self._audio.duration_seconds))
        return _Window(
            end=start + len(samples),
            language=language,
            language_probability=probability,
            words=tuple(words),
        )


def window_seconds(model_bytes: int, work_seconds: float) -> float:
    """Return how long a window is that takes so much work, for a model of that size, on two cores.

    Measured: base (145 MB) takes 0.07 s for a second of sound; others take in proportion.
    """
    seconds_a_second = 0.07 * model_bytes / 145e6
    return float(
        min(_LONGEST_WINDOW_SECONDS, max(_SHORTEST_WINDOW_SECONDS, work_seconds / seconds_a_second))
    )


def _later(words: Iterable[Word], seconds: float) -> Iterator[Word]:
    """Put words that were heard in a recording where it lies; nothing is said before 0."""
    for word in words:
        yield Word(
            start_seconds=max(0.0, round(word.start_seconds + seconds, 3)),
            end_seconds=max(0.0, round(word.end_seconds + seconds, 3)),
            text=word.text,
            probability=word.probability,
        )


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
