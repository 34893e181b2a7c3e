"""Centrality of sentences by their embeddings.

LexRank (Erkan and Radev, "LexRank: Graph-based Lexical Centrality as Salience in Text
Summarization", JAIR 22, 2004).
"""

import numpy as np
from numpy.typing import NDArray

SIMILARITY_THRESHOLD = 0.1
"""Weaker similarities are noise, not an edge of the graph (Erkan and Radev, section 3)."""

DAMPING = 0.85
MAX_COMPARED = 6000
"""Sentences that are compared pairwise: four bytes a pair, 0.15 GB for five hours of talk."""

TOLERANCE = 1e-7
MAX_ITERATIONS = 200

_ROWS_AT_A_TIME = 1024


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
