"""Transcribes a recording with faster-whisper, one window at a time: words with times."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runtime.core.codec import decode, encode
from runtime.core.contract import Device
from runtime.core.media import Audio, TimeRange, Transcript, Word
from runtime.core.ports import Progress
from runtime.processor.checkpoints.increments import NO_INCREMENTS, Increments
from runtime.processor.models.integrity import verify_model
from runtime.processor.models.whisper import Engine, load_whisper
from runtime.processor.models.whisper_batches import BatchDecoder
from runtime.processor.stages.quiet_speech import with_quiet_speech
from runtime.processor.stages.recognition import Recognizer
from runtime.processor.stages.windows import SpeechSpans, read_windows

Samples = NDArray[np.float32]

# Amplified noise must not pass for speech, so more is asked of it.
_SOFT_SPEECH = {"threshold": 0.6, "min_speech_duration_ms": 300}

# Music, applause and noise stay below it for all but a second.
_DOUBTED_SPEECH = {"threshold": 0.35, "min_speech_duration_ms": 1500}

_LONGEST_WINDOW_SECONDS, _SHORTEST_WINDOW_SECONDS = 240.0, 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscribeOptions:
    """`languages` are ISO 639-1: one is taken as given, several restrict the detection.

    `vocabulary` holds names to expect. `translate` writes English, whatever is spoken.

    `window_seconds` bounds memory (the log-mel spectrogram of 30 minutes takes 1.7 GB) and the
    work lost by a kill. None chooses it so that a window takes about `window_work_seconds` on two
    cores.
    """

    languages: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] = ()
    beam_size: int = 5
    window_seconds: float | None = None
    window_work_seconds: float = 20.0
    translate: bool = False


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
    language; otherwise each stretch of speech has the language detected in it, and the transcript
    that of most words. Each window is a unit of `increments`. Raises `Permanent` `models.missing`
    or `models.corrupt`.
    """
    finished: list[_Window] = [decode(_Window, json.loads(unit)) for unit in increments.done]
    engine = Engine(device=device, threads=threads)
    transcriber = _WindowTranscriber(audio, model_dir, engine, options)
    first = finished[-1].end if finished else 0
    for start, samples in read_windows(audio, transcriber.window_seconds, first):
        language = finished[-1].last_language if finished else None
        window = transcriber.transcribe(start, samples, language=language, on_progress=on_progress)
        finished.append(window)
        increments.add(json.dumps(encode(window)).encode())
    on_progress(1.0)
    words = [word for window in finished for word in window.words]
    unwritten = tuple(
        gap.later(audio.starts_at_seconds) for window in finished for gap in window.unwritten
    )
    if not words:
        return Transcript(language=None, language_probability=0.0, words=(), unwritten=unwritten)
    language, probability = _language(finished)
    return Transcript(
        language=language,
        language_probability=round(float(probability), 4),
        words=order_words(shift_words(words, audio.starts_at_seconds)),
        unwritten=unwritten,
    )


def preload_whisper(model_dir: Path, engine: Engine) -> None:
    """Verify and load the model, and the libraries of `transcribe`, for its next call."""
    from faster_whisper.vad import get_vad_model

    verify_model(model_dir)
    load_whisper(model_dir, engine)
    get_vad_model()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """The transcript of a window that ends before sample `end`; `language` is None in silence.

    `last_language` is the one that the recording has reached.
    """

    end: int
    last_language: str | None
    language: str | None = None
    language_probability: float = 0.0
    words: tuple[Word, ...] = ()
    unwritten: tuple[TimeRange, ...] = ()


def _language(finished: Sequence[_Window]) -> tuple[str | None, float]:
    """Return the language of most words, and its highest probability."""
    words: Counter[str] = Counter()
    for window in finished:
        if window.language is not None:
            words[window.language] += len(window.words)
    if not words:
        return None, 0.0
    language = words.most_common(1)[0][0]
    return language, max(w.language_probability for w in finished if w.language == language)


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
        self, start: int, samples: Samples, *, language: str | None, on_progress: Progress
    ) -> _Window:
        """Return the transcript of the window whose first sample is number `start`."""
        from faster_whisper.vad import get_speech_timestamps

        rate = self._audio.sample_rate

        def detect(options: "dict[str, float]", part: Samples) -> SpeechSpans:
            return SpeechSpans.from_samples(get_speech_timestamps(part, **options), rate)

        speech = SpeechSpans.from_samples(get_speech_timestamps(samples), rate)
        heard = with_quiet_speech(
            samples, speech, partial(detect, _SOFT_SPEECH), partial(detect, _DOUBTED_SPEECH)
        )
        if not heard.speech.spans:
            return _Window(end=start + len(samples), last_language=language)
        decoder = BatchDecoder(
            load_whisper(self._model_dir, self._engine),
            vocabulary=self._options.vocabulary,
            beam_size=self._options.beam_size,
            translate=self._options.translate,
        )
        recognizer = Recognizer(
            decoder, languages=self._options.languages, translate=self._options.translate
        )
        first = start / rate
        recognition = recognizer.recognize(
            heard.samples,
            heard.speech,
            before=language,
            on_seconds=lambda seconds: on_progress(
                min(1.0, (first + seconds) / self._audio.duration_seconds)
            ),
        )
        return _Window(
            end=start + len(samples),
            language=recognition.language,
            language_probability=recognition.probability,
            last_language=recognition.last_language,
            words=tuple(shift_words(recognition.words, first)),
            unwritten=tuple(
                gap.later(first) for gap in recognition.unwritten if not heard.doubts(gap)
            ),
        )


def window_seconds(model_bytes: int, work_seconds: float) -> float:
    """Return the length of a window that takes `work_seconds` on two cores.

    Measured: base (145 MB) takes 0.07 s for a second of sound; others take in proportion.
    """
    real_time_factor = 0.07 * model_bytes / 145e6
    return float(
        min(_LONGEST_WINDOW_SECONDS, max(_SHORTEST_WINDOW_SECONDS, work_seconds / real_time_factor))
    )


def shift_words(words: Iterable[Word], seconds: float) -> Iterator[Word]:
    """Yield the words later by `seconds`, never before 0."""
    for word in words:
        yield replace(
            word,
            start_seconds=max(0.0, round(word.start_seconds + seconds, 3)),
            end_seconds=max(0.0, round(word.end_seconds + seconds, 3)),
        )


def order_words(words: Iterable[Word]) -> tuple[Word, ...]:
    """Return the words by start, each ending before the next one starts."""
    ordered = sorted(words, key=lambda w: w.start_seconds)
    ends = [min(word.end_seconds, following.start_seconds) for word, following in pairwise(ordered)]
    ends += [word.end_seconds for word in ordered[-1:]]
    return tuple(
        replace(word, end_seconds=max(end, word.start_seconds))
        for word, end in zip(ordered, ends, strict=True)
    )
