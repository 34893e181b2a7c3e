"""Word errors and languages of real prompts: alone, mixed, and under poor conditions.

    .venv/bin/python benchmarks/languages.py

Prints Markdown tables. The recordings are Asterisk's prompts from Debian (scripts/labelled_speech).
"""

import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from lifestream.scoring import word_errors  # noqa: E402 - run by path, so the root comes first
from runtime.core.media import Audio, Word  # noqa: E402
from runtime.processor.stages.transcribe import transcribe  # noqa: E402
from scripts.labelled_speech.prompts import SAMPLE_RATE, Prompts, Samples  # noqa: E402
from scripts.labelled_speech.recordings import Part, Recording, join  # noqa: E402

MODEL = (ROOT / ".lifestream" / "models" / "whisper-base").resolve()
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


def recognized(recording: Recording) -> tuple[Word, ...]:
    """Return the words of a recording."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recording.wav"
        recording.write(path)
        audio = Audio(
            path=path,
            sample_rate=SAMPLE_RATE,
            duration_seconds=len(recording.samples) / SAMPLE_RATE,
        )
        return transcribe(audio, model_dir=MODEL, threads=THREADS, on_progress=lambda _: None).words


def _scored(recording: Recording) -> dict[str, Score]:
    return scores(recording, recognized(recording))


def scores(recording: Recording, words: Sequence[Word]) -> dict[str, Score]:
    """Return the score of each language of a recording, by its words."""
    found: defaultdict[str, Score] = defaultdict(lambda: (0, 0, 0.0, 0.0))
    for part in recording.parts:
        before, more = found[part.language], part_score(part, words)
        found[part.language] = (
            before[0] + more[0],
            before[1] + more[1],
            before[2] + more[2],
            before[3] + more[3],
        )
    return dict(found)


def part_score(part: Part, words: Sequence[Word]) -> Score:
    """Return the score of the words within a part."""
    own = [
        word
        for word in words
        if part.start_seconds - MARGIN_SECONDS
        <= (word.start_seconds + word.end_seconds) / 2
        <= part.end_seconds + MARGIN_SECONDS
    ]
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


def echoing(samples: Samples) -> Samples:
    """Add a room that fades by 60 dB within 0.6 s."""
    count = round(0.6 * SAMPLE_RATE)
    tail = np.random.default_rng(2).standard_normal(count)
    tail *= 10 ** (-3 * np.arange(count) / count)
    room = np.convolve(samples, 0.05 * tail)[: len(samples)]
    mixed: Samples = samples + room
    return mixed


def telephone(samples: Samples) -> Samples:
    """Keep 300 to 3400 Hz."""
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    spectrum[(hertz < 300) | (hertz > 3400)] = 0  # noqa: PLR2004 - the band of a telephone
    return np.fft.irfft(spectrum, len(samples))


CONDITIONS: dict[str, Callable[[Samples], Samples]] = {
    "as recorded": lambda samples: samples,
    "white noise, 10 dB below": noisy,
    "echo of 0.6 s": echoing,
    "telephone band": telephone,
}

if __name__ == "__main__":
    main()
