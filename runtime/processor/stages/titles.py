"""Titles chapters by one of their own phrases: the closest in meaning to their sentences.

Candidates as in RAKE (Rose et al., "Automatic keyword extraction from individual documents", 2010),
ranked by embedding as in KeyBERT (Grootendorst, 2020), against the other chapters' subjects.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from runtime.core.media import Sentence
from runtime.core.word_spacing import is_unspaced, joined, width
from runtime.processor.models.sentence_embedder import SentenceEmbedder
from runtime.processor.stages.function_words import (
    ARTICLES,
    BEFORE_VERBS,
    CONNECTORS,
    NUMBER_WORDS,
    PREPOSITIONS,
    SHORT_WORD_LETTERS,
    function_words,
    words_of,
)

MAX_PHRASE_WORDS = 5
CANDIDATES_EMBEDDED, MOST_EMBEDDED, FEWEST_EMBEDDED = 40, 640, 12
"""Candidates that are worth embedding, best by word weights: of a chapter, of a recording with many
chapters in all, and of each of these at least."""

OTHER_CHAPTERS_WEIGHT = 0.5
"""Weight of a phrase's similarity to other chapters, which counts against it."""

LENGTH_BONUS = {1: -0.08, 2: 0.03, 3: 0.04, 4: 0.0, 5: -0.06}
"""A single word says too little, and five words are a sentence."""

RECURRENCE_WEIGHT = 0.2
"""Weight of the share of a phrase's words that come up again in the chapter."""

SHARED_WORDS = 0.5
"""Titles are alike if the shorter one shares at least this part of its words with the other."""

LEAST_TITLE_WIDTH = 12.0
"""A title of a sentence's first words is at least as wide as this many Latin letters."""

_EDGES = re.compile(r"^\W+|\W+$")
_PAUSE = re.compile(r"[^\w'\u2019\-]$")


