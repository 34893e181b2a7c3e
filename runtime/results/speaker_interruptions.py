"""Finds where one speaker interrupts another, from their turns."""

from collections.abc import Iterable
from dataclasses import dataclass

from runtime.core.media import Turn

MIN_OVERLAP_SECONDS = 0.5
"""How long both must speak at the same time.

Speakers who take turns smoothly overlap by a fifth of a second as often as they leave a gap of it
(Levinson and Torreira, "Timing in turn-taking and its implications for processing models of
language", Frontiers in Psychology 6, 2015), and boundaries of found turns jitter by as much.
"""

MIN_CONTINUATION_SECONDS = 0.5
"""How long the second must go on alone: an "mhm" at the end of a turn is no interruption."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerInterruption:
    """`by` began at `at_seconds`, while `of` was speaking, who then stopped."""

    at_seconds: float
    by: str
    of: str


def find_interruptions(turns: Iterable[Turn]) -> tuple[SpeakerInterruption, ...]:
    """Return the interruptions in order of time.

    A speaker interrupts another by starting during the other's turn, overlapping it for at least
    0.5 s, and going on for 0.5 s after its end. A turn within another's (agreement, laughter, a
    failed attempt) is no interruption, and neither is a short overlap at the end of a turn.
    """
    ordered = sorted(turns, key=lambda turn: (turn.start_seconds, turn.end_seconds, turn.speaker))
    found = []
    running: list[Turn] = []
    for second in ordered:
        running = [turn for turn in running if turn.end_seconds > second.start_seconds]
        found += [
            SpeakerInterruption(
                at_seconds=second.start_seconds, by=second.speaker, of=first.speaker
            )
            for first in running
            if _interrupts(first, second)
        ]
        running.append(second)
    return tuple(found)


def _interrupts(first: Turn, second: Turn) -> bool:
    return (
        first.speaker != second.speaker
        and first.start_seconds < second.start_seconds
        and first.end_seconds - second.start_seconds >= MIN_OVERLAP_SECONDS
        and second.end_seconds - first.end_seconds >= MIN_CONTINUATION_SECONDS
    )
