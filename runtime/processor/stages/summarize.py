"""Selects the sentences that represent all that was said, each with its time.

LexRank (Erkan and Radev, "LexRank: Graph-based Lexical Centrality as Salience in Text
Summarization", JAIR 22, 2004) over sentence embeddings finds the central sentences; maximal
marginal relevance (Carbonell and Goldstein, SIGIR 1998) keeps them from repeating each other.
"""

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from runtime.core.media import Sentence, Summary, SummarySentence
from runtime.processor.stages.function_words import function_words, words_of

SIMILARITY_THRESHOLD = 0.1
"""Weaker similarities are noise, not an edge of the graph (Erkan and Radev, section 3)."""

DAMPING = 0.85
MAX_COMPARED = 6000
"""Sentences that are compared pairwise: four bytes a pair, 0.15 GB for five hours of talk."""

TOLERANCE = 1e-7
MAX_ITERATIONS = 200

RELEVANCE_SHARE = 0.6
"""MMR's lambda: the weight of centrality against novelty."""

FULL_WEIGHT_WORDS = 8
"""Different content words that give a sentence its full weight; fewer reduce it."""

_ROWS_AT_A_TIME = 1024
MIN_WORDS = 5
MAX_WORDS = 45


def summarize(
    sentences: Sequence[Sentence],
    vectors: NDArray[np.float32],
    *,
    language: str | None,
    duration_seconds: float,
) -> Summary:
    """Return the summary, in order of time; `vectors` holds a unit row for each sentence.

    Whole sentences of 5 to 45 words are preferred, and among them those with content words:
    centrality alone prefers "Thank you for that." Fragments are used where there is nothing else.
    """
    wanted = summary_length(duration_seconds, len(sentences))
    whole = [i for i, sentence in enumerate(sentences) if _is_whole(sentence)]
    eligible = whole if len(whole) >= wanted else list(range(len(sentences)))
    if not eligible:
        return Summary(sentences=())
    ignored = function_words(language, [sentence.text for sentence in sentences])
    content = np.array([_content_words(sentence, ignored) for sentence in sentences])
    weights: NDArray[np.float64] = np.minimum(1.0, (1 + content) / (1 + FULL_WEIGHT_WORDS))
    relevance = lexrank(vectors).astype(np.float64) * weights
    chosen = _most_relevant(eligible, relevance, vectors, wanted)
    return Summary(
        sentences=tuple(
            SummarySentence(
                text=sentences[i].text,
                start_seconds=sentences[i].start_seconds,
                end_seconds=sentences[i].end_seconds,
                speaker=sentences[i].speaker,
            )
            for i in sorted(chosen)
        )
    )


def summary_length(duration_seconds: float, sentence_count: int) -> int:
    """Return how many sentences a summary has: 5 for two minutes, 9 for 15, 15 for an hour.

    Never more than a third of what was said, but at least one if anything was.
    """
    by_duration = round(3 + 1.5 * sqrt(duration_seconds / 60))
    return min(by_duration, max(1, sentence_count // 3), sentence_count)


def lexrank(vectors: NDArray[np.float32], most: int = MAX_COMPARED) -> NDArray[np.float32]:
    """Return the centrality of each of n unit rows, shape (n,), sum 1: continuous LexRank.

    Of more than `most` rows, `most` evenly spread ones rank each other and all others.
    """
    count = len(vectors)
    if count <= most:
        return _ranks(vectors)[0]
    some = np.arange(most) * count // most
    judges = vectors[some]
    ranks, totals = _ranks(judges)
    is_alone = totals == 0
    voice = np.where(is_alone, 0.0, ranks / np.where(is_alone, 1.0, totals)).astype(np.float32)
    floor = (1 - DAMPING) / most + DAMPING * ranks[is_alone].sum() / most
    place = np.full(count, -1)
    place[some] = np.arange(most)
    all_ranks = np.empty(count, dtype=np.float32)
    for first in range(0, count, _ROWS_AT_A_TIME):
        rows = slice(first, first + _ROWS_AT_A_TIME)
        graph = _graph(vectors[rows], judges)
        own = np.flatnonzero(place[rows] >= 0)
        graph[own, place[rows][own]] = 0.0
        all_ranks[rows] = floor + DAMPING * (graph @ voice)
    all_ranks /= all_ranks.sum()
    return all_ranks


def _ranks(vectors: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the ranks, and each row's summed similarity to all others."""
    count = len(vectors)
    graph = _graph(vectors, vectors)
    np.fill_diagonal(graph, 0.0)
    totals = graph.sum(axis=1)
    # A sentence similar to no other links to all equally, so that no rank is lost.
    graph[totals == 0] = 1.0
    graph /= graph.sum(axis=1, keepdims=True)
    ranks = np.full(count, 1.0 / count, dtype=np.float32)
    for _ in range(MAX_ITERATIONS):
        following = (1 - DAMPING) / count + DAMPING * (ranks @ graph)
        moved = float(np.abs(following - ranks).sum())
        ranks = following.astype(np.float32)
        if moved < TOLERANCE:
            break
    return ranks, totals


def _graph(rows: NDArray[np.float32], columns: NDArray[np.float32]) -> NDArray[np.float32]:
    graph: NDArray[np.float32] = rows @ columns.T
    graph[graph < SIMILARITY_THRESHOLD] = 0.0
    return graph


def _most_relevant(
    eligible: Sequence[int],
    relevance: NDArray[np.float64],
    vectors: NDArray[np.float32],
    wanted: int,
) -> list[int]:
    candidates = np.array(eligible)
    relevance = relevance[candidates] / relevance[candidates].max()
    repetition = np.zeros(len(candidates))
    available = np.ones(len(candidates), dtype=bool)
    chosen: list[int] = []
    while len(chosen) < min(wanted, len(candidates)):
        scores = RELEVANCE_SHARE * relevance - (1 - RELEVANCE_SHARE) * repetition
        # Rounded, so that the last bits of another machine's arithmetic do not reorder equals.
        best = int(np.argmax(np.where(available, np.round(scores, 5), -np.inf)))
        chosen.append(eligible[best])
        available[best] = False
        similarity = vectors[candidates] @ vectors[eligible[best]]
        repetition = np.maximum(repetition, similarity)
    return chosen


def _content_words(sentence: Sentence, ignored: frozenset[str]) -> int:
    return len({word for word in words_of(sentence.text) if word not in ignored})


def _is_whole(sentence: Sentence) -> bool:
    text = sentence.text
    return (
        MIN_WORDS <= len(sentence.words) <= MAX_WORDS
        and not text[0].islower()
        and text.rstrip("\"'”’»)")[-1:] in ".!?…。！？"  # noqa: RUF001 - full-width marks end sentences too
    )
