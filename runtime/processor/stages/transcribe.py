"""Transcribes a recording with faster-whisper, one window at a time: words with times."""

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
from runtime.processor.checkpoints.increments import NO_INCREMENTS, Increments
from runtime.processor.models.integrity import verify_model
from runtime.processor.models.whisper import Engine, load_whisper
from runtime.processor.stages.windows import SpeechSpans, read_windows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

_LONGEST_WINDOW_SECONDS, _SHORTEST_WINDOW_SECONDS = 240.0, 30.0
# Whisper's own thresholds (Radford et al. 2022, section 4.5): above the first the text is a loop,
# beyond the other two the model reports silence.
_COMPRESSION_RATIO = 2.4
_NO_SPEECH = 0.6
_LOG_PROBABILITY = -1.0
# faster-whisper's own list: it splits these at every character, without leading spaces.
_WRITTEN_WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "my", "yue"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscribeOptions:
    """`language` is ISO 639-1, None detects it; `vocabulary` holds names to expect.

    `window_seconds` bounds memory (the log-mel spectrogram of 30 minutes takes 1.7 GB) and the
    work lost by a kill. None chooses it so that a window takes about `window_work_seconds` on two
    cores.
    """

    language: str | None = None
    vocabulary: tuple[str, ...] = ()
    beam_size: int = 5
    window_seconds: float | None = None
    window_work_seconds: float = 20.0


DEFAULT_OPTIONS = TranscribeOptions()