def chapter_titles(
    chapters: Sequence[Sequence[Sentence]],
    subjects: NDArray[np.float32],
    *,
    embed: SentenceEmbedder,
    language: str | None,
) -> list[str]:
    """Return a different title for each chapter, `Chapter <n>` for one without a phrase.

    `subjects` holds a unit row for each chapter, of what it is about.
    """
    ignored = function_words(language, [s.text for chapter in chapters for s in chapter])
    phrases = [_candidates(chapter, ignored) for chapter in chapters]
    weights = _word_weights(phrases)
    shortlists = [
        sorted(found, key=lambda phrase: (-_weight(phrase, weights[i]), phrase))
        for i, found in enumerate(phrases)
    ]
    share = max(FEWEST_EMBEDDED, MOST_EMBEDDED // max(1, len(chapters)))
    shortlists = [shortlist[: min(CANDIDATES_EMBEDDED, share)] for shortlist in shortlists]
    titles: list[str] = []
    for i, shortlist in enumerate(shortlists):
        recurring = _recurring_words(chapters[i], ignored)
        ranked = _ranked(shortlist, embed, subjects, i, recurring) if shortlist else []
        spellings = (phrases[i][phrase] for phrase in ranked)
        title = next(
            (s for s in map(_as_title, spellings) if not any(alike(s, t) for t in titles)), None
        )
        if title is None and language != "en":
            title = _opening_words(chapters[i], titles)
        titles.append(title or f"Chapter {i + 1}")
    return titles


def _opening_words(chapter: Sequence[Sentence], taken: Sequence[str]) -> str | None:
    """Return how the chapter's longest sentence begins, None for a few short words.

    In languages without a list of function words a short chapter may have no phrase.
    """
    longest = max(chapter, key=lambda sentence: len(sentence.words))
    words = [_EDGES.sub("", word.word.text) for word in longest.words[:MAX_PHRASE_WORDS]]
    title = joined(word for word in words if word)
    is_long = len(words) > 2 and width(title) > LEAST_TITLE_WIDTH  # noqa: PLR2004 - "thank you"
    if not is_long or any(alike(title, other) for other in taken):
        return None
    return _as_title(title)


def alike(one: str, other: str) -> bool:
    """Return whether two titles would be taken for each other, for the words that they share."""
    first, second = _title_words(one), _title_words(other)
    if not first or not second:
        return one.lower() == other.lower()
    return len(first & second) >= SHARED_WORDS * min(len(first), len(second))


def _title_words(title: str) -> set[str]:
    return {_stem(word) for word in title.lower().split() if word not in CONNECTORS}


def _stem(word: str) -> str:
    """Return a word without the ending of a plural; its own letters if it is short."""
    return word[:-1] if word.endswith("s") and len(word) > 3 else word  # noqa: PLR2004 - as in "gas"


def _recurring_words(chapter: Sequence[Sentence], ignored: frozenset[str]) -> frozenset[str]:
    """Return the stems of content words that stand in more than one sentence."""
    counts = Counter(
        stem
        for sentence in chapter
        for stem in {_stem(w) for w in words_of(sentence.text) if w not in ignored}
    )
    return frozenset(stem for stem, count in counts.items() if count > 1)


def _candidates(chapter: Sequence[Sentence], ignored: frozenset[str]) -> dict[str, str]:
    """Return the chapter's phrases in lower case, with their first spelling."""
    found: dict[str, str] = {}
    for sentence in chapter:
        for run in _breath_groups([word.word.text for word in sentence.words]):
            for phrase in _phrases(run, ignored):
                found.setdefault(phrase.lower(), phrase)
    return found


def _breath_groups(texts: Sequence[str]) -> Iterator[list[str]]:
    """Yield the words between punctuation marks, stripped of it."""
    run: list[str] = []
    for text in texts:
        word = _EDGES.sub("", text)
        if word:
            run.append(word)
        if run and _PAUSE.search(text):
            yield run
            run = []
    if run:
        yield run


def _phrases(run: Sequence[str], ignored: frozenset[str]) -> Iterator[str]:
    """Yield the stretches that begin and end with a content word."""
    lower = [word.lower() for word in run]
    for start in range(len(run)):
        for end in range(start + 1, min(start + MAX_PHRASE_WORDS, len(run)) + 1):
            words = lower[start:end]
            content = [_is_content(word, ignored) for word in words]
            linked = all(
                is_content or word in CONNECTORS or is_unspaced(word[0])
                for is_content, word in zip(content, words, strict=True)
            )
            if (
                content[0]
                and content[-1]
                and linked
                and width(joined(words)) > 3  # noqa: PLR2004 - "uh", "ok", "i'm"
                and not has_verb(lower, start, end)
            ):
                yield " ".join(run[start:end])


def _is_content(word: str, ignored: frozenset[str]) -> bool:
    is_particle = is_unspaced(word[0]) and width(word) <= SHORT_WORD_LETTERS
    return word not in ignored and not is_particle and _is_plain(word)


def has_verb(run: Sequence[str], start: int, end: int) -> bool:
    """Return whether English word order shows a verb among these words of a run.

    An article follows a preposition inside a title, otherwise a verb, as in "bake the cake". In
    other languages none of these words occurs in a phrase's place.
    """
    words = run[start:end]
    if start and run[start - 1] in BEFORE_VERBS:
        return True
    if end < len(run) and run[end] in ARTICLES:
        return True
    if any(word.endswith("ed") and word not in CONNECTORS for word in words[1:]):
        return True
    return any(word in ARTICLES and before not in PREPOSITIONS for before, word in pairwise(words))


def _is_plain(word: str) -> bool:
    """Return whether a word is neither a number nor an address."""
    if any(mark in word for mark in ".@/:") or word[0].isdigit():
        return False
    return word.partition("-")[0] not in NUMBER_WORDS


def _word_weights(chapters: Sequence[Mapping[str, str]]) -> list[dict[str, float]]:
    """Return for each chapter its words' tf-idf, counted over the phrases they occur in."""
    counts = [
        Counter(word for phrase in chapter for word in phrase.split()) for chapter in chapters
    ]
    chapters_with = Counter(word for count in counts for word in count)
    return [
        {word: n * log(1 + len(chapters) / chapters_with[word]) for word, n in count.items()}
        for count in counts
    ]


def _weight(phrase: str, weights: Mapping[str, float]) -> float:
    return sum(weights[word] for word in phrase.split()) / sqrt(len(phrase.split()))


def _ranked(
    shortlist: Sequence[str],
    embed: SentenceEmbedder,
    subjects: NDArray[np.float32],
    chapter: int,
    recurring: frozenset[str],
) -> list[str]:
    """Return the phrases, best first: near their own chapter's subject, far from the others'.

    Words that come up in several of the chapter's sentences count in a phrase's favour.
    """
    nearness = embed(shortlist).astype(np.float64) @ subjects.astype(np.float64).T
    own = nearness[:, chapter]
    others = np.delete(nearness, chapter, axis=1)
    away = others.mean(axis=1) if others.shape[1] else np.zeros_like(own)
    scores = own - OTHER_CHAPTERS_WEIGHT * away
    scores += [LENGTH_BONUS[len(phrase.split())] for phrase in shortlist]
    scores += [RECURRENCE_WEIGHT * _recurrence(phrase, recurring) for phrase in shortlist]
    # Rounded, so that the last bits of another machine's arithmetic do not reorder equals.
    order = sorted(range(len(shortlist)), key=lambda i: (-round(float(scores[i]), 5), i))
    return [shortlist[i] for i in order]


def _recurrence(phrase: str, recurring: frozenset[str]) -> float:
    words = _title_words(phrase)
    return len(words & recurring) / max(1, len(words))


def _as_title(phrase: str) -> str:
    return phrase[:1].upper() + joined(phrase.split())[1:]
