"""What is recognised by the words of a language: denials, dates, decisions, tasks, courtesies."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tomllib import loads
from typing import Any

from runtime.processor.stages.function_words import words_of

_TABLE = Path(__file__).with_name("languages.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """One language's words and patterns; `languages.toml` explains them."""

    negations: frozenset[str]
    negative_starts: tuple[str, ...]
    negative_ends: tuple[str, ...]
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
        return any(
            word in self.negations
            or word.startswith(self.negative_starts)
            or word.endswith(self.negative_ends)
            for word in words_of(text)
        )

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
    parts = table["negative_parts"]
    return Phrases(
        negations=frozenset(table["negations"].split()),
        negative_starts=tuple(part[:-1] for part in parts if part.endswith("*")),
        negative_ends=tuple(part[1:] for part in parts if part.startswith("*")),
        dates=frozenset(table["dates"].split()),
        date_phrases={name: _compiled(text) for name, text in table["date_phrases"].items()},
        starters=frozenset(table["starters"].split()),
        **{
            name: _compiled(table[name], verbose=True)
            for name in ("decision", "task", "own_task", "due", "courtesy", "dependent")
        },
    )


def _compiled(pattern: str, *, verbose: bool = False) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | (re.VERBOSE if verbose else re.NOFLAG))