def transcribe(
    audio: Audio,
    *,
    model_dir: Path,
    threads: int,
    on_progress: Progress,
    options: TranscribeOptions = DEFAULT_OPTIONS,
    increments: Increments = NO_INCREMENTS,
    device: Device = Device.CPU,
) -> Transcript:
    """Return the words, in order, each within speech that the voice detector found.

    `model_dir` holds a CTranslate2 Whisper model. Audio without speech gives no words and no
    language; otherwise the language is detected in the first window with speech. Each window is
    a unit of `increments`. Raises `Permanent` `models.missing` or `models.corrupt`.
    """
    finished = [_decode_window(unit) for unit in increments.done]
    engine = Engine(device=device, threads=threads)
    transcriber = _WindowTranscriber(audio, model_dir, engine, options)
    first = finished[-1].end if finished else 0
    for start, samples in read_windows(audio, transcriber.window_seconds, first):
        language, _ = _language(finished, options)
        window = transcriber.transcribe(start, samples, language=language, on_progress=on_progress)
        finished.append(window)
        increments.add(json.dumps(encode(window)).encode())
    on_progress(1.0)
    words = [word for window in finished for word in window.words]
    if not words:
        return Transcript(language=None, language_probability=0.0, words=())
    language, probability = _language(finished, options)
    return Transcript(
        language=language,
        language_probability=round(float(probability), 4),
        words=order_words(_shift(words, audio.starts_at_seconds)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """The transcript of a window that ends before sample `end`; `language` is None in silence."""

    end: int
    language: str | None
    language_probability: float
    words: tuple[Word, ...]


def _decode_window(unit: bytes) -> _Window:
    window: _Window = decode(_Window, json.loads(unit))
    return window


def _language(finished: Sequence[_Window], options: TranscribeOptions) -> tuple[str | None, float]:
    """Return language and probability of the first window with words, else the last with speech."""
    language, probability, any_words = options.language, 0.0, False
    for window in finished:
        if window.language is not None and (language is None or not any_words):
            language, probability = window.language, window.language_probability
        any_words = any_words or bool(window.words)
    return language, probability


class _WindowTranscriber:
    """Transcribes windows independently of each other."""

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

    def transcribe(
        self, start: int, samples: "Samples", *, language: str | None, on_progress: Progress
    ) -> _Window:
        """Return the transcript of the window whose first sample is number `start`."""
        from faster_whisper.vad import get_speech_timestamps

        rate = self._audio.sample_rate
        speech = SpeechSpans.from_samples(get_speech_timestamps(samples), rate)
        words: list[Word] = []
        detected_language, probability = None, 0.0
        if speech.spans:
            model = load_whisper(self._model_dir, self._engine)
            segments, detected = _run_model(model, speech.join(samples), language, self._options)
            detected_language = detected.language
            probability = float(detected.language_probability)
            for segment in segments:
                words += _segment_words(segment, detected.language, speech, start / rate)
                done = start / rate + speech.to_window_seconds(segment.end, segment.end)
                on_progress(min(1.0, done / self._audio.duration_seconds))
        return _Window(
            end=start + len(samples),
            language=detected_language,
            language_probability=probability,
            words=tuple(words),
        )


def window_seconds(model_bytes: int, work_seconds: float) -> float:
    """Return the length of a window that takes `work_seconds` on two cores.

    Measured: base (145 MB) takes 0.07 s for a second of sound; others take in proportion.
    """
    real_time_factor = 0.07 * model_bytes / 145e6
    return float(
        min(_LONGEST_WINDOW_SECONDS, max(_SHORTEST_WINDOW_SECONDS, work_seconds / real_time_factor))
    )


def _shift(words: Iterable[Word], seconds: float) -> Iterator[Word]:
    """Yield the words later by `seconds`, never before 0."""
    for word in words:
        yield Word(
            start_seconds=max(0.0, round(word.start_seconds + seconds, 3)),
            end_seconds=max(0.0, round(word.end_seconds + seconds, 3)),
            text=word.text,
            probability=word.probability,
        )


def order_words(words: Iterable[Word]) -> tuple[Word, ...]:
    """Return the words by start, each ending before the next one starts."""
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


def _run_model(
    model: Any, samples: "Samples", language: str | None, options: TranscribeOptions
) -> tuple[Iterable[Any], Any]:
    segments, info = model.transcribe(
        samples,
        language=language,
        language_detection_segments=4,
        beam_size=options.beam_size,
        word_timestamps=True,
        # A hallucination in one half minute must not feed the next.
        condition_on_previous_text=False,
        hotwords=", ".join(options.vocabulary) or None,
        compression_ratio_threshold=_COMPRESSION_RATIO,
        no_speech_threshold=_NO_SPEECH,
        log_prob_threshold=_LOG_PROBABILITY,
    )
    return segments, info


def _segment_words(
    segment: Any, language: str, speech: SpeechSpans, window_start_seconds: float
) -> Iterator[Word]:
    if is_hallucination(segment):
        return
    for pieces in join_pieces(segment.words or (), language):
        text = "".join(piece.word for piece in pieces).strip()
        if text:
            first, last = pieces[0], pieces[-1]
            middle = (first.start + last.end) / 2
            start = window_start_seconds + speech.to_window_seconds(float(first.start), middle)
            end = window_start_seconds + speech.to_window_seconds(float(last.end), middle)
            yield Word(
                start_seconds=round(start, 3),
                end_seconds=round(end, 3),
                text=text,
                probability=round(min(float(piece.probability) for piece in pieces), 4),
            )


def is_hallucination(segment: Any) -> bool:
    """Return whether a segment is a loop or an improbable guess, as Whisper makes for silence."""
    is_loop: bool = segment.compression_ratio > _COMPRESSION_RATIO
    is_silence = segment.no_speech_prob > _NO_SPEECH and segment.avg_logprob < _LOG_PROBABILITY
    return is_loop or is_silence


def join_pieces(pieces: Iterable[Any], language: str) -> list[list[Any]]:
    """Group faster-whisper's pieces of words that are written without a space between.

    It splits "full-featured" and "www.example.org" before each mark; only the first piece of a
    word has a leading space.
    """
    groups: list[list[Any]] = []
    for piece in pieces:
        if groups and language not in _WRITTEN_WITHOUT_SPACES and not piece.word.startswith(" "):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return groups
