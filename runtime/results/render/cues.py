"""Divides sentences into subtitle cues that can be read while they are shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from unicodedata import category

from runtime.core.media import AttributedWord, Sentence
from runtime.core.word_spacing import is_unspaced, joined, width

# Netflix's timed text style guide, general requirements and English: 42 characters a line, two
# lines, 5/6 s to 7 s on screen, at most 20 characters a second for adults and 17 for children, two
# frames between cues. Wide characters count more (`width`).
LINE_CHARACTERS = 42
CUE_CHARACTERS = 2 * LINE_CHARACTERS
SHORTEST_SECONDS = 5 / 6
LONGEST_SECONDS = 7.0
FASTEST_CHARACTERS_PER_SECOND = 20.0
EASY_CHARACTERS_PER_SECOND = 17.0
GAP_SECONDS = 0.083
_MARKS = frozenset(",;:.?!\u3001\u3002\uff0c\uff1b\uff1a\uff1f\uff01")
_NEVER_FIRST = frozenset({"Mn", "Mc", "Me", "Lm", "Pe", "Pf", "Po"})
"""Categories of characters that begin no line without a space before them."""

BREATH_SECONDS = 1.0
"""A short cue is not joined to a neighbour further away than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """A subtitle: one or two lines by one speaker, shown for a stretch of time."""

    start_seconds: float
    end_seconds: float
    speaker: str
    lines: tuple[str, ...]


def build_cues(sentences: Iterable[Sentence], *, media_seconds: float = inf) -> tuple[Cue, ...]:
    """Return cues in order of time that do not overlap and hold every word once.

    A cue holds at most 84 characters (32 Chinese ones) and 7 s of one speaker. Longer sentences are
    split at marks and pauses; a cue too short to read is joined to its neighbour where both fit. A
    cue stays until it can be read with ease, but never into the next one or beyond the media.
    """
    groups = _join_hasty([group for sentence in sentences for group in _groups(sentence.words)])
    cues = [_cue(group, nxt[0].word.start_seconds) for group, nxt in pairwise(groups)]
    return (*cues, *(_cue(group, media_seconds + GAP_SECONDS) for group in groups[-1:]))


def _cue(group: Sequence[AttributedWord], following_start: float) -> Cue:
    text = _text(group)
    start = group[0].word.start_seconds
    readable = start + max(SHORTEST_SECONDS, width(text) / EASY_CHARACTERS_PER_SECOND)
    wanted = min(max(group[-1].word.end_seconds, readable), start + LONGEST_SECONDS)
    # A millisecond at least: players drop cues that end where they start.
    end = max(min(wanted, following_start - GAP_SECONDS), start + 0.001)
    return Cue(
        start_seconds=start,
        end_seconds=end,
        speaker=group[0].speaker,
        lines=_lines([w.word.text for w in group]),
    )


def _groups(words: Sequence[AttributedWord]) -> list[Sequence[AttributedWord]]:
    """Halve at the best place until each part fits; even parts read better than a short tail."""
    if len(words) == 1 or _fits(words):
        return [words]
    at = max(range(1, len(words)), key=lambda i: (_break_quality(words, i), -i))
    return [*_groups(words[:at]), *_groups(words[at:])]


def _join_hasty(groups: Sequence[Sequence[AttributedWord]]) -> list[Sequence[AttributedWord]]:
    """Join groups that are shown too briefly to the one before or after."""
    starts = [group[0].word.start_seconds for group in groups[1:]] + [inf] * bool(groups)
    hasty = [_is_hasty(group, start) for group, start in zip(groups, starts, strict=True)]
    result: list[Sequence[AttributedWord]] = []
    last_is_hasty = False
    for group, start, is_hasty in zip(groups, starts, hasty, strict=True):
        if result and (last_is_hasty or is_hasty) and _can_join(result[-1], group):
            result[-1] = [*result[-1], *group]
            last_is_hasty = _is_hasty(result[-1], start)
        else:
            result.append(group)
            last_is_hasty = is_hasty
    return result


def _is_hasty(group: Sequence[AttributedWord], following_start: float) -> bool:
    shown = following_start - GAP_SECONDS - group[0].word.start_seconds
    needed = max(SHORTEST_SECONDS, width(_text(group)) / FASTEST_CHARACTERS_PER_SECOND)
    return min(shown, LONGEST_SECONDS) < needed


def _can_join(first: Sequence[AttributedWord], second: Sequence[AttributedWord]) -> bool:
    pause = second[0].word.start_seconds - first[-1].word.end_seconds
    one_voice = first[0].speaker == second[0].speaker
    return one_voice and pause <= BREATH_SECONDS and _fits([*first, *second])


def _fits(words: Sequence[AttributedWord]) -> bool:
    shown = words[-1].word.end_seconds - words[0].word.start_seconds
    return width(_text(words)) <= CUE_CHARACTERS and shown <= LONGEST_SECONDS


def _break_quality(words: Sequence[AttributedWord], at: int) -> float:
    before, after = words[at - 1].word, words[at].word
    left, total = width(_text(words[:at])), width(_text(words))
    balance = min(left, total - left) / total
    pause = min(1.0, max(0.0, after.start_seconds - before.end_seconds))
    mark = 0.5 if before.text[-1:] in _MARKS else 0.0
    return balance * (1.0 + pause + mark)


def _text(words: Sequence[AttributedWord]) -> str:
    return joined(attributed.word.text for attributed in words)


def _lines(words: Sequence[str]) -> tuple[str, ...]:
    """Return one line, or two of the most even width, divided between words."""
    text = joined(words)
    if width(text) <= LINE_CHARACTERS:
        return (text,)
    pairs = [(joined(words[:i]), joined(words[i:])) for i in range(1, len(words))]
    # A word that is longer than a line, as of a script without spaces: anywhere within it.
    pairs = pairs or [(text[:i], text[i:]) for i in range(1, len(text)) if _may_break(text, i)]
    allowed = [pair for pair in pairs if _may_begin_line(pair[1][0])]
    if not allowed:
        return (text,)
    # The narrowest wider line; of equals the wider lower line, which hides less of the picture.
    return min(allowed, key=lambda pair: (max(map(width, pair)), width(pair[0])))


def _may_begin_line(character: str) -> bool:
    return not (is_unspaced(character) and category(character) in _NEVER_FIRST)


def _may_break(text: str, at: int) -> bool:
    """Return whether a line may end within a word before this character."""
    return is_unspaced(text[at - 1]) and is_unspaced(text[at])


def speaker_changes(cues: Sequence[Cue]) -> list[bool]:
    """Return for each cue whether its speaker is another one; true for the first."""
    return [True] * bool(cues) + [a.speaker != b.speaker for a, b in pairwise(cues)]
