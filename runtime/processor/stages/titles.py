"""Titles chapters by one of their own phrases: the closest in meaning to their sentences.

Candidates as in RAKE (Rose et al., "Automatic keyword extraction from individual documents", 2010),
ranked by embedding as in KeyBERT (Grootendorst, 2020), against the other chapters' subjects.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from runtime.core.media import Sentence
from runtime.core.word_spacing import joined
from runtime.processor.models.sentence_embedder import SentenceEmbedder
from runtime.processor.stages.function_words import CONNECTORS, function_words

MAX_PHRASE_WORDS = 5
CANDIDATES_EMBEDDED = 40
"""Candidates of a chapter that are worth embedding, best by word weights."""

OTHER_CHAPTERS_WEIGHT = 0.5
"""Weight of a phrase's similarity to other chapters, which counts against it."""

LENGTH_BONUS = {1: -0.15, 2: 0.0, 3: 0.04, 4: 0.04, 5: 0.0}
"""A single word says too little, and five words are a sentence."""

_EDGES = re.compile(r"^\W+|\W+$")
_PAUSE = re.compile(r"[^\w'\u2019\-]$")


def chapter_titles(
    chapters: Sequence[Sequence[Sentence]], *, embed: SentenceEmbedder, language: str | None
) -> list[str]:
    """Return a different title for each chapter, `Chapter <n>` for one without a phrase."""
    ignored = function_words(language, [s.text for chapter in chapters for s in chapter])
    phrases = [_candidates(chapter, ignored) for chapter in chapters]
    weights = _word_weights(phrases)
    shortlists = [
        sorted(found, key=lambda phrase: (-_weight(phrase, weights[i]), phrase))
        for i, found in enumerate(phrases)
    ]
    shortlists = [shortlist[:CANDIDATES_EMBEDDED] for shortlist in shortlists]
    subjects = embed([joined(sentence.text for sentence in chapter) for chapter in chapters])
    titles: list[str] = []
    for i, shortlist in enumerate(shortlists):
        ranked = _ranked(shortlist, embed, subjects, i) if shortlist else []
        spellings = (phrases[i][phrase] for phrase in ranked)
        title = next((s for s in map(_as_title, spellings) if s not in titles), None)
        titles.append(title or f"Chapter {i + 1}")
    return titles


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
    for start in range(len(run)):
        for end in range(start + 1, min(start + MAX_PHRASE_WORDS, len(run)) + 1):
            words = [word.lower() for word in run[start:end]]
            content = [word not in ignored and _is_plain(word) for word in words]
            linked = all(
                is_content or word in CONNECTORS
                for is_content, word in zip(content, words, strict=True)
            )
            if content[0] and content[-1] and linked and len(" ".join(words)) > 3:  # noqa: PLR2004 - "uh", "ok", "i'm"
                yield " ".join(run[start:end])


def _is_plain(word: str) -> bool:
    """Return whether a word is neither a number nor an address."""
    return not any(mark in word for mark in ".@/:") and not word[0].isdigit()


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
    shortlist: Sequence[str], embed: SentenceEmbedder, subjects: NDArray[np.float32], chapter: int
) -> list[str]:
    """Return the phrases, best first: near their own chapter's subject, far from the others'."""
    nearness = embed(shortlist).astype(np.float64) @ subjects.astype(np.float64).T
    own = nearness[:, chapter]
    others = np.delete(nearness, chapter, axis=1)
    away = others.mean(axis=1) if others.shape[1] else np.zeros_like(own)
    scores = own - OTHER_CHAPTERS_WEIGHT * away
    scores += [LENGTH_BONUS[len(phrase.split())] for phrase in shortlist]
    # Rounded, so that the last bits of another machine's arithmetic do not reorder equals.
    order = sorted(range(len(shortlist)), key=lambda i: (-round(float(scores[i]), 5), i))
    return [shortlist[i] for i in order]


def _as_title(phrase: str) -> str:
    return phrase[:1].upper() + joined(phrase.split())[1:]
