"""Summarizes by quoting: the sentences that stand for all that was said, each with its time.

Central sentences (LexRank) of every chapter, without repetition: maximal marginal relevance
(Carbonell and Goldstein, SIGIR 1998) with a bound on similarity. No model is called.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from itertools import pairwise
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from runtime.core.media import Sentence
from runtime.core.ports import Progress
from runtime.core.summary import SectionName, Summary, SummaryItem, SummarySection
from runtime.processor.stages.function_words import function_words, words_of
from runtime.processor.summaries.found import (
    find_action_items,
    find_decisions,
    find_keywords,
    find_names,
    find_questions,
    quote,
)
from runtime.processor.summaries.phrases import every_language, phrases_of
from runtime.processor.summaries.port import SummaryRequest, chapter_starts
from runtime.processor.summaries.ranking import lexrank
from runtime.processor.summaries.template import TITLES

RELEVANCE_SHARE = 0.6
"""MMR's lambda: the weight of centrality against novelty."""

MOST_SIMILAR = 0.8
"""Sentences above this cosine say the same, and only one of them is quoted."""

FULL_WEIGHT_WORDS = 8
"""Different content words that give a sentence its full weight; fewer reduce it."""

FEWEST_CONTENT_WORDS = 3
"""Sentences with fewer are fillers, as in "Yes, I think so"."""

DEPENDENT_WEIGHT, QUESTION_WEIGHT = 0.7, 0.6
"""Weights of sentences that refer back to what is not quoted, and of questions."""

MIN_WORDS = 5
MAX_WORDS = 45
MAX_QUOTES = 3


class ExtractiveSummarizer:
    """Quotes the recording; needs no network and never fails."""

    def summarize(self, request: SummaryRequest, on_progress: Progress) -> Summary:
        """Return the summary; each of its sentences was said in these words."""
        on_progress(0.0)
        extraction = Extraction(request)
        sections = [
            SummarySection(
                name=str(name), title=_TITLES.get(name, TITLES[name]), items=tuple(items)
            )
            for name in request.template.sections
            if (items := extraction.items(name))
        ]
        return Summary(
            sections=_without_repetition(sections),
            kind=request.template.name if request.sentences else "",
            language=request.language,
        )


_TITLES = {SectionName.OPEN_QUESTIONS: "Questions asked"}
"""Whether a question was answered cannot be seen from its words."""

_FOUND: dict[SectionName, Callable[[SummaryRequest], Sequence[SummaryItem]]] = {
    SectionName.DECISIONS: find_decisions,
    SectionName.ACTION_ITEMS: find_action_items,
    SectionName.OPEN_QUESTIONS: find_questions,
    SectionName.KEYWORDS: find_keywords,
    SectionName.NAMES: find_names,
}


class Extraction:
    """The sections of one recording; its sentences are ranked once, at the first that quotes."""

    def __init__(self, request: SummaryRequest) -> None:
        self._request = request
        self._starts = [*chapter_starts(request.chapters), len(request.sentences)]

    def items(self, name: SectionName) -> Sequence[SummaryItem]:
        """Return the items of a section."""
        match name:
            case _ if not self._request.sentences:
                return ()
            case SectionName.OVERVIEW:
                return self._quotes(self.overview)
            case SectionName.KEY_POINTS:
                return self._quotes(self._key_points())
            case SectionName.QUOTES:
                return self._quotes(self._notable())
            case _:
                return _FOUND[name](self._request)

    @cached_property
    def overview(self) -> list[int]:
        """The sentences that stand for the recording, at least one of each chapter if it can be."""
        request = self._request
        wanted = summary_length(
            request.duration_seconds, len(request.sentences), request.template.length
        )
        return self.select(wanted, each=1)

    def select(self, wanted: int, *, each: int, excluded: Iterable[int] = ()) -> list[int]:
        """Return the indices of the most relevant sentences, ascending.

        `wanted` in all, and `each` of every chapter where it has so many worth quoting.
        """
        taken = set(excluded)
        eligible = np.array([i for i in self._eligible if i not in taken], dtype=np.intp)
        if not len(eligible):
            return []
        choice = _Choice(eligible, self._relevance, self._request.vectors)
        if len(self._starts) > 2:  # noqa: PLR2004 - a single chapter needs no share
            for first, end in pairwise(self._starts):
                choice.add(each, first, end)
        choice.add(wanted - len(choice.chosen), 0, len(self._request.sentences))
        return sorted(choice.chosen)

    @cached_property
    def _content(self) -> NDArray[np.int64]:
        sentences = self._request.sentences
        ignored = function_words(self._request.language, [s.text for s in sentences])
        return np.array([_content_words(sentence, ignored) for sentence in sentences])

    @cached_property
    def _eligible(self) -> list[int]:
        """Whole sentences of 5 to 45 words with content; fragments if there is nothing else."""
        sentences = self._request.sentences
        whole = [i for i, sentence in enumerate(sentences) if _is_whole(sentence)]
        quotable = [
            i
            for i in whole
            if self._content[i] >= FEWEST_CONTENT_WORDS
            and not _says(sentences[i], self._request, "courtesy")
        ]
        return quotable or whole or list(range(len(sentences)))

    @cached_property
    def _relevance(self) -> NDArray[np.float64]:
        weights = np.minimum(1.0, (1 + self._content) / (1 + FULL_WEIGHT_WORDS))
        weights = weights * [_weight(s, self._request) for s in self._request.sentences]
        relevance: NDArray[np.float64] = lexrank(self._request.vectors).astype(np.float64)
        return relevance * weights

    def _key_points(self) -> list[int]:
        """Return another sentence of each chapter than the overview has, where there is one."""
        chapters = len(self._request.chapters)
        if chapters < 2:  # noqa: PLR2004 - one chapter's points are the overview
            return []
        return self.select(chapters, each=1, excluded=self.overview)

    def _notable(self) -> list[int]:
        """Return the most relevant sentences of the one who says most."""
        sentences = self._request.sentences
        words: Counter[str] = Counter()
        for sentence in sentences:
            words[sentence.speaker] += len(sentence.words)
        if len(words) < 2:  # noqa: PLR2004 - the only speaker's are the overview
            return []
        main = max(sorted(words), key=lambda speaker: words[speaker])
        others = [i for i, sentence in enumerate(sentences) if sentence.speaker != main]
        return self.select(MAX_QUOTES, each=0, excluded=[*others, *self.overview])

    def _quotes(self, indices: Iterable[int]) -> list[SummaryItem]:
        return [quote(self._request, i) for i in indices]


