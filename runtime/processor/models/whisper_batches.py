"""Decodes packs of speech with Whisper, several at a time, by Whisper's own rules for each.

To decode a token, a processor reads all of the decoder's weights, and mostly waits for memory. A
batch reads them once for all its packs. Encoding and aligning gain nothing from batches.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

BATCH_PACKS = 8

# Whisper's own thresholds (Radford et al. 2022, section 4.5): above the first the text is a loop,
# beyond the other two the model reports silence.
COMPRESSION_RATIO = 2.4
NO_SPEECH = 0.6
LOG_PROBABILITY = -1.0

_USUAL, _RAISED = (0.0,), (0.4, 0.8)
"""Temperatures; fewer than faster-whisper's six, because each is another decoding of a loop."""

_SURE_LOOP = -0.5

_TOKENS_A_SECOND, _MORE_TOKENS = 20, 40
"""No one speaks faster; a loop in a retry ends there."""

# A loop that was really said: words as long as words are, each likely.
_SPOKEN_WORD_SECONDS, _SPOKEN_SHARE, _SPOKEN_PROBABILITY = (0.1, 2.0), 0.8, 0.5

# faster-whisper's own: marks that belong to the word after them, and to the word before.
_OPENING, _CLOSING = "\"'“¿([{-", "\"'.。,，!！?？:：”)]}、"  # noqa: RUF001


Generated = tuple[Any, float, float, float]
"""faster-whisper's result, log probability, temperature and compression ratio."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Up to half a minute of speech, and the language that it is in.

    A pack that `is_retry` is decoded once, without raised temperatures, and its text is short.
    """

    samples: Samples
    language: str
    is_retry: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """The fields of faster-whisper's options that `generate_with_fallback` reads."""

    beam_size: int
    suppress_tokens: Sequence[int]
    best_of: int = 5
    patience: float = 1.0
    length_penalty: float = 1.0
    repetition_penalty: float = 1.0
    no_repeat_ngram_size: int = 0
    log_prob_threshold: float = LOG_PROBABILITY
    no_speech_threshold: float = NO_SPEECH
    compression_ratio_threshold: float = COMPRESSION_RATIO
    temperatures: Sequence[float] = _USUAL
    suppress_blank: bool = True
    max_initial_timestamp: float = 1.0
    max_new_tokens: int | None = None


@dataclass(slots=True, kw_only=True)
class _Decoding:
    """How far a pack is decoded: up to frame `seek`, into `segments`."""

    features: Any
    tokenizer: Any
    prompt: list[int]
    is_retry: bool = False
    seek: int = 0
    last_speech_seconds: float = 0.0
    segments: list[Any] = field(default_factory=list)

    @property
    def frames(self) -> int:
        # The last frame of the features is padding.
        return int(self.features.shape[-1]) - 1


