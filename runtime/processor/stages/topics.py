"""Finds where the topic of a talk changes.

The division into segments with the least scatter of sentence embeddings around each segment's mean
(the criterion of TreeSeg, Gklezakos et al., 2024), found exactly by dynamic programming, in which
each boundary costs as much as chance would gain by it. A pause, a change of speaker and a cut of
the picture make a boundary cheaper.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from runtime.core.media import Scene, Sentence

MAX_CHAPTERS = 12
"""The length of a readable table of contents; it sets the minimum length of a chapter."""

SHORTEST_SECONDS = 20.0
LONGEST_MINIMUM_SECONDS = 300.0

MAX_UNITS = 1500
"""Units whose pairs are compared, 18 MB; longer talks have several sentences in a unit."""

MAX_WEIGHT_WORDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundaryCosts:
    """What a boundary costs, in the scatter of sentences, and what each cue takes off.

    Chosen on the first half of the topics of `benchmarks/summaries`; measured on the second.
    """

    boundary: float = 1.65
    pause: float = 0.3
    speaker: float = 0.15
    cut: float = 0.15
    long_pause_seconds: float = 1.5
    cut_tolerance_seconds: float = 1.0
    usual_sentences: int = 100
    """In longer talks a topic has more sentences, and chance gains more by a boundary."""


COSTS = BoundaryCosts()


def topic_boundaries(
    sentences: Sequence[Sentence],
    vectors: NDArray[np.float32],
    *,
    end_seconds: float,
    scenes: Sequence[Scene] = (),
    costs: BoundaryCosts = COSTS,
) -> list[int]:
    """Return the indices of the sentences that open a new topic, ascending, never 0.

    A topic lasts at least a twelfth of the recording within 20 s to 300 s.
    """
    if len(sentences) < 2:  # noqa: PLR2004 - a boundary lies between two
        return []
    minimum = min(max(end_seconds / MAX_CHAPTERS, SHORTEST_SECONDS), LONGEST_MINIMUM_SECONDS)
    firsts = _unit_starts(len(sentences))
    weights = np.array(
        [min(len(sentence.words), MAX_WEIGHT_WORDS) for sentence in sentences], dtype=np.float64
    )
    weights /= weights.mean()
    scatter = _scatter(vectors, weights, firsts)
    starts = np.array([sentences[first].start_seconds for first in firsts] + [end_seconds])
    starts[0] = 0.0
    scale = sqrt(max(1.0, len(sentences) / costs.usual_sentences))
    price = costs.boundary * scale - np.array(
        [cue(sentences, first, scenes, costs) for first in firsts]
    )
    found = _cheapest(scatter, starts, price, minimum)
    return [firsts[unit] for unit in _where_topics_change(found, scatter, price)]


def cue(
    sentences: Sequence[Sentence], index: int, scenes: Sequence[Scene], costs: BoundaryCosts
) -> float:
    """Return what a boundary before this sentence is cheaper by."""
    if index == 0:
        return 0.0
    before, after = sentences[index - 1], sentences[index]
    pause = max(0.0, after.start_seconds - before.end_seconds)
    found = costs.pause * min(1.0, pause / costs.long_pause_seconds)
    if before.speaker != after.speaker:
        found += costs.speaker
    earliest = before.end_seconds - costs.cut_tolerance_seconds
    latest = after.start_seconds + costs.cut_tolerance_seconds
    if _has_cut(scenes, earliest, latest):
        found += costs.cut
    return found


def _has_cut(scenes: Sequence[Scene], earliest: float, latest: float) -> bool:
    first = bisect_left(scenes, earliest, key=lambda scene: scene.start_seconds)
    return first < len(scenes) and 0 < scenes[first].start_seconds <= latest


def _unit_starts(count: int) -> list[int]:
    """Return the first sentence of each unit: every sentence, or evenly spread ones of many."""
    units = min(count, MAX_UNITS)
    return [unit * count // units for unit in range(units)]


def _scatter(
    vectors: NDArray[np.float32], weights: NDArray[np.float64], firsts: Sequence[int]
) -> NDArray[np.float64]:
    """Return at [i, j] the scatter of units i to j - 1, in sentences of mean length."""
    weighted = vectors.astype(np.float64) * weights[:, None]
    sums = np.vstack([np.zeros(vectors.shape[1]), np.add.reduceat(weighted, firsts).cumsum(axis=0)])
    totals = np.concatenate([[0.0], np.add.reduceat(weights, firsts).cumsum()])
    products = sums @ sums.T
    squares = np.diag(products)
    lengths = squares[:, None] + squares[None, :] - 2 * products
    between = totals[None, :] - totals[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        scatter: NDArray[np.float64] = between - lengths / between
    return np.where(between > 0, scatter, 0.0)


def _cheapest(
    scatter: NDArray[np.float64],
    starts: NDArray[np.float64],
    price: NDArray[np.float64],
    minimum: float,
) -> list[int]:
    """Return the units that open a segment in the cheapest division, without the first."""
    units = len(price)
    best = np.full(units + 1, np.inf)
    came_from = np.zeros(units + 1, dtype=np.int64)
    best[0] = 0.0
    for end in range(1, units + 1):
        # Starts ascend, so all that begin early enough are a prefix.
        allowed = int(np.searchsorted(starts[:end], starts[end] - minimum, side="right"))
        if allowed == 0:
            continue
        opening = np.where(np.arange(allowed) > 0, price[:allowed], 0.0)
        # Rounded, so that the last bits of another machine's arithmetic do not reorder equals.
        costs = np.round(best[:allowed] + opening + scatter[:allowed, end], 6)
        came_from[end] = int(np.argmin(costs))
        best[end] = costs[came_from[end]]
    if not np.isfinite(best[units]):
        return []
    found: list[int] = []
    unit = int(came_from[units])
    while unit > 0:
        found.append(unit)
        unit = int(came_from[unit])
    return found[::-1]


def _where_topics_change(
    found: Sequence[int], scatter: NDArray[np.float64], price: NDArray[np.float64]
) -> list[int]:
    """Return the boundaries that lie no cheaper one unit on.

    The others were kept from the place where the topic changes by the minimum length.
    """
    kept = []
    edges = [0, *found, len(price)]
    for before, unit, after in zip(edges, edges[1:], edges[2:], strict=False):
        near = [n for n in (unit - 1, unit, unit + 1) if before < n < after]
        costs = {n: round(scatter[before, n] + scatter[n, after] + price[n], 6) for n in near}
        if costs[unit] == min(costs.values()):
            kept.append(unit)
    return kept
