"""Word errors and languages of real prompts: alone, mixed, and under poor conditions.

    .venv/bin/python benchmarks/languages.py

Prints Markdown tables. The recordings are Asterisk's prompts from Debian (scripts/labelled_speech).
"""

import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.measuring.speech import audio_of, recognize  # noqa: E402 - run by path
from benchmarks.recordings.sounds import echoing, telephone  # noqa: E402
from lifestream.scoring import word_errors  # noqa: E402
from runtime.core.media import Word  # noqa: E402
from scripts.labelled_speech.prompts import Prompts  # noqa: E402
from scripts.labelled_speech.recordings import Part, Recording, join  # noqa: E402
from scripts.sample_media.speech import Samples  # noqa: E402

THREADS = 2
MARGIN_SECONDS = 0.4
NAMES = ("demo-abouttotry", "demo-echotest")
LANGUAGES = ("en", "es", "fr", "it", "ru")
MIXES = {
    "English, Spanish, pauses of 0.7 s": (("en", "es"), 0.7),
    "French, English, pauses of 1 s": (("fr", "en"), 1.0),
    "Italian, Russian, pauses of 0.6 s": (("it", "ru"), 0.6),
}
Score = tuple[int, int, float, float]
"""Wrong words, words, seconds of words in the right language, seconds of words."""


def main() -> None:
    """Measure and print."""
    prompts = Prompts()
    alone: dict[str, Score] = {}
    print("| language | WER alone | seconds in the right language |\n|---|---|---|", flush=True)
    for language in LANGUAGES:
        recording = join([prompts.read(language, name) for name in NAMES])
        alone[language] = _scored(recording)[language]
        print(f"| {language} | {rate(alone[language])} | {right(alone[language])} |", flush=True)
    print("\n| mixed | language | WER alone | WER mixed | right language |\n|---|---|---|---|---|")
    for title, (languages, pause) in MIXES.items():
        turns = [prompts.read(language, name) for name in NAMES for language in languages]
        for language, score in _scored(join(turns, pause_seconds=pause)).items():
            row = (title, language, rate(alone[language]), rate(score), right(score))
            print(f"| {' | '.join(row)} |", flush=True)
    print("\n| English | WER |\n|---|---|")
    clean = join([prompts.read("en", name) for name in NAMES])
    for title, change in CONDITIONS.items():
        recording = Recording(samples=change(clean.samples), parts=clean.parts)
        print(f"| {title} | {rate(_scored(recording)['en'])} |", flush=True)


def recognized(recording: Recording, **options: Any) -> tuple[Word, ...]:
    """Return the words of a recording."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recording.wav"
        recording.write(path)
        return recognize(audio_of(path), **{"threads": THREADS, **options})


def _scored(recording: Recording) -> dict[str, Score]:
    return scores(recording, recognized(recording))


def scores(recording: Recording, words: Sequence[Word]) -> dict[str, Score]:
    """Return the score of each language of a recording, by its words."""
    found: defaultdict[str, list[Score]] = defaultdict(list)
    for part in recording.parts:
        found[part.language].append(part_score(part, words))
    return {language: summed(each) for language, each in found.items()}


def summed(found: Iterable[Score]) -> Score:
    """Return the score of several parts."""
    wrong, count, inside, seconds = (sum(values) for values in zip(*found, strict=True))
    return int(wrong), int(count), inside, seconds


def part_of(words: Sequence[Word], part: Part, margin_seconds: float = 0.0) -> list[Word]:
    """Return the words whose middle lies within a part."""
    start, end = part.start_seconds - margin_seconds, part.end_seconds + margin_seconds
    return [word for word in words if start <= (word.start_seconds + word.end_seconds) / 2 <= end]


def part_score(part: Part, words: Sequence[Word]) -> Score:
    """Return the score of the words within a part."""
    own = part_of(words, part, MARGIN_SECONDS)
    errors = word_errors(part.text, " ".join(word.text for word in own))
    wrong = errors.substitutions + errors.deletions + errors.insertions
    in_language = sum(seconds_of(word) for word in own if word.language == part.language)
    return wrong, errors.reference_count, in_language, sum(map(seconds_of, own))


def seconds_of(word: Word) -> float:
    """Return a word's length."""
    return word.end_seconds - word.start_seconds


def rate(score: Score) -> str:
    """Return the word error rate."""
    return f"{score[0] / score[1]:.1%} ({score[0]} of {score[1]})"


def right(score: Score) -> str:
    """Return the share of speech that is written in its own language."""
    return f"{score[2] / score[3]:.0%}" if score[3] else "no words"


def noisy(samples: Samples) -> Samples:
    """Add white noise 10 dB below the speech."""
    level = np.sqrt(np.mean(samples[np.abs(samples) > 0.01] ** 2))  # noqa: PLR2004 - what is loud
    noise = np.random.default_rng(1).standard_normal(len(samples))
    mixed: Samples = samples + noise * level * 10 ** (-10 / 20)
    return mixed


CONDITIONS: dict[str, Callable[[Samples], Samples]] = {
    "as recorded": lambda samples: samples,
    "white noise, 10 dB below": noisy,
    "echo of 0.6 s": echoing,
    "telephone band": telephone,
}

if __name__ == "__main__":
    main()
