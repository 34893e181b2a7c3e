"""Splits attributed words into sentences, the unit that is read, cited and summarized."""

import re
from collections.abc import Sequence

from runtime.core.media import AttributedWord, Sentence

PAUSE_SECONDS = 1.5
"""A silence this long ends a sentence even without a full stop."""

MAX_WORDS = 45
MAX_SECONDS = 30.0

_TERMINAL = re.compile(r"[.?!…。？！]+[\"'”’»)\]]*$")  # noqa: RUF001 - full-width marks end sentences
_SOFT = re.compile(r"[,;:—–،、，；]$")  # noqa: RUF001 - dashes and full-width marks are breaks
_ABBREVIATION = re.compile(
    r"^[(\"']*(?:[A-Za-z]|(?:[A-Za-z]\.)+[A-Za-z]|mr|mrs|ms|dr|prof|st|sr|jr|vs|etc|approx|vol|fig|inc|ltd)\.$",
    re.IGNORECASE,
)


def split_sentences(words: Sequence[AttributedWord]) -> tuple[Sentence, ...]:
    """Return sentences that hold all the words, in their order, each of a single speaker.

    A sentence ends after its closing punctuation, at a change of speaker or language, or at a pause
    of 1.5 s.
    Runs longer than 45 words or 30 s (speech without punctuation) are halved at the best pause or
    comma until they fit.
    """
    sentences: list[Sentence] = []
    run: list[AttributedWord] = []
    for word in words:
        if run and _ends_between(run[-1], word):
            sentences += _bounded(run)
            run = []
        run.append(word)
    if run:
        sentences += _bounded(run)
    return tuple(sentences)


def _ends_between(last: AttributedWord, following: AttributedWord) -> bool:
    if last.speaker != following.speaker or last.word.language != following.word.language:
        return True
    if following.word.start_seconds - last.word.end_seconds >= PAUSE_SECONDS:
        return True
    return closes_sentence(last.word.text)


def closes_sentence(text: str) -> bool:
    """Return whether a word's text ends a sentence; an abbreviation's dot does not."""
    return bool(_TERMINAL.search(text)) and not _ABBREVIATION.match(text)


def _bounded(run: Sequence[AttributedWord]) -> list[Sentence]:
    seconds = run[-1].word.end_seconds - run[0].word.start_seconds
    if len(run) == 1 or (len(run) <= MAX_WORDS and seconds <= MAX_SECONDS):
        return [Sentence(speaker=run[0].speaker, words=tuple(run))]
    at = max(range(1, len(run)), key=lambda i: (_break_quality(run, i), -i))
    return [*_bounded(run[:at]), *_bounded(run[at:])]


def _break_quality(run: Sequence[AttributedWord], at: int) -> float:
    """Rate a break before word `at`: near the middle, after a comma or in a pause."""
    balance = min(at, len(run) - at) / len(run)
    before, after = run[at - 1].word, run[at].word
    pause = max(0.0, after.start_seconds - before.end_seconds)
    comma = 0.5 if _SOFT.search(before.text) else 0.0
    return balance * (1.0 + min(pause, 1.0) + comma)
