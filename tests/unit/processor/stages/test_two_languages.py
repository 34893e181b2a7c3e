"""Real recordings that change their language: each sentence in its own, as well as alone."""

import re
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

import jiwer
import pytest

from runtime.core.media import Audio, Transcript
from runtime.processor.stages.transcribe import DEFAULT_OPTIONS, TranscribeOptions, transcribe
from scripts.labelled_speech.prompts import Prompts
from scripts.labelled_speech.recordings import Recording, join
from scripts.sample_media.speech import SAMPLE_RATE
from scripts.setup.wheels import UnavailableError
from tests.unit.processor.conftest import THREADS

pytestmark = pytest.mark.models

MARGIN_SECONDS = 0.4
POINTS = 0.03
"""How much worse a language may be recognized beside another than alone; one word may be more."""

TURNS = [("fr", "demo-nogo"), ("en", "demo-nogo"), ("es", "demo-abouttotry")]
PAUSE_SECONDS = 0.7
Errors = tuple[int, int]


@pytest.fixture(scope="module")
def prompts() -> Prompts:
    try:
        return Prompts()
    except UnavailableError as error:
        pytest.skip(f"Debian's recordings cannot be had: {error}")


def heard(
    recording: Recording, path: Path, models: Path, options: TranscribeOptions = DEFAULT_OPTIONS
) -> Transcript:
    recording.write(path)
    audio = Audio(
        path=path,
        sample_rate=SAMPLE_RATE,
        duration_seconds=len(recording.samples) / SAMPLE_RATE,
    )
    return transcribe(
        audio,
        model_dir=models / "whisper-base",
        threads=THREADS,
        on_progress=lambda _: None,
        options=options,
    )


def plain(text: str) -> str:
    """A text without case, punctuation and accents, which the prompts' lists often leave out."""
    letters = unicodedata.normalize("NFD", text.lower())
    return " ".join(re.findall(r"\w+", "".join(c for c in letters if not unicodedata.combining(c))))


def errors_by_language(recording: Recording, transcript: Transcript) -> dict[str, Errors]:
    """Wrong words and words of each language; every word must be written in its part's."""
    found: defaultdict[str, Errors] = defaultdict(lambda: (0, 0))
    for part in recording.parts:
        words = [
            word
            for word in transcript.words
            if part.start_seconds - MARGIN_SECONDS
            <= (word.start_seconds + word.end_seconds) / 2
            <= part.end_seconds + MARGIN_SECONDS
        ]
        assert {word.language for word in words} == {part.language}
        truth = plain(part.text)
        result = jiwer.process_words(truth, plain(" ".join(word.text for word in words)))
        wrong = result.substitutions + result.deletions + result.insertions
        before = found[part.language]
        found[part.language] = (before[0] + wrong, before[1] + len(truth.split()))
    return dict(found)


def test_should_write_each_turn_in_its_language_as_well_as_alone(
    prompts: Prompts, models: Path, tmp_path: Path
) -> None:
    parts = [prompts.read(language, name) for language, name in TURNS]
    recording = join(parts, pause_seconds=PAUSE_SECONDS)
    transcript = heard(recording, tmp_path / "turns.wav", models)
    together = errors_by_language(recording, transcript)
    alone: Counter[str] = Counter()
    for language in together:
        single = join([p for p in parts if p.language == language], pause_seconds=PAUSE_SECONDS)
        found = heard(single, tmp_path / f"{language}.wav", models)
        alone[language] = errors_by_language(single, found)[language][0]
    assert transcript.unwritten == ()
    for language, (wrong, count) in together.items():
        assert wrong <= alone[language] + max(1, POINTS * count), language


def test_should_write_french_in_english_where_a_translation_is_asked_for(
    prompts: Prompts, models: Path, tmp_path: Path
) -> None:
    recording = join([prompts.read("fr", "vm-goodbye")])
    path = tmp_path / "french.wav"
    found = heard(recording, path, models, TranscribeOptions(translate=True))
    assert recording.parts[0].text == "Au revoir."
    assert found.language == "en"
    assert {"goodbye", "bye", "see"} & set(plain(" ".join(w.text for w in found.words)).split())
    assert {word.language for word in found.words} == {"en"}
