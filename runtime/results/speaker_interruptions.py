"""What the turns of a conversation say about it: who cut in on whom."""

from collections.abc import Iterable
from dataclasses import dataclass

from runtime.core.media import Turn

LEAST_OVERLAP_SECONDS = 0.5
"""How long both must speak at once.

Speakers who take turns smoothly overlap by a fifth of a second as often as they leave a gap of it
(Levinson and Torreira, "Timing in turn-taking and its implications for processing models of
language", Frontiers in Psychology 6, 2015), and boundaries of found turns jitter by as much.
"""

LEAST_CONTINUATION_SECONDS = 0.5
"""How long the second must go on alone: an "mhm" while the other one finishes takes no floor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption:
    """`by` began at `at_seconds`, while `of` was speaking, who then stopped."""

    at_seconds: float
    by: str
    of: str


def interruptions(turns: Iterable[Turn]) -> tuple[Interruption, ...]:
    """Return the interruptions in order of time.

    One speaker interrupts another who begins during a turn of the other's, speaks at once with
    it for at least 0.5 s, and still speaks 0.5 s after it ended. A turn that lies within another's
    (agreement, laughter, a failed try) is none, and neither is an overlap at the end of a turn.
    """
    ordered = sorted(turns, key=lambda turn: (turn.start_seconds, turn.end_seconds, turn.speaker))
    found = []
    running: list[Turn] = []
    for second in ordered:
        running = [turn for turn in running if turn.end_seconds > second.start_seconds]
        found += [
            Interruption(at_seconds=second.start_seconds, by=second.speaker, of=first.speaker)
            for first in running
            if _cuts_in(first, second)
        ]
        running.append(second)
    return tuple(found)


def _cuts_in(first: Turn, second: Turn) -> bool:
    return (
        first.speaker != second.speaker
        and first.start_seconds < second.start_seconds
        and first.end_seconds - second.start_seconds >= LEAST_OVERLAP_SECONDS
        and second.end_seconds - first.end_seconds >= LEAST_CONTINUATION_SECONDS
    )
