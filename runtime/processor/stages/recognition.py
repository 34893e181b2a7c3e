"""Recognizes the speech of one window with Whisper: in pieces, checked against the detector.

A piece is up to half a minute of speech in one language. What the voice detector heard and Whisper
passed over is tried again with other cuts.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from runtime.core.media import TimeRange, Word
from runtime.processor.models.whisper_batches import Pack
from runtime.processor.stages.pieces import Piece, cut_pieces
from runtime.processor.stages.segment_words import is_loop, segment_words
from runtime.processor.stages.spoken_languages import (
    LanguageRun,
    language_runs,
    most_probable,
    speech_chunks,
)
from runtime.processor.stages.windows import SpeechSpans

Samples = NDArray[np.float32]

MIN_UNWRITTEN_SECONDS = 2.0
"""Speech without words for this long is tried again."""

_WORD_MARGIN_SECONDS = 0.3
_RETRY_CUTS = ((-0.2, 0.2), (0.35, 0.2), (-1.0, 0.5))
"""Other beginnings and ends for speech that was passed over, in seconds."""

_RETRY_SHARE, _RETRY_SECONDS = 0.25, 30.0
"""How much speech of a window is tried again at most: a share of it and half a minute."""

_CERTAIN = 0.9
"""The probability from which the language of a retry is believed against that of its piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """The words of a window, in its time, and the speech without words.

    `language` is that of most words; `last_language` is the one in which speech ends.
    """

    words: tuple[Word, ...]
    language: str
    probability: float
    last_language: str
    unwritten: tuple[TimeRange, ...]


class SpeechDecoder(Protocol):
    """Detects languages and decodes packs: `models.whisper_batches.BatchDecoder`."""

    @property
    def only_language(self) -> str | None:
        """The language of a model that has one, else None."""

    def language_probabilities(self, samples: Samples) -> dict[str, float]:
        """Return the probability of each language for up to half a minute."""

    def decode(self, packs: Sequence[Pack], on_share: Callable[[float], None]) -> list[list[Any]]:
        """Return each pack's segments; `on_share` is called with the decoded share of them."""


class Recognizer:
    """Recognizes windows.

    A single one of `languages` is never questioned, several restrict the detection. `translate`
    says that the decoder writes English, whatever is spoken.
    """

    def __init__(
        self, decoder: SpeechDecoder, *, languages: Sequence[str], translate: bool = False
    ) -> None:
        self._decoder = decoder
        self._written = "en" if translate else None
        self._languages = languages

    def recognize(
        self,
        samples: Samples,
        speech: SpeechSpans,
        *,
        before: str | None,
        on_seconds: Callable[[float], None],
    ) -> Recognition:
        """Return the words of a window with speech; `before` is the language before it.

        `on_seconds` is called, with the window's time, before each run of a network.
        """

        def detect(part: Samples) -> dict[str, float]:
            on_seconds(0.0)
            return self._decoder.language_probabilities(part)

        pieces = [
            Piece(
                spans=spans,
                samples=spans.join(samples),
                language=run.language,
                probability=run.probability,
            )
            for run in self._runs(samples, speech, before, detect)
            for spans in cut_pieces(run.speech, samples)
        ]
        seconds = len(samples) / speech.rate
        packs = [Pack(samples=piece.samples, language=piece.language) for piece in pieces]
        decoded = self._decoder.decode(packs, lambda share: on_seconds(share * seconds))
        words: list[Word] = []
        unwritten: list[TimeRange] = []
        budget = _RETRY_SECONDS + _RETRY_SHARE * sum(piece.seconds for piece in pieces)
        for piece, segments in zip(pieces, decoded, strict=True):
            found: list[Word] = []
            for segment in segments:
                found += segment_words(segment, self._written or piece.language, piece.spans)
            for gap in unwritten_in(piece.spans, found):
                if gap.seconds <= budget:
                    budget -= gap.seconds
                    on_seconds(seconds)
                    found += self._retry(samples, gap, piece, is_loop=any(map(is_loop, segments)))
            unwritten += unwritten_in(piece.spans, found)
            words += found
        spoken: Counter[str] = Counter()
        for piece in pieces:
            spoken[piece.language] += round(1000 * piece.seconds)
        language = spoken.most_common(1)[0][0]
        return Recognition(
            words=tuple(words),
            language=self._written or language,
            probability=max(p.probability for p in pieces if p.language == language),
            last_language=pieces[-1].language,
            unwritten=tuple(unwritten),
        )

    def _runs(
        self,
        samples: Samples,
        speech: SpeechSpans,
        before: str | None,
        detect: Callable[[Samples], dict[str, float]],
    ) -> list[LanguageRun]:
        language = self._only_language
        if language is not None:
            return [LanguageRun(speech=speech, language=language, probability=1.0)]
        return language_runs(samples, speech, detect, languages=self._languages, before=before)

    @property
    def _only_language(self) -> str | None:
        return self._languages[0] if len(self._languages) == 1 else self._decoder.only_language

    def _retry(
        self, samples: Samples, gap: TimeRange, piece: Piece, *, is_loop: bool
    ) -> list[Word]:
        """Return the words of speech that was passed over, heard with other cuts.

        `is_loop` begins with the shortest cuts.
        """
        rate = piece.spans.rate
        heard = SpeechSpans(((gap.start_seconds, gap.end_seconds),), rate)
        tries = [
            [
                (
                    max(0.0, gap.start_seconds + earlier),
                    min(len(samples) / rate, gap.end_seconds + later),
                )
            ]
            for earlier, later in _RETRY_CUTS
        ]
        # A few words at a time: what is said again and again becomes a loop in longer cuts.
        few_words = [span for chunk in speech_chunks(heard, samples) for span in chunk]
        tries = [few_words, *tries] if is_loop else [*tries, few_words]
        best: list[Word] = []
        for spans in tries:
            found = [
                word
                for word in self._words_of(samples, spans, piece.language, rate)
                if gap.start_seconds
                <= (word.start_seconds + word.end_seconds) / 2
                <= gap.end_seconds
            ]
            best = max(best, found, key=len)
            if best and not unwritten_in(heard, best):
                break
        return best

    def _words_of(
        self, samples: Samples, cuts: Sequence[tuple[float, float]], usual: str, rate: int
    ) -> list[Word]:
        """Return the words of cuts of a window, each decoded by itself."""
        spans = [SpeechSpans((cut,), rate) for cut in cuts]
        joined = [span.join(samples) for span in spans]
        packs = [
            Pack(samples=part, language=self._language_of(part, usual), is_retry=True)
            for part in joined
        ]
        return [
            word
            for pack, span, segments in zip(
                packs, spans, self._decoder.decode(packs, lambda _: None), strict=True
            )
            for segment in segments
            for word in segment_words(segment, self._written or pack.language, span)
        ]

    def _language_of(self, samples: Samples, usual: str) -> str:
        """Return the language of speech that was passed over, the usual one where in doubt."""
        if self._only_language is not None:
            return self._only_language
        found = most_probable(self._decoder.language_probabilities(samples), self._languages)
        best = max(found, key=lambda code: found[code])
        return best if found[best] >= _CERTAIN else usual


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
