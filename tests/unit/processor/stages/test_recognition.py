"""Words by piece: languages that change, loops that were said, speech that is passed over."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.core.media import TimeRange, Word
from runtime.processor.models.whisper_batches import Pack
from runtime.processor.stages.audio import extract_audio
from runtime.processor.stages.probe import probe
from runtime.processor.stages.recognition import Recognizer, unwritten_in
from runtime.processor.stages.segment_words import is_hallucination
from runtime.processor.stages.transcribe import transcribe
from runtime.processor.stages.windows import SpeechSpans
from scripts.sample_media.ffmpeg import ffmpeg
from tests.unit.processor.conftest import STATE, THREADS, made_by_setup

RATE = 100
LONGEST_CUT_SECONDS = 8.0


@dataclass
class Said:
    """A word or a piece of one, as faster-whisper gives it."""

    word: str
    start: float
    end: float
    probability: float = 0.9


@dataclass
class Segment:
    words: tuple[Said, ...]
    start: float = 0.0
    end: float = 0.0
    compression_ratio: float = 1.0
    no_speech_prob: float = 0.1
    avg_logprob: float = -0.2


@dataclass
class FakeDecoder:
    """Hears a word each second; the level of a sample gives the probability of each language.

    `misses` samples at the start are passed over until a cut begins elsewhere.
    """

    languages: dict[int, dict[str, float]]
    misses: set[int] = field(default_factory=set)
    asked: list[list[str]] = field(default_factory=list)
    only_language: str | None = None

    def language_probabilities(self, samples: NDArray[np.float32]) -> dict[str, float]:
        return self.languages[int(np.median(samples))]

    def decode(
        self, packs: Sequence[Pack], on_share: Callable[[float], None]
    ) -> list[list[Segment]]:
        self.asked.append([pack.language for pack in packs])
        on_share(1.0)
        return [self._segments(pack) for pack in packs]

    def _segments(self, pack: Pack) -> list[Segment]:
        if int(pack.samples[0]) in self.misses:
            return []
        count = len(pack.samples) // RATE
        words = tuple(Said(f" {pack.language}{n}", n + 0.1, n + 0.9) for n in range(count))
        return [Segment(words=words, end=float(count))]


def recording(*parts: tuple[int, int]) -> tuple[NDArray[np.float32], SpeechSpans]:
    """Stretches of (level, seconds) with two seconds between them."""
    samples: list[float] = []
    spans = []
    for level, seconds in parts:
        spans.append((len(samples) / RATE, len(samples) / RATE + seconds))
        samples += [float(level)] * (seconds * RATE) + [0.0] * (2 * RATE)
    return np.array(samples, np.float32), SpeechSpans(tuple(spans), RATE)


def recognized(model: FakeDecoder, *parts: tuple[int, int], before: str | None = None) -> Any:
    samples, speech = recording(*parts)
    recognizer = Recognizer(model, languages=())
    return recognizer.recognize(samples, speech, before=before, on_seconds=lambda _: None)


def test_should_write_each_stretch_in_its_own_language() -> None:
    model = FakeDecoder({1: {"fr": 0.99}, 2: {"en": 0.99}})
    found = recognized(model, (1, 20), (2, 15))
    assert model.asked == [["fr", "en"]]
    assert (found.language, found.last_language) == ("fr", "en")
    assert {w.text[:2] for w in found.words if w.start_seconds > 21} == {"en"}


def test_should_write_english_where_it_translates() -> None:
    model = FakeDecoder({1: {"fr": 0.99}, 2: {"en": 0.99}})
    samples, speech = recording((1, 20), (2, 15))
    recognizer = Recognizer(model, languages=(), translate=True)
    found = recognizer.recognize(samples, speech, before=None, on_seconds=lambda _: None)
    assert model.asked == [["fr", "en"]]
    assert {word.language for word in found.words} == {"en"}
    assert (found.language, found.last_language) == ("en", "en")


def test_should_not_change_the_language_for_a_guess() -> None:
    model = FakeDecoder(
        {1: {"en": 0.99}, 2: {"cy": 0.6, "en": 0.2, "de": 0.2}, 3: {"la": 0.9, "en": 0.05}}
    )
    assert recognized(model, (1, 20), (2, 9), (3, 2)).last_language == "en"
    assert recognized(model, (2, 20), (1, 20)).language == "en"
    assert recognized(model, (2, 20), before="de").language == "de"


def test_should_try_speech_again_that_was_passed_over() -> None:
    model = FakeDecoder({1: {"en": 0.99}}, misses={1})
    samples, speech = recording((1, 12))
    samples[30:] = 3.0
    model.languages[3] = {"en": 0.99}
    recognizer = Recognizer(model, languages=())
    found = recognizer.recognize(samples, speech, before=None, on_seconds=lambda _: None)
    assert len(found.words) >= 10
    assert found.unwritten == ()


def test_should_say_what_was_heard_but_stays_without_words() -> None:
    model = FakeDecoder({1: {"en": 0.99}}, misses={1, 0})
    found = recognized(model, (1, 12))
    assert found.words == ()
    assert found.unwritten == (TimeRange(start_seconds=0.0, end_seconds=12.0),)


def test_should_find_speech_without_words() -> None:
    words = [
        Word(start_seconds=a, end_seconds=b, text="w", probability=1.0) for a, b in ((0, 1), (5, 6))
    ]
    speech = SpeechSpans(((0.0, 6.0), (8.0, 9.0), (20.0, 23.0)), RATE)
    assert [(gap.start_seconds, gap.end_seconds) for gap in unwritten_in(speech, words)] == [
        (1.3, 4.7),
        (20.0, 23.0),
    ]


def test_should_cut_short_what_became_a_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = FakeDecoder({1: {"en": 0.99}})
    segments = FakeDecoder._segments

    def loops(self: FakeDecoder, pack: Pack) -> list[Segment]:
        seconds = len(pack.samples) / RATE
        assert pack.is_retry == (len(self.asked) > 1)
        if seconds < LONGEST_CUT_SECONDS:
            return segments(self, pack)
        whole = (Said(" 5-5-5-5-5-5", 0.0, seconds),)
        return [Segment(words=whole, end=seconds, compression_ratio=20.0)]

    monkeypatch.setattr(FakeDecoder, "_segments", loops)
    found = recognized(model, (1, 20))
    assert len(found.words) >= 16
    assert found.unwritten == ()
    assert len(model.asked) == 2


def test_should_keep_a_loop_that_was_said_and_drop_an_invented_one() -> None:
    said = tuple(Said(" no", n * 0.5, n * 0.5 + 0.3) for n in range(15))
    one_word = (Said(" 5-5-5-5-5-5-5", 0.0, 16.0),)
    squeezed = tuple(Said(" no", 5.0, 5.02) for _ in range(15))
    assert not is_hallucination(Segment(words=said, compression_ratio=6.0))
    assert is_hallucination(Segment(words=squeezed, compression_ratio=6.0))
    assert is_hallucination(Segment(words=one_word, compression_ratio=6.0))


def test_should_drop_an_unlikely_word_that_lasts_for_seconds() -> None:
    """Twenty seconds of music became "You", for 2.2 s, with a probability of 0.039."""
    assert is_hallucination(Segment(words=(Said(" You", 0.98, 3.16, 0.039),)))
    assert not is_hallucination(Segment(words=(Said(" You", 0.98, 3.16, 0.3),)))
    assert not is_hallucination(Segment(words=(Said(" You", 0.98, 1.5, 0.039),)))


@pytest.mark.models
@pytest.mark.parametrize("start_seconds", [2.25, 2.3, 2.35, 2.4])
def test_should_hear_a_recording_that_begins_within_a_word(
    models: Path, tmp_path: Path, start_seconds: float
) -> None:
    talk, path = made_by_setup(STATE / "media" / "talk.mp4"), tmp_path / "cut.mkv"
    ffmpeg("-ss", start_seconds, "-t", 24.5, "-i", talk, "-vn", "-ac", 1, "-c:a", "pcm_s16le", path)
    audio = extract_audio(path, probe(path), tmp_path / "cut.wav", lambda _: None)
    transcript = transcribe(
        audio, model_dir=models / "whisper-base", threads=THREADS, on_progress=lambda _: None
    )
    first = {w.text.lower().strip(".,") for w in transcript.words if w.start_seconds < 8}
    assert {"is", "an", "and", "platform", "that", "runs", "on", "the", "system"} <= first
    assert transcript.unwritten == ()
