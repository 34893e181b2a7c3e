"""What is recognised by the words of a language: denials, dates, decisions, tasks, courtesies."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tomllib import loads
from typing import Any

from runtime.processor.stages.function_words import words_of

_TABLE = Path(__file__).with_name("languages.toml")


def folded(text: str) -> str:
    """Return the text in lower case, without accents."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


@dataclass(frozen=True, slots=True)
class WordSet:
    """Words in lower case, and beginnings and ends of words ("fail*", "*less")."""

    words: frozenset[str]
    starts: tuple[str, ...]
    ends: tuple[str, ...]

    def __contains__(self, word: str) -> bool:
        return word in self.words or word.startswith(self.starts) or word.endswith(self.ends)


def word_set(words: Iterable[str]) -> WordSet:
    """Return the set of words as `languages.toml` writes them."""
    every = frozenset(words)
    starts, ends = (
        tuple(sorted(word.strip("*") for word in every if test(word, "*")))
        for test in (str.endswith, str.startswith)
    )
    return WordSet(frozenset(word for word in every if "*" not in word), starts, ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """One language's words and patterns; `languages.toml` explains them."""

    negations: WordSet
    implied: WordSet
    comparisons: WordSet
    dates: frozenset[str]
    date_phrases: Mapping[str, re.Pattern[str]]
    starters: frozenset[str]
    decision: re.Pattern[str]
    task: re.Pattern[str]
    own_task: re.Pattern[str]
    due: re.Pattern[str]
    courtesy: re.Pattern[str]
    dependent: re.Pattern[str]

    def is_negated(self, text: str) -> bool:
        """Return whether a text denies something."""
        return any(word in self.negations for word in words_of(text))

    def may_deny(self, text: str) -> bool:
        """Return whether a text denies something, if only by what its words imply."""
        return any(word in self.negations or word in self.implied for word in words_of(text))

    def compares(self, text: str) -> bool:
        """Return whether a text compares, as in "not faster than"."""
        return any(word in self.comparisons for word in words_of(text))

    def dates_in(self, text: str) -> set[str]:
        """Return the weekdays, months, seasons and days from today that a text names."""
        found = {name for name, pattern in self.date_phrases.items() if pattern.search(text)}
        return found | (set(words_of(text)) & self.dates)


@cache
def every_language() -> Mapping[str, Phrases]:
    """Return the languages that have a table, by ISO 639-1."""
    tables = loads(_TABLE.read_text(encoding="utf-8"))
    return {language: _parsed(table) for language, table in tables.items()}


def phrases_of(language: str | None) -> Phrases | None:
    """Return a language's words and patterns, None if it has no table."""
    return every_language().get(language or "")


def _parsed(table: Mapping[str, Any]) -> Phrases:
    return Phrases(
        negations=word_set(table["negations"].split()),
        implied=word_set(table["implied"].split()),
        comparisons=word_set(table["comparisons"].split()),
        dates=frozenset(table["dates"].split()),
        date_phrases={name: _compiled(text) for name, text in table["date_phrases"].items()},
        starters=frozenset(map(folded, table["starters"].split())),
        **{
            name: _compiled(table[name], verbose=True)
            for name in ("decision", "task", "own_task", "due", "courtesy", "dependent")
        },
    )


def _compiled(pattern: str, *, verbose: bool = False) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | (re.VERBOSE if verbose else re.NOFLAG))


def is_question(text: str) -> bool:
    """Return whether a text ends with a question mark of some script."""
    return text.rstrip("\"'”’»)")[-1:] in {"?", "？", "؟"}  # noqa: RUF001 - as written
