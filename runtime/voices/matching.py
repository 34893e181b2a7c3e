"""Proposes names for the voices of a recording; a proposal is never an assertion."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runtime.core.media import Voice

THRESHOLD = 0.6
"""Least similarity of a proposal: measured by benchmarks/voices.py, see docs/voices.md."""

FEWEST_SECONDS = 5.0
"""A voice is compared from so much speech alone on."""

MARGIN = 0.05
"""By how much the best profile is more similar than the second; else neither is proposed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A profile whose voice a speaker may have; `similarity` is the cosine of their vectors.

    `confidence` is 0 at the threshold and 1 for the same vector.
    """

    speaker: str
    profile: str
    similarity: float
    confidence: float


def similarity(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the cosine of two vectors; 0.0 for those of different length."""
    if len(first) != len(second):
        return 0.0
    length = math.sqrt(_dot(first, first) * _dot(second, second))
    return _dot(first, second) / length if length > 0.0 else 0.0


def propose(voices: Sequence[Voice], profiles: Mapping[str, Sequence[Voice]]) -> list[Proposal]:
    """Return at most one proposal for a speaker and for a profile, the most similar first.

    `profiles` are the voices of each profile, one of each recording that it was enrolled from.
    Voices of another model count as none.
    """
    found: list[Proposal] = []
    for voice in voices:
        if voice.seconds < FEWEST_SECONDS:
            continue
        ranked = sorted(
            ((_mean(voice, known), name) for name, known in profiles.items()),
            reverse=True,
        )
        if not ranked or ranked[0][0] < THRESHOLD:
            continue
        if len(ranked) > 1 and ranked[0][0] - ranked[1][0] < MARGIN:
            continue
        best, name = ranked[0]
        found.append(
            Proposal(
                speaker=voice.speaker,
                profile=name,
                similarity=round(best, 3),
                confidence=round(min(1.0, (best - THRESHOLD) / (1.0 - THRESHOLD)), 2),
            )
        )
    found.sort(key=lambda proposal: (-proposal.similarity, proposal.speaker))
    kept: list[Proposal] = []
    for proposal in found:
        if proposal.profile not in {each.profile for each in kept}:
            kept.append(proposal)
    return kept


def _mean(voice: Voice, known: Sequence[Voice]) -> float:
    same = [each for each in known if each.model == voice.model]
    return sum(similarity(voice.vector, each.vector) for each in same) / max(1, len(same))


def _dot(first: Sequence[float], second: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(first, second, strict=True))
