"""Two people talking over each other, heard by the real models."""

from pathlib import Path

import numpy as np
import pytest

from runtime.core.media import SAMPLE_RATE, AttributedWord, Audio, Diarization, MediaInfo
from runtime.processor.stages.attribute import attribute
from runtime.processor.stages.audio import extract_audio
from runtime.processor.stages.diarize import diarize
from runtime.processor.stages.transcribe import transcribe
from tests.unit.processor.builders import ANNA, BEN
from tests.unit.processor.conftest import THREADS
from tests.unit.processor.stages.filming import recording, samples_of

pytestmark = pytest.mark.models

SPEECH, DIALOGUE = (31.5, 42.5), (22.7, 28.6)
"""Where one voice is alone in the sample: the president's, and one of the dialogue's."""

SECOND_FROM, FIRST_UNTIL = 8.0, 11.0
"""When the second begins and the first ends in the mixture."""


@pytest.fixture(scope="module")
def mixture(
    sample: Path, sample_info: MediaInfo, tmp_path_factory: pytest.TempPathFactory
) -> Audio:
    folder = tmp_path_factory.mktemp("mixture")
    whole = samples_of(extract_audio(sample, sample_info, folder / "whole.wav", lambda _: None))
    first, second = (
        whole[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
        for start, end in (SPEECH, DIALOGUE)
    )
    begins = round(SECOND_FROM * SAMPLE_RATE)
    mixed = np.zeros(begins + len(second))
    mixed[: len(first)] = first / np.abs(first).max() / 2
    mixed[begins:] += second / np.abs(second).max() / 2
    return recording(folder / "mixture.wav", mixed.astype(np.float32))


@pytest.fixture(scope="module")
def voices(mixture: Audio, models: Path) -> Diarization:
    return diarize(
        mixture, model_dir=models / "diarization", threads=THREADS, on_progress=lambda _: None
    )


@pytest.fixture(scope="module")
def words(mixture: Audio, voices: Diarization, models: Path) -> tuple[AttributedWord, ...]:
    heard = transcribe(
        mixture, model_dir=models / "whisper-base", threads=THREADS, on_progress=lambda _: None
    )
    return attribute(heard.words, voices)


def test_should_give_every_word_a_speaker(words: tuple[AttributedWord, ...]) -> None:
    assert len(words) > 15
    assert {word.speaker for word in words} == {ANNA, BEN}
    assert all(0 < word.confidence <= 1 for word in words)


def test_should_flag_words_that_both_speak_over_and_no_others(
    words: tuple[AttributedWord, ...],
) -> None:
    middles = [(w.word.start_seconds + w.word.end_seconds) / 2 for w in words]
    both = [
        word.overlap
        for word, middle in zip(words, middles, strict=True)
        if SECOND_FROM + 0.5 < middle < FIRST_UNTIL - 0.5
    ]
    alone = [
        word.overlap
        for word, middle in zip(words, middles, strict=True)
        if not SECOND_FROM - 0.5 < middle < FIRST_UNTIL + 0.5
    ]
    assert both
    assert alone
    assert all(both)
    assert not any(alone)
