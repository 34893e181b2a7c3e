"""Attributes every recognised word to the speaker whose turn covers it.

Attribution by word is far better than by segment: segments of a recogniser cross turns.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, pairwise, takewhile

from runtime.core.media import UNKNOWN_SPEAKER, AttributedWord, Diarization, Turn, Word
from runtime.processor.stages.sentences import closes_sentence

MIN_OVERLAP_SHARE = 0.2
"""Share of a word that must be overlapped speech to flag it: less is turn boundaries jittering."""

SILENT_CONFIDENCE = 0.5
"""Weight of a word's silent part, as recognisers stretch words over pauses.

Also the confidence of a word that touches the nearest turn without overlap; it fades with distance.
"""

NEAREST_REACH_SECONDS = 2.0
"""Distance from the nearest turn at which a word's confidence is 0."""

WEAK_CONFIDENCE = 0.65
"""Below this confidence the neighbours decide over the word itself."""

NEIGHBOUR_GAP_SECONDS = 0.6
"""Words further apart than this do not decide over each other."""

SMOOTHED_CONFIDENCE = 0.5

MAX_STRAY_WORDS = 2
"""Words at either end of a sentence that an imprecise turn boundary may misattribute."""


def attribute(words: Sequence[Word], diarization: Diarization) -> tuple[AttributedWord, ...]:
    """Return the words in order of time, each with a speaker, a confidence and an overlap flag.

    The speaker is the one whose exclusive turns cover most of the word; outside all turns it is
    the nearest turn's. The confidence is 1 for a word within one turn, less for a word that
    speakers share or that silence runs into, and fades to 0 over two seconds outside all turns.
    Weakly supported words go with the words around them: a lone one between two words of another
    speaker, and one or two at either end of another speaker's sentence. Without any turn the
    speaker is `UNKNOWN` and the confidence 0.
    """
    ordered = sorted(words, key=lambda word: (word.start_seconds, word.end_seconds))
    turns = _Timeline(diarization.exclusive_turns)
    overlapped = _Timeline(_overlapped_stretches(diarization.turns))
    attributed = []
    for word in ordered:
        speaker, confidence = _speaker_of(word, turns)
        overlap = sum(overlapped.coverage(word).values()) >= MIN_OVERLAP_SHARE * _length(word)
        attributed.append(
            AttributedWord(word=word, speaker=speaker, confidence=confidence, overlap=overlap)
        )
    return _align_with_sentences(_smoothed(attributed))


