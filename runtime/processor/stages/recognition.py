"""Recognizes the speech of one window with Whisper: piece by piece, checked against the detector.

A piece is up to half a minute of speech in one language. What the voice detector heard and Whisper
passed over is tried again with other cuts.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runtime.core.media import TimeRange, Word
from runtime.processor.stages.spoken_languages import LanguageRun, language_runs, most_probable
from runtime.processor.stages.windows import SpeechSpans

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

PIECE_SECONDS = 28.0
"""Whisper listens to half a minute at a time."""

_LONGEST_SEARCH_SECONDS, _QUIET_SECONDS = 10.0, 0.1

MIN_UNWRITTEN_SECONDS = 2.0
"""Speech without words for this long is tried again."""

_WORD_MARGIN_SECONDS = 0.3
_RETRY_CUTS = ((-0.2, 0.2), (0.35, 0.2), (-1.0, 0.5))
"""Other beginnings and ends for speech that was passed over, in seconds."""

_RETRY_SHARE, _RETRY_SECONDS = 0.25, 30.0
"""How much speech of a window is tried again at most: a share of it and half a minute."""

# Whisper's own thresholds (Radford et al. 2022, section 4.5): above the first the text is a loop,
# beyond the other two the model reports silence.
COMPRESSION_RATIO = 2.4
NO_SPEECH = 0.6
LOG_PROBABILITY = -1.0

_TEMPERATURES = (0.0, 0.4, 0.8)
"""Fewer than faster-whisper's six: each is another decoding of a loop."""

_CERTAIN = 0.9
"""The probability from which the language of a retry is believed against that of its piece."""

# A loop that was really said: words as long as words are, each likely.
_SPOKEN_WORD_SECONDS, _SPOKEN_SHARE, _SPOKEN_PROBABILITY = 0.1, 0.8, 0.5

# faster-whisper's own list: it splits these at every character, without leading spaces.
_WRITTEN_WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "my", "yue"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """The words of a window, in its time, and the speech without words.

    `language` is that of most speech; `last_language` is the one it ends in.
    """

    words: tuple[Word, ...]
    language: str
    probability: float
    last_language: str
    unwritten: tuple[TimeRange, ...]


@dataclass(slots=True, kw_only=True)
class _Piece:
    spans: SpeechSpans
    samples: "Samples"
    language: str
    probability: float = 0.0

    @property
    def seconds(self) -> float:
        return sum(end - start for start, end in self.spans.spans)


