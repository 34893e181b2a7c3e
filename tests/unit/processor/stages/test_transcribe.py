from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import jiwer
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from runtime.core.contract import Device
from runtime.core.media import SAMPLE_RATE, Audio, MediaInfo, Transcript, Word
from runtime.processor.models.whisper import Engine, load_whisper
from runtime.processor.stages.audio import extract_audio
from runtime.processor.stages.segment_words import is_hallucination, join_pieces
from runtime.processor.stages.transcribe import (
    TranscribeOptions,
    order_words,
    transcribe,
    window_seconds,
)
from runtime.processor.stages.windows import SpeechSpans
from tests.unit.processor.conftest import THREADS
from tests.unit.processor.stages.filming import Gauge, ListedIncrements, recording, samples_of

TINY = "whisper-tiny.en"
ENGINE = Engine(device=Device.CPU, threads=THREADS)
INAUGURAL = "ask not what your country can do for you ask what you can do for your country"


def test_should_map_joined_speech_back_to_where_it_was() -> None:
    speech = SpeechSpans(((1.0, 3.0), (10.0, 14.0)), SAMPLE_RATE)
    assert speech.to_window_seconds(0.5, belongs_to=0.5) == 1.5
    assert speech.to_window_seconds(2.5, belongs_to=2.5) == 10.5
    assert speech.to_window_seconds(6.0, belongs_to=6.0) == 14.0


def test_should_keep_a_word_within_the_stretch_of_speech_that_holds_most_of_it() -> None:
    speech = SpeechSpans(((1.0, 3.0), (10.0, 14.0)), SAMPLE_RATE)
    # From 1.9 to 2.3 in joined time: most of it, and so all of it, comes after the pause.
    assert speech.to_window_seconds(1.9, belongs_to=2.1) == 10.0
    assert speech.to_window_seconds(2.3, belongs_to=2.1) == pytest.approx(10.3)


def test_should_join_the_stretches_of_speech() -> None:
    speech = SpeechSpans.from_samples([{"start": 1, "end": 3}, {"start": 5, "end": 6}], rate=1)
    samples = np.arange(8, dtype=np.float32)
    assert speech.join(samples).tolist() == [1, 2, 5]


@given(
    st.lists(st.tuples(st.floats(0, 50), st.floats(0, 5)), max_size=20),
)
def test_should_put_words_in_order_without_overlap(times: list[tuple[float, float]]) -> None:
    words = [
        Word(start_seconds=start, end_seconds=start + length, text="word", probability=1.0)
        for start, length in times
    ]
    ordered = order_words(words)
    assert len(ordered) == len(words)
    assert all(word.start_seconds <= word.end_seconds for word in ordered)
    assert all(a.end_seconds <= b.start_seconds for a, b in pairwise(ordered))


@dataclass
class Piece:
    word: str


def test_should_keep_a_hyphenated_word_whole() -> None:
    pieces = [Piece(" full"), Piece("-featured"), Piece(" system")]
    groups = join_pieces(pieces, "en")
    assert ["".join(piece.word for piece in group) for group in groups] == [
        " full-featured",
        " system",
    ]


def test_should_keep_pieces_apart_where_no_spaces_are_written() -> None:
    assert len(join_pieces([Piece("\u4f60"), Piece("\u597d")], "zh")) == 2


@dataclass
class Segment:
    compression_ratio: float = 1.5
    no_speech_prob: float = 0.1
    avg_logprob: float = -0.3
    words: tuple[object, ...] = ()


def test_should_take_loops_and_wild_guesses_for_invented() -> None:
    assert is_hallucination(Segment(compression_ratio=2.5))
    assert is_hallucination(Segment(no_speech_prob=0.7, avg_logprob=-1.1))


def test_should_believe_what_is_heard_well_or_where_somebody_speaks() -> None:
    assert not is_hallucination(Segment())
    assert not is_hallucination(Segment(no_speech_prob=0.7))
    assert not is_hallucination(Segment(avg_logprob=-1.1))


@pytest.fixture(scope="module")
def speech(sample: Path, sample_info: MediaInfo, tmp_path_factory: pytest.TempPathFactory) -> Audio:
    """The speech with known words at the end of the sample: 11 s."""
    folder = tmp_path_factory.mktemp("speech")
    whole = extract_audio(sample, sample_info, folder / "whole.wav", Gauge())
    last = samples_of(whole)[-round(12.5 * SAMPLE_RATE) :].astype(np.float32)
    return recording(folder / "speech.wav", last)


@pytest.mark.models
def test_should_hear_the_words_where_they_are(speech: Audio, models: Path) -> None:
    transcript = heard(speech, models)
    assert transcript.language == "en"
    assert INAUGURAL in plain(transcript)
    assert all(0 <= word.probability <= 1 for word in transcript.words)
    assert transcript.words[-1].end_seconds <= speech.duration_seconds
    assert all(a.end_seconds <= b.start_seconds for a, b in pairwise(transcript.words))