class _Timeline:
    """Turns sorted for range queries."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = sorted(
            (turn for turn in turns if turn.end_seconds > turn.start_seconds),
            key=lambda turn: (turn.start_seconds, turn.end_seconds, turn.speaker),
        )
        # The latest end so far never decreases, so it can be bisected even where turns nest.
        self._latest = list(accumulate(self._turns, _ending_later))
        self._ends = [turn.end_seconds for turn in self._latest]

    def coverage(self, word: Word) -> dict[str, float]:
        """Return the seconds of the word that each speaker covers, speakers of none left out."""
        seconds: defaultdict[str, float] = defaultdict(float)
        start, end = word.start_seconds, word.start_seconds + _length(word)
        # By index: a slice would copy all turns to come, for every word.
        for place in range(bisect_left(self._ends, start), len(self._turns)):
            turn = self._turns[place]
            if turn.start_seconds >= end:
                break
            shared = min(end, turn.end_seconds) - max(start, turn.start_seconds)
            if shared > 0:
                seconds[turn.speaker] += shared
        return dict(seconds)

    def nearest(self, word: Word) -> tuple[str, float] | None:
        """Return the speaker of the closest turn and its distance in seconds."""
        at = bisect_left(self._ends, word.start_seconds)
        # Every turn before `at` ended before the word; the one that ended last is the closest of
        # them, and the first one from `at` on is the closest that follows.
        candidates = self._latest[max(0, at - 1) : at] + self._turns[at : at + 1]
        if not candidates:
            return None
        distance, speaker = min((_distance(word, turn), turn.speaker) for turn in candidates)
        return speaker, distance


def _speaker_of(word: Word, turns: _Timeline) -> tuple[str, float]:
    coverage = turns.coverage(word)
    if coverage:
        # Ties go to the lower label, which is the speaker heard first.
        speaker = min(coverage, key=lambda label: (-coverage[label], label))
        covered = sum(coverage.values())
        silent = max(0.0, 1.0 - covered / _length(word))
        return speaker, coverage[speaker] / covered * (1.0 - SILENT_CONFIDENCE * silent)
    nearest = turns.nearest(word)
    if nearest is None:
        return UNKNOWN_SPEAKER, 0.0
    speaker, distance = nearest
    return speaker, SILENT_CONFIDENCE * max(0.0, 1.0 - distance / NEAREST_REACH_SECONDS)


def _overlapped_stretches(turns: Sequence[Turn]) -> list[Turn]:
    """Return the stretches in which at least two speakers are active."""
    edges = sorted(
        [(turn.start_seconds, 1, turn.speaker) for turn in turns]
        + [(turn.end_seconds, -1, turn.speaker) for turn in turns],
    )
    active: defaultdict[str, int] = defaultdict(int)
    stretches = []
    for (at, change, speaker), (until, _, _) in pairwise(edges):
        active[speaker] += change
        several = sum(count > 0 for count in active.values()) > 1
        if several and until > at:
            stretches.append(Turn(start_seconds=at, end_seconds=until, speaker="overlap"))
    return stretches


def _smoothed(words: Sequence[AttributedWord]) -> list[AttributedWord]:
    # Decided on the original speakers throughout, so that one correction cannot cause another.
    result = list(words)
    for i in range(1, len(words) - 1):
        before, lone, after = words[i - 1 : i + 2]
        if (
            before.speaker == after.speaker != lone.speaker
            and lone.confidence < WEAK_CONFIDENCE
            and _gap(before, lone) <= NEIGHBOUR_GAP_SECONDS
            and _gap(lone, after) <= NEIGHBOUR_GAP_SECONDS
        ):
            result[i] = replace(lone, speaker=before.speaker, confidence=SMOOTHED_CONFIDENCE)
    return result


def _align_with_sentences(words: Sequence[AttributedWord]) -> tuple[AttributedWord, ...]:
    """Move weak words at either end of a sentence to the speaker of the rest of it."""
    result: list[AttributedWord] = []
    sentence: list[AttributedWord] = []
    for word in words:
        sentence.append(word)
        if closes_sentence(word.word.text):
            result += _align_start(_align_start(sentence)[::-1])[::-1]
            sentence = []
    return (*result, *_align_start(sentence))


def _align_start(words: Sequence[AttributedWord]) -> list[AttributedWord]:
    """Give the first words, if they are few and weak, to the speaker of the words after them."""
    stray = list(takewhile(lambda word: word.speaker == words[0].speaker, words))
    rest = words[len(stray) :]
    weak = all(word.confidence < WEAK_CONFIDENCE for word in stray)
    if not rest or len(stray) > MAX_STRAY_WORDS or not weak:
        return list(words)
    speaker = rest[0].speaker
    moved = [replace(word, speaker=speaker, confidence=SMOOTHED_CONFIDENCE) for word in stray]
    return [*moved, *rest]


def _ending_later(first: Turn, second: Turn) -> Turn:
    return second if second.end_seconds > first.end_seconds else first


def _gap(first: AttributedWord, second: AttributedWord) -> float:
    return second.word.start_seconds - first.word.end_seconds


def _length(word: Word) -> float:
    """Return a word's length, at least 10 ms: recognisers emit words without any."""
    return max(0.01, word.end_seconds - word.start_seconds)


def _distance(word: Word, turn: Turn) -> float:
    return max(turn.start_seconds - word.end_seconds, word.start_seconds - turn.end_seconds, 0.0)
