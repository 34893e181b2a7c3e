"""Measures of recognition with a preset: word errors, speakers, languages, times of words."""

import json
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from itertools import permutations
from pathlib import Path

import numpy as np

from benchmarks.languages import CONDITIONS, LANGUAGES, NAMES, Score, rate, right, scores
from benchmarks.recordings.sounds import TALK
from lifestream.scoring import word_errors
from runtime.core.media import Audio, Sentence, Word
from runtime.processor.models.presets import Preset
from runtime.processor.stages.attribute import attribute
from runtime.processor.stages.audio import extract_audio
from runtime.processor.stages.diarize import diarize
from runtime.processor.stages.probe import probe
from runtime.processor.stages.sentences import split_sentences
from runtime.processor.stages.transcribe import TranscribeOptions, transcribe
from scripts.labelled_speech.prompts import SAMPLE_RATE, Prompts
from scripts.labelled_speech.recordings import Recording, join
from scripts.verification.scoring import normalized, word_error_rate

THREADS = 1
NUMBERS = tuple(f"digits/{n}" for n in range(1, 21))
TENS = tuple(f"digits/{n}" for n in range(30, 100, 10))
PHRASES = (*NAMES, "demo-nogo", "vm-goodbye", "vm-deleted", "vm-msgsaved", "vm-nomore", "vm-intro")
MIX = ("fr", "en", "es", "en", "it", "ru")

Measure = Callable[[Path, Preset], str]


def heard(audio: Audio, models: Path, preset: Preset) -> tuple[Word, ...]:
    """Return the words of a recording, recognized with a preset."""
    return transcribe(
        audio,
        model_dir=models / preset.model,
        threads=THREADS,
        on_progress=lambda _: None,
        options=TranscribeOptions(beam_size=preset.beam_size),
    ).words


def words_of(recording: Recording, models: Path, preset: Preset) -> tuple[Word, ...]:
    """Return the words of a recording that was made."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recording.wav"
        recording.write(path)
        seconds = len(recording.samples) / SAMPLE_RATE
        audio = Audio(path=path, sample_rate=SAMPLE_RATE, duration_seconds=seconds)
        return heard(audio, models, preset)


@cache
def _talk(models: Path, preset: Preset) -> tuple[Sentence, ...]:
    with tempfile.TemporaryDirectory() as folder:
        audio = extract_audio(TALK, probe(TALK), Path(folder) / "talk.wav", lambda _: None)
        turns = diarize(
            audio, model_dir=models / "diarization", threads=THREADS, on_progress=lambda _: None
        )
        return split_sentences(attribute(heard(audio, models, preset), turns))


def _truth() -> list[dict[str, str]]:
    turns: list[dict[str, str]] = json.loads(TALK.with_suffix(".truth.json").read_text())["turns"]
    return turns


def talk_errors(models: Path, preset: Preset) -> str:
    """Return the WER of the talk."""
    reference = " ".join(turn["text"] for turn in _truth())
    written = " ".join(sentence.text for sentence in _talk(models, preset))
    return f"{word_error_rate(reference, written):.2%}"


def talk_errors_by_speaker(models: Path, preset: Preset) -> str:
    """Return the cpWER of the talk: WER of each speaker's words, speakers matched for the best."""
    said: dict[str, list[str]] = {}
    for turn in _truth():
        said.setdefault(turn["speaker"], []).append(turn["text"])
    written: dict[str, list[str]] = {}
    for sentence in _talk(models, preset):
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
    def measure(models: Path, preset: Preset) -> str:
        recording = join([Prompts().read(language, name) for name in NAMES])
        score = scores(recording, words_of(recording, models, preset))[language]
        return rate(score)

    return measure


def mixed_errors(models: Path, preset: Preset) -> str:
    """Return the WER of six prompts in five languages."""
    return rate(_summed(_mixed(models, preset)))


def mixed_languages(models: Path, preset: Preset) -> str:
    """Return the share of speech that is written in its own language."""
    return right(_summed(_mixed(models, preset)))


@cache
def _mixed(models: Path, preset: Preset) -> tuple[Score, ...]:
    prompts = Prompts()
    recording = join([prompts.read(code, NAMES[n % 2]) for n, code in enumerate(MIX)])
    return tuple(scores(recording, words_of(recording, models, preset)).values())


def _summed(found: Sequence[Score]) -> Score:
    wrong, count, inside, seconds = (sum(values) for values in zip(*found, strict=True))
    return int(wrong), int(count), inside, seconds


def _under(condition: str) -> Measure:
    def measure(models: Path, preset: Preset) -> str:
        clean = join([Prompts().read("en", name) for name in NAMES])
        samples = CONDITIONS[condition](clean.samples)
        recording = Recording(samples=samples, parts=clean.parts)
        return rate(scores(recording, words_of(recording, models, preset))["en"])

    return measure


def _times(names: Sequence[str], pause_seconds: float) -> Measure:
    """Measure the first and last words of prompts that were put at known times."""

    def measure(models: Path, preset: Preset) -> str:
        prompts = Prompts()
        recording = join([prompts.read("en", name) for name in names], pause_seconds=pause_seconds)
        written = words_of(recording, models, preset)
        starts, ends = [], []
        for part in recording.parts:
            own = [
                word
                for word in written
                if part.start_seconds
                <= (word.start_seconds + word.end_seconds) / 2
                <= part.end_seconds
            ]
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