class BatchDecoder:
    """Decodes packs with a faster-whisper model of `load_whisper`.

    The composition of the batches follows from the packs alone, so equal packs give equal words.
    """

    def __init__(
        self,
        model: Any,
        *,
        vocabulary: Sequence[str],
        beam_size: int,
        batch_packs: int = BATCH_PACKS,
        translate: bool = False,
    ) -> None:
        """`translate` writes English, whatever is spoken."""
        self._task = "translate" if translate else "transcribe"
        self._model = model
        self._hotwords = ", ".join(vocabulary) or None
        self._beam_size = beam_size
        self._batch_packs = batch_packs

    @property
    def only_language(self) -> str | None:
        """The language of a model that has one, else None."""
        return None if self._model.model.is_multilingual else "en"

    def language_probabilities(self, samples: Samples) -> dict[str, float]:
        """Return the probability of each language in up to half a minute of speech.

        The encoder gets the speech alone: padded to half a minute, it takes ten times as long.
        """
        extractor = self._model.feature_extractor
        features = extractor(samples)
        frames = features[:, : min(features.shape[-1] - 1, extractor.nb_max_frames)]
        ranked = self._model.model.detect_language(self._model.encode(frames))[0]
        return {token[2:-2]: float(probability) for token, probability in ranked}

    def decode(self, packs: Sequence[Pack], on_share: Callable[[float], None]) -> list[list[Any]]:
        """Return each pack's segments, as faster-whisper gives them, with words.

        `on_share` is called with the share of the packs that is decoded, at least before each run
        of a network.
        """
        decodings = [self._decoding(pack) for pack in packs]
        total = sum(d.frames for d in decodings) or 1

        def report() -> None:
            on_share(sum(min(d.seek, d.frames) for d in decodings) / total)

        # Packs of like length share a batch, because the longest text decides how long it takes.
        waiting = sorted(decodings, key=lambda d: -d.frames)
        while waiting := [d for d in waiting if d.seek < d.frames]:
            batch = waiting[: self._batch_packs]
            self._decode_batch(batch, report)
            waiting = [*batch, *waiting[self._batch_packs :]]
        return [decoding.segments for decoding in decodings]

    def _decoding(self, pack: Pack) -> _Decoding:
        from faster_whisper.tokenizer import Tokenizer

        is_multilingual = self._model.model.is_multilingual
        tokenizer = Tokenizer(
            self._model.hf_tokenizer,
            is_multilingual,
            task=self._task,
            language=pack.language if is_multilingual else "en",
        )
        return _Decoding(
            features=self._model.feature_extractor(pack.samples),
            tokenizer=tokenizer,
            # No text before: a hallucination in one half minute must not feed the next.
            prompt=self._model.get_prompt(tokenizer, [], hotwords=self._hotwords),
            is_retry=pack.is_retry,
        )

    def _decode_batch(self, batch: Sequence[_Decoding], report: Callable[[], None]) -> None:
        encoded = []
        for decoding in batch:
            report()
            encoded.append(self._encode(decoding))
        report()
        self._model.model.expect(list(zip(encoded, (d.prompt for d in batch), strict=True)))
        for decoding, output in zip(batch, encoded, strict=True):
            self._decode_one(decoding, output)
            report()

    def _size(self, decoding: _Decoding) -> int:
        most: int = self._model.feature_extractor.nb_max_frames
        return min(most, decoding.frames - decoding.seek)

    def _encode(self, decoding: _Decoding) -> Any:
        from faster_whisper.audio import pad_or_trim

        end = decoding.seek + self._size(decoding)
        return self._model.encode(pad_or_trim(decoding.features[:, decoding.seek : end]))

    def _decode_one(self, decoding: _Decoding, encoded: Any) -> None:
        """Decode half a minute and move `seek` behind it, as `WhisperModel.generate_segments`."""
        from faster_whisper.utils import get_end

        model, size, seek = self._model, self._size(decoding), decoding.seek
        at_seconds = seek * model.feature_extractor.time_per_frame
        generated = self._generate(decoding, encoded, _USUAL)
        segments, after, ends_in_silence = self._timed(decoding, encoded, generated)
        if _must_repeat(generated) and not decoding.is_retry and not _is_said(generated, segments):
            generated = _better(generated, self._generate(decoding, encoded, _RAISED))
            segments, after, ends_in_silence = self._timed(decoding, encoded, generated)
        result, log_probability, *_ = generated
        if result.no_speech_prob > NO_SPEECH and log_probability <= LOG_PROBABILITY:
            decoding.seek += size
            return
        decoding.seek = after
        end_seconds = get_end(segments)
        if end_seconds is not None:
            if not ends_in_silence and end_seconds > at_seconds:
                decoding.seek = round(end_seconds * model.frames_per_second)
            decoding.last_speech_seconds = end_seconds
        made = (_segment(decoding.tokenizer, segment, generated) for segment in segments)
        decoding.segments += [segment for segment in made if segment is not None]

    def _generate(
        self, decoding: _Decoding, encoded: Any, temperatures: Sequence[float]
    ) -> Generated:
        """Decode once, at the first temperature that gives a usable text, or at the last."""
        from faster_whisper.transcribe import get_suppressed_tokens

        seconds = self._size(decoding) * self._model.feature_extractor.time_per_frame
        most = self._model.max_length - len(decoding.prompt)
        tokens = min(most, round(_TOKENS_A_SECOND * seconds) + _MORE_TOKENS)
        options = _Options(
            beam_size=self._beam_size,
            suppress_tokens=get_suppressed_tokens(decoding.tokenizer, [-1]),
            temperatures=temperatures,
            max_new_tokens=tokens if decoding.is_retry or temperatures != _USUAL else None,
        )
        found: Generated = self._model.generate_with_fallback(
            encoded, decoding.prompt, decoding.tokenizer, options
        )
        return found

    def _timed(
        self, decoding: _Decoding, encoded: Any, generated: Generated
    ) -> tuple[list[Any], int, bool]:
        """Return the segments of a text with the times of their words, as faster-whisper does."""
        model, size, seek = self._model, self._size(decoding), decoding.seek
        seconds = model.feature_extractor.time_per_frame
        segments, after, ends_in_silence = model._split_segments_by_timestamps(  # noqa: SLF001 - as its own loop
            tokenizer=decoding.tokenizer,
            tokens=generated[0].sequences_ids[0],
            time_offset=seek * seconds,
            segment_size=size,
            segment_duration=size * seconds,
            seek=seek,
        )
        model.add_word_timestamps(
            [segments],
            decoding.tokenizer,
            encoded,
            size,
            _OPENING,
            _CLOSING,
            last_speech_timestamp=decoding.last_speech_seconds,
        )
        return segments, after, ends_in_silence


