"""Synthetic recordings with known topic changes, from the paragraphs beside this file.

A recording strings together parts of several topics. Its pauses, changes of speaker and cuts hint
at topic changes as imperfectly as real ones: they are also found elsewhere and may be missing.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from runtime.core.media import AttributedWord, Scene, Sentence, Word

HERE = Path(__file__).resolve().parent
SECONDS_PER_WORD = 0.38
PAUSE_WITHIN, PAUSE_BETWEEN = 0.35, 1.1
"""Medians of the pauses between sentences, in seconds."""

SPEAKER_CHANGES_WITHIN, SPEAKER_CHANGES_BETWEEN = 0.25, 0.6
CUT_BETWEEN = 0.5
CUT_EVERY_SECONDS = 25.0
FILLERS = (
    "Yeah.",
    "Okay, good.",
    "That makes sense, I think.",
    "Right, so let me go on.",
    "Thank you very much for that.",
    "Well, as I said, that is how it is.",
    "I do not know, to be honest.",
    "Mhm, exactly.",
)
FILLER_SHARE = 0.12


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Sentences with the indices of those that open a topic, and the picture's scenes."""

    sentences: tuple[Sentence, ...]
    boundaries: tuple[int, ...]
    topics: tuple[str, ...]
    scenes: tuple[Scene, ...]
    duration_seconds: float


def read_topics(name: str) -> dict[str, tuple[str, ...]]:
    """Return the sentences of each topic of a file beside this one."""
    topics: dict[str, list[str]] = {}
    title = ""
    for line in (HERE / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("= "):
            title = line[2:]
            topics[title] = []
        elif line and not line.startswith("#"):
            topics[title].append(line)
    return {title: tuple(lines) for title, lines in topics.items()}


def concatenation(
    topics: Mapping[str, Sequence[str]], *, seed: int, least: int = 4, most: int = 8
) -> Recording:
    """Return a recording of `least` to `most` different topics, the same for the same seed."""
    # Not for secrets: a seed must give the same recording everywhere.
    rng = random.Random(seed)  # noqa: S311
    chosen = rng.sample(sorted(topics), min(rng.randint(least, most), len(topics)))
    parts = []
    for title in chosen:
        lines = topics[title]
        length = rng.randint(min(6, len(lines)), len(lines))
        first = rng.randint(0, len(lines) - length)
        parts.append(list(lines[first : first + length]))
    return _recorded(parts, tuple(chosen), rng)


def single(title: str, lines: Sequence[str], *, seed: int) -> Recording:
    """Return a recording of one topic."""
    return _recorded([list(lines)], (title,), random.Random(seed))  # noqa: S311


def _recorded(
    parts: Sequence[Sequence[str]], topics: tuple[str, ...], rng: random.Random
) -> Recording:
    sentences: list[Sentence] = []
    boundaries: list[int] = []
    cuts: list[float] = []
    clock, speaker, speakers = 0.5, 0, rng.randint(1, 4)
    for number, lines in enumerate(parts):
        for index, line in enumerate(_with_fillers(lines, rng)):
            opens = number > 0 and index == 0
            pause = rng.lognormvariate(0, 0.5) * (PAUSE_BETWEEN if opens else PAUSE_WITHIN)
            if rng.random() < (SPEAKER_CHANGES_BETWEEN if opens else SPEAKER_CHANGES_WITHIN):
                speaker = rng.randrange(speakers)
            if opens:
                boundaries.append(len(sentences))
                if rng.random() < CUT_BETWEEN:
                    cuts.append(clock + pause / 2)
            clock += pause
            sentences.append(said(line, start=clock, speaker=f"SPEAKER_{speaker:02d}"))
            clock = sentences[-1].end_seconds
    at = rng.expovariate(1 / CUT_EVERY_SECONDS)
    while at < clock:
        cuts.append(at)
        at += rng.expovariate(1 / CUT_EVERY_SECONDS)
    times = [0.0, *sorted(cuts), clock + 1.0]
    return Recording(
        sentences=tuple(sentences),
        boundaries=tuple(boundaries),
        topics=topics,
        scenes=tuple(
            Scene(index=i, start_seconds=start, end_seconds=end)
            for i, (start, end) in enumerate(pairwise(times))
        ),
        duration_seconds=clock + 1.0,
    )


def _with_fillers(lines: Sequence[str], rng: random.Random) -> list[str]:
    mixed = []
    for line in lines:
        mixed.append(line)
        if rng.random() < FILLER_SHARE:
            mixed.append(rng.choice(FILLERS))
    return mixed


def said(text: str, *, start: float, speaker: str) -> Sentence:
    """Return a text as if recognised, at an even pace."""
    words = tuple(
        AttributedWord(
            word=Word(
                start_seconds=start + i * SECONDS_PER_WORD,
                end_seconds=start + (i + 1) * SECONDS_PER_WORD,
                text=word,
                probability=0.9,
            ),
            speaker=speaker,
            confidence=0.95,
            overlap=False,
        )
        for i, word in enumerate(text.split())
    )
    return Sentence(speaker=speaker, words=words)