@pytest.mark.models
def test_should_hear_the_same_through_windows(speech: Audio, models: Path, tmp_path: Path) -> None:
    # Three times over with a second's pause: windows of 16 s cut somewhere in the second and third.
    once = samples_of(speech).astype(np.float32)
    pause = np.zeros(SAMPLE_RATE, dtype=np.float32)
    thrice = recording(
        tmp_path / "thrice.wav", np.concatenate([once, pause, once, pause, once, pause])
    )
    transcript = heard(thrice, models, TranscribeOptions(window_seconds=16.0))
    expected = " ".join([plain(heard(speech, models))] * 3)
    assert jiwer.wer(expected, plain(transcript)) <= 0.05
    first_country = [w.start_seconds for w in transcript.words if w.text.startswith("country")]
    assert first_country[-1] > 2 * speech.duration_seconds


@pytest.mark.models
def test_should_hear_the_same_wherever_it_was_interrupted(
    speech: Audio, models: Path, tmp_path: Path
) -> None:
    # Backward speech in noise makes Whisper draw at random, which must not depend on the past.
    samples = samples_of(speech).astype(np.float32)
    once, backward = samples[: 8 * SAMPLE_RATE], samples[::-1][3 * SAMPLE_RATE : 8 * SAMPLE_RATE]
    noise = np.random.default_rng(1).normal(0, 0.03, len(backward)).astype(np.float32)
    pause = np.zeros(SAMPLE_RATE, dtype=np.float32)
    pieces = (once, pause, np.clip(backward + noise, -1, 1), pause, once)
    audio = recording(tmp_path / "long.wav", np.concatenate(pieces))
    options = TranscribeOptions(window_seconds=10.0)
    whole = ListedIncrements()
    used = load_whisper(models / TINY, ENGINE)
    expected = heard(audio, models, options, whole)
    assert load_whisper(models / TINY, ENGINE) is not used  # it drew at random
    assert len(whole.added) >= 3
    for kept in range(1, len(whole.added) + 1):
        resumed = ListedIncrements(whole.added[:kept])
        assert heard(audio, models, options, resumed) == expected
        assert resumed.added == whole.added[kept:]


@pytest.mark.parametrize(
    ("megabytes", "seconds"), [(75, 240.0), (145, 240.0), (480, 86.3), (1500, 30.0), (3100, 30.0)]
)
def test_should_take_shorter_windows_for_larger_models(megabytes: int, seconds: float) -> None:
    assert window_seconds(megabytes * 1_000_000, 20.0) == pytest.approx(seconds, abs=0.1)


def white_noise(level: float) -> NDArray[np.float64]:
    return np.clip(np.random.default_rng(0).normal(0, level, 60 * SAMPLE_RATE), -1, 1)


def music() -> NDArray[np.float64]:
    """A minute of chords that change and swell, each with overtones, over a beat."""
    at = np.arange(60 * SAMPLE_RATE) / SAMPLE_RATE
    played = np.zeros_like(at)
    for chord, notes in enumerate(((220, 277, 330), (196, 247, 294), (175, 220, 262))):
        sounds = (at // 2).astype(int) % 3 == chord
        for note in notes:
            for overtone in (1, 2, 3):
                played += sounds * np.sin(2 * np.pi * note * overtone * at) / overtone
    beat = np.exp(-((at % 0.5) * 12))
    return played / 12 * (0.6 + 0.4 * np.sin(np.pi * at)) + 0.2 * beat * np.sin(2 * np.pi * 80 * at)


QUIET = {
    "silence": lambda: white_noise(0.0),
    "hiss": lambda: white_noise(0.02),
    "loud noise": lambda: white_noise(0.3),
    "music": music,
}


@pytest.mark.models
@pytest.mark.parametrize("model", [TINY, "whisper-base"])
@pytest.mark.parametrize("name", QUIET)
def test_should_invent_nothing_where_no_one_speaks(
    models: Path, tmp_path: Path, name: str, model: str
) -> None:
    audio = recording(tmp_path / "quiet.wav", QUIET[name]().astype(np.float32))
    transcript = heard(audio, models, model=model)
    assert transcript == Transcript(language=None, language_probability=0.0, words=())


@pytest.mark.models
def test_should_accept_audio_without_samples(models: Path, tmp_path: Path) -> None:
    assert heard(recording(tmp_path / "none.wav", np.zeros(0, np.float32)), models).words == ()


def heard(
    audio: Audio,
    models: Path,
    options: TranscribeOptions | None = None,
    increments: ListedIncrements | None = None,
    model: str = TINY,
) -> Transcript:
    gauge = Gauge()
    transcript = transcribe(
        audio,
        model_dir=models / model,
        threads=THREADS,
        on_progress=gauge,
        options=options or TranscribeOptions(),
        increments=increments or ListedIncrements(),
    )
    assert gauge.seen[-1] == 1.0
    return transcript


def plain(transcript: Transcript) -> str:
    text = " ".join(word.text for word in transcript.words).lower()
    return "".join(c for c in text if c.isalpha() or c == " ")
