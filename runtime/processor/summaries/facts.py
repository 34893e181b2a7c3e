"""Facts in a text that can be compared: names, quotes, speakers, addresses, words."""

import re
from collections.abc import Iterable
from itertools import pairwise

from runtime.core.word_spacing import is_unspaced
from runtime.processor.stages.function_words import words_of
from runtime.processor.summaries.phrases import every_language, folded

_SPEAKER = re.compile(r"\bspeaker[ _]0*(\d+)\b", re.IGNORECASE)
_QUOTED = re.compile(
    '["\u201c\u201e\u00ab]([^"\u201c\u201d\u201e\u00ab\u00bb]+)["\u201d\u201c\u00bb]'
)
_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+|\b[\w.+-]+@[\w-]+\.\w+", re.IGNORECASE)
_CAPITALIZED = re.compile(r"(?<![\w.])([A-Z\u00c0-\u00de][\w\u2019'-]*)")
_SENTENCE_START = re.compile(r"(?:^|[.!?:]\s+|[\"\u201c(]\s*)$")
ENGLISH_DATES = every_language()["en"].dates
_NOT_NAMES = frozenset({"i", "i'm", "i'll", "i've", "i'd", "ok", "okay", "speaker"})
FEWEST_QUOTED_WORDS = 2
_PREFIX = 5


def speakers_in(text: str) -> set[str]:
    """Return the labels of speakers that a text names as "Speaker 1" or "SPEAKER_00"."""
    found = set()
    for match in _SPEAKER.finditer(text):
        number = int(match.group(1)) - (0 if "_" in match.group() else 1)
        found.add(f"SPEAKER_{number:02d}")
    return found


def quotes_in(text: str) -> list[str]:
    """Return the passages in quotation marks that have two words or more."""
    return [quote for quote in _QUOTED.findall(text) if len(words_of(quote)) >= FEWEST_QUOTED_WORDS]


def addresses_in(text: str) -> set[str]:
    """Return web and mail addresses."""
    return {found.lower().rstrip(".,;)") for found in _ADDRESS.findall(text)}


def names_in(text: str) -> list[tuple[str, bool]]:
    """Return the capitalized words, each with whether it begins a sentence; no speaker's label."""
    bare = _SPEAKER.sub(" ", text)
    names = []
    for match in _CAPITALIZED.finditer(bare):
        word = re.sub(r"['\u2019]s?$", "", match.group(1))
        if folded(word) in _NOT_NAMES or folded(word) in ENGLISH_DATES or folded(word) == "may":
            continue
        begins = _SENTENCE_START.search(bare[: match.start()]) is not None
        names.append((word, begins))
    return names


def as_said(text: str) -> str:
    """Return a text as quotes are compared: its words alone, in lower case."""
    return " ".join(re.findall(r"\w+", folded(text)))


def stems_of(text: str, ignored: frozenset[str]) -> set[str]:
    """Return the first letters of content words; of unspaced scripts, pairs of characters."""
    stems = {
        folded(word)[:_PREFIX]
        for word in words_of(text)
        if word not in ignored and len(word) > 2  # noqa: PLR2004 - shorter words are function words
    }
    unspaced = [c for c in text if is_unspaced(c)]
    if unspaced:
        stems = {stem for stem in stems if not any(is_unspaced(c) for c in stem)}
        stems |= {a + b for a, b in pairwise(unspaced)}
    return stems


def words_in(texts: Iterable[str]) -> set[str]:
    """Return all words of some texts, in lower case and without accents."""
    return {word for text in texts for word in re.findall(r"[^\W_]+", folded(text))}
