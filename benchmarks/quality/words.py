"""Measures of recognition with a preset: word errors, speakers, languages, times of words."""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import permutations
from typing import Any

import numpy as np

from benchmarks.languages import (
    CONDITIONS,
    LANGUAGES,
    NAMES,
    Score,
    part_of,
    rate,
    recognized,
    right,
    scores,
    summed,
)
from benchmarks.measuring.speech import (
    TALK,
    attributed,
    find_speakers,
    recognize,
    sound_of,
    truth_of,
)
from lifestream.scoring import word_errors
from runtime.core.media import Sentence, Word
from runtime.processor.models.presets import Preset
from runtime.processor.stages.transcribe import TranscribeOptions
from scripts.labelled_speech.prompts import Prompts
from scripts.labelled_speech.recordings import Recording, join
from scripts.verification.scoring import normalized, word_error_rate

THREADS = 1
NUMBERS = tuple(f"digits/{n}" for n in range(1, 21))
TENS = tuple(f"digits/{n}" for n in range(30, 100, 10))
PHRASES = (*NAMES, "demo-nogo", "vm-goodbye", "vm-deleted", "vm-msgsaved", "vm-nomore", "vm-intro")
MIX = ("fr", "en", "es", "en", "it", "ru")

Measure = Callable[[Preset], str]


def options_of(preset: Preset) -> dict[str, Any]:
    """Return what recognition takes from a preset."""
    options = TranscribeOptions(beam_size=preset.beam_size)
    return {"model": preset.model, "threads": THREADS, "options": options}


def words_of(recording: Recording, preset: Preset) -> tuple[Word, ...]:
    """Return the words of a recording that was made."""
    return recognized(recording, **options_of(preset))


@cache
def _talk(preset: Preset) -> tuple[Sentence, ...]:
    with sound_of(TALK) as audio:
        speakers = find_speakers(audio, threads=THREADS)
        return attributed(recognize(audio, **options_of(preset)), speakers)


def talk_errors(preset: Preset) -> str:
    """Return the WER of the talk."""
    reference = " ".join(turn["text"] for turn in truth_of(TALK))
    written = " ".join(sentence.text for sentence in _talk(preset))
    return f"{word_error_rate(reference, written):.2%}"


def talk_errors_by_speaker(preset: Preset) -> str:
    """Return the cpWER of the talk: WER of each speaker's words, speakers matched for the best."""
    said: dict[str, list[str]] = {}
    for turn in truth_of(TALK):
        said.setdefault(turn["speaker"], []).append(turn["text"])
    written: dict[str, list[str]] = {}
    for sentence in _talk(preset):
        written.setdefault(sentence.speaker, []).append(sentence.text)
    return f"{speakers_error_rate(list(said.values()), list(written.values())):.2%}"


def speakers_error_rate(said: Sequence[Sequence[str]], written: Sequence[Sequence[str]]) -> float:
    """Return the errors for each word said, with the best match of speakers."""
    count = max(len(said), len(written))
    texts = [
        [normalized(" ".join(texts)) for texts in [*speakers, *[()] * (count - len(speakers))]]
        for speakers in (said, written)
    ]
    total = sum(len(text.split()) for text in texts[0])
    return min(
        sum(_errors(a, b) for a, b in zip(texts[0], order, strict=True))
        for order in permutations(texts[1])
    ) / max(1, total)


def _errors(reference: str, written: str) -> int:
    if not reference:
        return len(written.split())
    errors = word_errors(reference, written)
    return errors.substitutions + errors.deletions + errors.insertions


def _alone(language: str) -> Measure:
    return lambda preset: rate(_scores(_spoken(language), preset)[language])


def _under(condition: str) -> Measure:
    change = CONDITIONS[condition]

    def measure(preset: Preset) -> str:
        clean = _spoken("en")
        changed = Recording(samples=change(clean.samples), parts=clean.parts)
        return rate(_scores(changed, preset)["en"])

    return measure


def _spoken(language: str) -> Recording:
    return join([Prompts().read(language, name) for name in NAMES])


def _scores(recording: Recording, preset: Preset) -> dict[str, Score]:
    return scores(recording, words_of(recording, preset))


def mixed_errors(preset: Preset) -> str:
    """Return the WER of six prompts in five languages."""
    return rate(summed(_mixed(preset)))


def mixed_languages(preset: Preset) -> str:
    """Return the share of speech that is written in its own language."""
    return right(summed(_mixed(preset)))


@cache
def _mixed(preset: Preset) -> tuple[Score, ...]:
    prompts = Prompts()
    recording = join([prompts.read(code, NAMES[n % 2]) for n, code in enumerate(MIX)])
    return tuple(_scores(recording, preset).values())


def _times(names: Sequence[str], pause_seconds: float) -> Measure:
    """Measure the first and last words of prompts that were put at known times."""

    def measure(preset: Preset) -> str:
        prompts = Prompts()
        recording = join([prompts.read("en", name) for name in names], pause_seconds=pause_seconds)
        written = words_of(recording, preset)
        starts, ends = [], []
        for part in recording.parts:
            own = part_of(written, part)
            if own:
                starts.append(abs(own[0].start_seconds - part.start_seconds))
                ends.append(abs(own[-1].end_seconds - part.end_seconds))
        found = f"{len(starts)} of {len(recording.parts)} found"
        if not starts:
            return found
        median = [1000 * float(np.median(errors)) for errors in (starts, ends)]
        most = [1000 * float(np.percentile(errors, 90)) for errors in (starts, ends)]
        return (
            f"{found}; starts {median[0]:.0f} ms (90 %: {most[0]:.0f}), "
            f"ends {median[1]:.0f} ms (90 %: {most[1]:.0f})"
        )

    return measure


MEASURES: dict[str, Measure] = {
    "WER, the talk": talk_errors,
    "cpWER, the talk": talk_errors_by_speaker,
    **{f"WER, prompts in {language}": _alone(language) for language in LANGUAGES},
    "WER, five languages mixed": mixed_errors,
    "speech in its own language, mixed": mixed_languages,
    **{f"WER, {name}": _under(name) for name in CONDITIONS if name != "as recorded"},
    "times of numbers, pauses of 0.6 s": _times((*NUMBERS, *TENS), 0.6),
    "times of numbers, pauses of 0.15 s": _times((*NUMBERS, *TENS), 0.15),
    "times of phrases, pauses of 0.7 s": _times(PHRASES, 0.7),
}