def _must_repeat(generated: Generated) -> bool:
    """Return whether Whisper's rules ask for another decoding: a loop, or improbable speech.

    A loop that is sure of itself stays one at other temperatures; shorter cuts resolve it.
    """
    result, log_probability, _, compression_ratio = generated
    is_silence = result.no_speech_prob > NO_SPEECH
    is_loop = compression_ratio > COMPRESSION_RATIO and log_probability < _SURE_LOOP
    return is_loop or (log_probability < LOG_PROBABILITY and not is_silence)


def _is_said(generated: Generated, segments: Sequence[Any]) -> bool:
    """Return whether a loop was really said, by the times and probabilities of its words."""
    words = [word for segment in segments for word in segment["words"]]
    return generated[1] >= LOG_PROBABILITY and are_spoken(
        [(word["end"] - word["start"], word["probability"]) for word in words]
    )


def are_spoken(words: Sequence[tuple[float, float]]) -> bool:
    """Return whether words that repeat, as (seconds, probability), were said and not invented."""
    if not words:
        return False
    shortest, longest = _SPOKEN_WORD_SECONDS
    lasting = sum(shortest <= seconds <= longest for seconds, _ in words)
    likely = sorted(probability for _, probability in words)[len(words) // 2]
    return bool(likely >= _SPOKEN_PROBABILITY) and lasting >= _SPOKEN_SHARE * len(words)


def _better(first: Generated, second: Generated) -> Generated:
    """Return the more probable of the texts that do not repeat; of both where both do."""
    varied = [found for found in (first, second) if found[3] <= COMPRESSION_RATIO]
    return max(varied or (first, second), key=lambda found: found[1])


def _segment(tokenizer: Any, found: dict[str, Any], generated: Generated) -> Any | None:
    """Return a segment of faster-whisper, None where it is empty."""
    from faster_whisper.transcribe import Segment, Word

    text = tokenizer.decode(found["tokens"])
    if found["start"] == found["end"] or not text.strip():
        return None
    result, log_probability, temperature, compression_ratio = generated
    return Segment(
        id=0,
        seek=found["seek"],
        start=found["start"],
        end=found["end"],
        text=text,
        tokens=found["tokens"],
        avg_logprob=log_probability,
        compression_ratio=compression_ratio,
        no_speech_prob=result.no_speech_prob,
        words=[Word(**word) for word in found["words"]],
        temperature=temperature,
    )
