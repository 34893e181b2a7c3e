"""Turns Whisper's segments into words, and leaves out those that it invented."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from runtime.core.media import Word
from runtime.processor.models.whisper_batches import COMPRESSION_RATIO, LOG_PROBABILITY, NO_SPEECH
from runtime.processor.stages.unspaced import word_ranges
from runtime.processor.stages.windows import SpeechSpans

# A loop that was really said: words as long as words are, each likely.
_SPOKEN_WORD_SECONDS, _SPOKEN_SHARE, _SPOKEN_PROBABILITY = 0.1, 0.8, 0.5

# faster-whisper's own list: it splits these at every character, without leading spaces.
_WRITTEN_WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "my", "yue"})


def segment_words(
    segment: Any, language: str, speech: SpeechSpans, *, allow_loops: bool = False
) -> Iterator[Word]:
    """Yield a segment's words in the window's time; none if Whisper invented it."""
    if is_hallucination(segment, allow_loops=allow_loops):
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


def is_hallucination(segment: Any, *, allow_loops: bool = False) -> bool:
    """Return whether a segment is a loop or an improbable guess, as Whisper makes for silence.

    A loop whose words are likely and as long as words are was said. `allow_loops` asks for that
    even where the text repeats without such words.
    """
    is_loop = segment.compression_ratio > COMPRESSION_RATIO and not (
        allow_loops and segment.avg_logprob > LOG_PROBABILITY / 2
    )
    is_silence = segment.no_speech_prob > NO_SPEECH and segment.avg_logprob < LOG_PROBABILITY
    return bool(is_silence or (is_loop and not _is_spoken(segment.words or ())))


def _is_spoken(words: Sequence[Any]) -> bool:
    if not words:
        return False
    lasting = [word.end - word.start >= _SPOKEN_WORD_SECONDS for word in words]
    likely = sorted(word.probability for word in words)[len(words) // 2] >= _SPOKEN_PROBABILITY
    return bool(likely) and sum(lasting) >= _SPOKEN_SHARE * len(words)


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
