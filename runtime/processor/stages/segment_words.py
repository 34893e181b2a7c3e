"""Turns Whisper's segments into words, and leaves out those that it invented."""

from collections.abc import Iterable, Iterator
from typing import Any

from runtime.core.media import Word
from runtime.processor.models.whisper_batches import (
    COMPRESSION_RATIO,
    LOG_PROBABILITY,
    NO_SPEECH,
    are_spoken,
)
from runtime.processor.stages.unspaced import word_ranges
from runtime.processor.stages.windows import SpeechSpans

# faster-whisper's own list: it splits these at every character, without leading spaces.
_WRITTEN_WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "my", "yue"})

_LONGEST_GUESS_SECONDS, _GUESS_PROBABILITY = 1.2, 0.1
"""Spoken words take less on average, or one of them is likelier."""


def segment_words(segment: Any, language: str, speech: SpeechSpans) -> Iterator[Word]:
    """Yield a segment's words in the window's time; none if Whisper invented it."""
    if is_hallucination(segment):
        return
    for pieces in join_pieces(segment.words or (), language):
        text = "".join(piece.word for piece in pieces).strip()
        if text:
            first, last = pieces[0], pieces[-1]
            middle = (first.start + last.end) / 2
            start = speech.to_window_seconds(float(first.start), middle)
            end = speech.to_window_seconds(float(last.end), middle)
            yield Word(
                start_seconds=start,
                end_seconds=end,
                text=text,
                probability=round(min(float(piece.probability) for piece in pieces), 4),
                language=language,
            )


def is_loop(segment: Any) -> bool:
    """Return whether a segment's text repeats more than speech usually does."""
    return bool(segment.compression_ratio > COMPRESSION_RATIO)


def is_hallucination(segment: Any) -> bool:
    """Return whether a segment is a loop or an improbable guess, as Whisper makes for silence.

    A loop whose words are likely and as long as words are was said. For music, Whisper stretches
    words such as "You" over seconds, without believing in any.
    """
    is_silence = segment.no_speech_prob > NO_SPEECH and segment.avg_logprob < LOG_PROBABILITY
    is_invented_loop = is_loop(segment) and not _are_spoken(segment)
    return bool(is_silence or is_invented_loop or _is_stretched_guess(segment))


def _is_stretched_guess(segment: Any) -> bool:
    words = segment.words or ()
    seconds = sum(word.end - word.start for word in words)
    return bool(words) and (
        seconds > _LONGEST_GUESS_SECONDS * len(words)
        and max(word.probability for word in words) < _GUESS_PROBABILITY
    )


def _are_spoken(segment: Any) -> bool:
    return are_spoken([(word.end - word.start, word.probability) for word in segment.words or ()])


def join_pieces(pieces: Iterable[Any], language: str) -> list[list[Any]]:
    """Group faster-whisper's pieces of words that are written without a space between.

    It splits "full-featured" and "www.example.org" before each mark; only the first piece of a
    word has a leading space. Languages without spaces come by the character.
    """
    if language in _WRITTEN_WITHOUT_SPACES:
        found = list(pieces)
        ranges = word_ranges([piece.word for piece in found], language)
        return [found[first:end] for first, end in ranges]
    groups: list[list[Any]] = []
    for piece in pieces:
        if groups and not piece.word.startswith(" "):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return groups