class Recognizer:
    """Recognizes windows with a faster-whisper model.

    A single one of `languages` is never questioned, several restrict the detection.
    """

    def __init__(
        self, model: Any, *, languages: Sequence[str], vocabulary: Sequence[str], beam_size: int
    ) -> None:
        self._model = model
        self._languages = languages
        self._vocabulary = vocabulary
        self._beam_size = beam_size

    def recognize(
        self,
        samples: "Samples",
        speech: SpeechSpans,
        *,
        before: str | None,
        on_seconds: Callable[[float], None],
    ) -> Recognition:
        """Return the words of a window with speech; `before` is the language before it.

        `on_seconds` is called with the window's time as words are found.
        """
        pieces = [
            _Piece(
                spans=spans,
                samples=spans.join(samples),
                language=run.language,
                probability=run.probability,
            )
            for run in self._runs(samples, speech, before)
            for spans in _pieces(run.speech, samples)
        ]
        words: list[Word] = []
        unwritten: list[TimeRange] = []
        budget = _RETRY_SECONDS + _RETRY_SHARE * sum(piece.seconds for piece in pieces)
        for piece in pieces:
            found: list[Word] = []
            for segment in self._segments(piece):
                found += segment_words(segment, piece.language, piece.spans)
                on_seconds(piece.spans.to_window_seconds(segment.end, segment.end))
            for gap in unwritten_in(piece.spans, found):
                if gap.seconds <= budget:
                    budget -= gap.seconds
                    found += self._retry(samples, gap, piece, speech.rate)
            unwritten += unwritten_in(piece.spans, found)
            words += found
        spoken: Counter[str] = Counter()
        for piece in pieces:
            spoken[piece.language] += round(1000 * piece.seconds)
        language = spoken.most_common(1)[0][0]
        return Recognition(
            words=tuple(words),
            language=language,
            probability=max(p.probability for p in pieces if p.language == language),
            last_language=pieces[-1].language,
            unwritten=tuple(unwritten),
        )

    def _runs(
        self, samples: "Samples", speech: SpeechSpans, before: str | None
    ) -> list[LanguageRun]:
        language = self._only_language
        if language is not None:
            return [LanguageRun(speech=speech, language=language, probability=1.0)]
        return language_runs(
            samples, speech, self._detect, languages=self._languages, before=before
        )

    @property
    def _only_language(self) -> str | None:
        if len(self._languages) == 1:
            return self._languages[0]
        return None if self._model.model.is_multilingual else "en"

    def _detect(self, samples: "Samples") -> dict[str, float]:
        """Return the probability of each language in up to half a minute of speech.

        The encoder gets the speech alone: padded to half a minute, it takes ten times as long.
        """
        extractor = self._model.feature_extractor
        features = extractor(samples)
        frames = features[:, : min(features.shape[-1] - 1, extractor.nb_max_frames)]
        ranked = self._model.model.detect_language(self._model.encode(frames))[0]
        return {token[2:-2]: float(probability) for token, probability in ranked}

    def _retry(self, samples: "Samples", gap: TimeRange, piece: _Piece, rate: int) -> list[Word]:
        """Return the words of speech that was passed over, heard with other cuts."""
        best: list[Word] = []
        for number, (earlier, later) in enumerate(_RETRY_CUTS):
            start = max(0.0, gap.start_seconds + earlier)
            end = min(len(samples) / rate, gap.end_seconds + later)
            spans = SpeechSpans(((start, end),), rate)
            joined = spans.join(samples)
            cut = _Piece(
                spans=spans, samples=joined, language=self._language_of(joined, piece.language)
            )
            found = [
                word
                for segment in self._segments(cut)
                for word in segment_words(
                    segment, cut.language, spans, allow_loops=number == len(_RETRY_CUTS) - 1
                )
                if gap.start_seconds
                <= (word.start_seconds + word.end_seconds) / 2
                <= gap.end_seconds
            ]
            best = max(best, found, key=len)
            if best and not unwritten_in(
                SpeechSpans(((gap.start_seconds, gap.end_seconds),), rate), best
            ):
                break
        return best

    def _language_of(self, samples: "Samples", usual: str) -> str:
        """Return the language of speech that was passed over, the usual one where in doubt."""
        if self._only_language is not None:
            return self._only_language
        found = most_probable(self._detect(samples), self._languages)
        best = max(found, key=lambda code: found[code])
        return best if found[best] >= _CERTAIN else usual

    def _segments(self, piece: _Piece) -> Iterable[Any]:
        segments, _ = self._model.transcribe(
            piece.samples,
            language=piece.language,
            beam_size=self._beam_size,
            temperature=_TEMPERATURES,
            word_timestamps=True,
            # A hallucination in one half minute must not feed the next.
            condition_on_previous_text=False,
            hotwords=", ".join(self._vocabulary) or None,
            compression_ratio_threshold=COMPRESSION_RATIO,
            no_speech_threshold=NO_SPEECH,
            log_prob_threshold=LOG_PROBABILITY,
        )
        found: Iterable[Any] = segments
        return found


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
    word has a leading space.
    """
    groups: list[list[Any]] = []
    for piece in pieces:
        if groups and language not in _WRITTEN_WITHOUT_SPACES and not piece.word.startswith(" "):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return groups


def unwritten_in(speech: SpeechSpans, words: Iterable[Word]) -> list[TimeRange]:
    """Return the stretches of speech of two seconds or more that have no words."""
    covered = sorted(
        (word.start_seconds - _WORD_MARGIN_SECONDS, word.end_seconds + _WORD_MARGIN_SECONDS)
        for word in words
    )
    found = []
    for start, end in speech.spans:
        at = start
        for first, last in [*((a, b) for a, b in covered if b > start and a < end), (end, end)]:
            if first - at >= MIN_UNWRITTEN_SECONDS:
                found.append(TimeRange(start_seconds=round(at, 3), end_seconds=round(first, 3)))
            at = max(at, last)
    return found


def _pieces(speech: SpeechSpans, samples: "Samples") -> Iterator[SpeechSpans]:
    """Yield the speech in pieces of up to half a minute, cut at pauses."""
    current: list[tuple[float, float]] = []
    seconds = 0.0
    for start, end in (
        part for span in speech.spans for part in _parts(span, samples, speech.rate)
    ):
        if current and seconds + end - start > PIECE_SECONDS:
            yield SpeechSpans(tuple(current), speech.rate)
            current, seconds = [], 0.0
        current.append((start, end))
        seconds += end - start
    if current:
        yield SpeechSpans(tuple(current), speech.rate)


def _parts(
    span: tuple[float, float], samples: "Samples", rate: int
) -> Iterator[tuple[float, float]]:
    """Yield a span in parts of up to half a minute, cut where it is quietest."""
    import numpy as np

    start, end = span
    while end - start > PIECE_SECONDS:
        latest = start + PIECE_SECONDS
        searched = samples[round((latest - _LONGEST_SEARCH_SECONDS) * rate) : round(latest * rate)]
        size = round(_QUIET_SECONDS * rate)
        blocks = searched[: len(searched) // size * size].reshape(-1, size)
        quietest = int(np.argmin((blocks**2).mean(axis=1)))
        cut = latest - _LONGEST_SEARCH_SECONDS + (quietest + 0.5) * _QUIET_SECONDS
        yield start, cut
        start = cut
    yield start, end