class _Choice:
    """Chooses among eligible sentences, none too similar to one that is chosen."""

    def __init__(
        self,
        eligible: NDArray[np.intp],
        relevance: NDArray[np.float64],
        vectors: NDArray[np.float32],
    ) -> None:
        self.chosen: list[int] = []
        self._eligible = eligible
        self._vectors = vectors[eligible]
        scale = relevance[eligible].max() or 1.0
        self._relevance = relevance[eligible] / scale
        self._repetition = np.zeros(len(eligible))
        self._available = np.ones(len(eligible), dtype=bool)

    def add(self, count: int, first: int, end: int) -> None:
        """Choose up to `count` sentences from `first` to `end`."""
        inside = (self._eligible >= first) & (self._eligible < end)
        for _ in range(count):
            candidates = self._available & inside
            if not candidates.any():
                return
            scores = RELEVANCE_SHARE * self._relevance - (1 - RELEVANCE_SHARE) * self._repetition
            # Rounded, so that the last bits of another machine's arithmetic do not reorder equals.
            best = int(np.argmax(np.where(candidates, np.round(scores, 5), -np.inf)))
            self.chosen.append(int(self._eligible[best]))
            similarity = self._vectors @ self._vectors[best]
            self._repetition = np.maximum(self._repetition, similarity)
            self._available &= np.round(similarity, 5) < MOST_SIMILAR
            self._available[best] = False


def summary_length(duration_seconds: float, sentence_count: int, factor: float = 1.0) -> int:
    """Return how many sentences an overview has: 5 for two minutes, 9 for 15, 15 for an hour.

    Never more than a third of what was said, but at least one if anything was.
    """
    by_duration = max(1, round(factor * (3 + 1.5 * sqrt(duration_seconds / 60))))
    return min(by_duration, max(1, sentence_count // 3), sentence_count)


def _without_repetition(sections: Sequence[SummarySection]) -> tuple[SummarySection, ...]:
    """Return the sections, each quoted sentence in the first one only that has it."""
    shown: set[int] = set()
    kept = []
    for section in sections:
        items = tuple(
            item for item in section.items if not (item.quoted and item.first.segment in shown)
        )
        shown |= {item.first.segment for item in items if item.quoted}
        if items:
            kept.append(SummarySection(name=section.name, title=section.title, items=items))
    return tuple(kept)


def _says(
    sentence: Sentence, request: SummaryRequest, what: Literal["courtesy", "dependent"]
) -> bool:
    """Return whether a sentence has such words of its language; without a table, of English."""
    phrases = phrases_of(sentence.language or request.language) or every_language()["en"]
    pattern: re.Pattern[str] = getattr(phrases, what)
    return pattern.search(sentence.text) is not None


def _weight(sentence: Sentence, request: SummaryRequest) -> float:
    weight = DEPENDENT_WEIGHT if _says(sentence, request, "dependent") else 1.0
    return weight * (QUESTION_WEIGHT if _ends_with(sentence.text, "?？؟") else 1.0)  # noqa: RUF001 - full-width marks end questions too


def _content_words(sentence: Sentence, ignored: frozenset[str]) -> int:
    return len({word for word in words_of(sentence.text) if word not in ignored})


def _is_whole(sentence: Sentence) -> bool:
    text = sentence.text
    return (
        MIN_WORDS <= len(sentence.words) <= MAX_WORDS
        and not text[0].islower()
        and _ends_with(text, ".!?…。！？؟।")  # noqa: RUF001 - full-width marks end sentences too
    )


def _ends_with(text: str, marks: str) -> bool:
    last = text.rstrip("\"'\u201d\u2019\u00bb)")[-1:]
    return bool(last) and last in marks
