"""Bounds what of a long recording's sentences is embedded."""

from bisect import bisect_right
from collections.abc import Sequence

from runtime.core.media import Sentence
from runtime.core.word_spacing import joined

MOST_WORDS = 40_000
"""Words of a recording that are embedded, about those of four and a half hours.

The embedder's time grows with its words. In two hours about 12 topics, sentences cut to ten words
left all boundaries and the topics of the overview as they were (docs/summaries.md).
"""

FEWEST_WORDS = 8
"""No sentence is cut below so many words, whatever that costs."""


def texts_to_embed(sentences: Sequence[Sentence]) -> list[str]:
    """Return the sentences' texts, in a long recording the longest ones cut to equal length."""
    lengths = [len(sentence.words) for sentence in sentences]
    if sum(lengths) <= MOST_WORDS:
        return [sentence.text for sentence in sentences]

    def words_with(limit: int) -> int:
        return sum(min(length, limit) for length in lengths)

    limits = range(max(lengths) + 1)
    limit = max(FEWEST_WORDS, bisect_right(limits, MOST_WORDS, key=words_with) - 1)
    return [joined(w.word.text for w in sentence.words[:limit]) for sentence in sentences]
