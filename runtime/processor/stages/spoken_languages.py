"""Finds which language is spoken where, before speech is cut into pieces for recognition.

Speech is looked at in chunks of some seconds that end at its quietest moments. The most probable
sequence of languages (Viterbi) changes only where the evidence outweighs the cost of a change, so
one doubtful chunk goes with its neighbours.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import log

import numpy as np
from numpy.typing import NDArray

from runtime.processor.stages.windows import SpeechSpans

Samples = NDArray[np.float32]

Probabilities = Mapping[str, float]
Detect = Callable[[Samples], Probabilities]
"""Returns the probability of each language in some seconds of speech."""

_SHORTEST_SECONDS, _LONGEST_SECONDS = 3.0, 7.0
"""Whisper's detection errs on 11 % of stretches of 3 s, and on 5 % of 5 s (whisper-base)."""

_CHANGE_COST = 2.5
"""Log odds that a change of language must outweigh; a remark in another language changes twice."""

_RARE_COST = 8.0
_RARE = frozenset(
    code
    for codes in ("ba bo br cy fo haw ht jw la lb ln mg", "mi nn oc sa sn su tk tt yi yo")
    for code in codes.split()
)
"""Languages that Whisper finds in names and noise (Latin with 0.98 in "intra-Asterisk").

Changing to one costs more, so it takes several chunks.
"""

_FIRST_COST = 2.0
"""Log odds for the language before the window."""

_FULL_WEIGHT_SECONDS = 3.0
"""Shorter chunks weigh less."""

_DOUBTFUL, _CERTAIN = 0.5, 0.9
"""The best probabilities from which a chunk counts as evidence, and as full evidence.

Wrong detections are doubtful and come in rows, so they must not add up: of 91 stretches of 3 s with
0.9 or more none was wrong.
"""

_LEAST_PROBABILITY = 1e-4
_BLOCK_SECONDS, _QUIET_BLOCKS = 0.05, 5
_BOUNDARIES_TRIED = 3

Chunk = tuple[tuple[float, float], ...]
"""Spans of speech in a window, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageRun:
    """Speech in one language; `probability` is the mean over its chunks by length."""

    speech: SpeechSpans
    language: str
    probability: float


def language_runs(
    samples: Samples,
    speech: SpeechSpans,
    detect: Detect,
    *,
    languages: Sequence[str],
    before: str | None,
) -> list[LanguageRun]:
    """Return the speech of a window, divided where its language changes.

    Several `languages` restrict the choice. `before` is the language before the window.
    """
    chunks = list(speech_chunks(speech, samples))
    joined = (SpeechSpans(chunk, speech.rate).join(samples) for chunk in chunks)
    found = [most_probable(detect(part), languages) for part in joined]
    sequence = likeliest_sequence(found, [_seconds(chunk) for chunk in chunks], before)
    runs: list[tuple[list[int], str]] = [
        ([number for number, _ in group], language)
        for language, group in groupby(enumerate(sequence), key=lambda item: item[1])
    ]
    spans = [[span for number in numbers for span in chunks[number]] for numbers, _ in runs]
    for (left, (_, first)), (right, (_, second)) in pairwise(enumerate(runs)):
        spans[left], spans[right] = _moved_boundary(
            spans[left],
            spans[right],
            samples,
            speech.rate,
            lambda part: most_probable(detect(part), languages),
            (first, second),
        )
    return [
        LanguageRun(
            speech=SpeechSpans(_merged(run_spans), speech.rate),
            language=language,
            probability=_mean(
                [(found[n].get(language, 0.0), _seconds(chunks[n])) for n in numbers]
            ),
        )
        for run_spans, (numbers, language) in zip(spans, runs, strict=True)
    ]


def most_probable(probabilities: Probabilities, languages: Sequence[str]) -> dict[str, float]:
    """Return the probabilities of these languages, scaled to a sum of 1; of all without any."""
    if not languages:
        return dict(probabilities)
    allowed = {code: probabilities.get(code, 0.0) for code in languages}
    total = sum(allowed.values())
    return {code: p / total if total else 1 / len(allowed) for code, p in allowed.items()}


def likeliest_sequence(
    chunks: Sequence[Probabilities], seconds: Sequence[float], before: str | None
) -> list[str]:
    """Return the language of each chunk in the most probable sequence (Viterbi)."""
    states = sorted({code for chunk in chunks for code, p in chunk.items() if p > 0})
    if not states:
        return []
    scores = {
        code: (0.0 if before in {code, None} else -_FIRST_COST)
        - (_RARE_COST - _CHANGE_COST if code in _RARE and code != before else 0.0)
        for code in states
    }
    origins: list[dict[str, str]] = []
    for number, (chunk, length) in enumerate(zip(chunks, seconds, strict=True)):
        origin = {code: code for code in states}
        if number:
            best = max(states, key=lambda code: scores[code])
            for code in states:
                if scores[best] - _cost_of(code) > scores[code]:
                    origin[code] = best
            scores = {
                code: scores[origin[code]] - (0.0 if origin[code] == code else _cost_of(code))
                for code in states
            }
        weight = min(1.0, length / _FULL_WEIGHT_SECONDS) * _certainty(chunk)
        scores = {
            code: score + weight * log(max(chunk.get(code, 0.0), _LEAST_PROBABILITY))
            for code, score in scores.items()
        }
        origins.append(origin)
    sequence = [max(states, key=lambda code: scores[code])]
    for origin in reversed(origins[1:]):
        sequence.append(origin[sequence[-1]])
    return sequence[::-1]


def _cost_of(language: str) -> float:
    return _RARE_COST if language in _RARE else _CHANGE_COST


def _certainty(chunk: Probabilities) -> float:
    best = max(chunk.values(), default=0.0)
    return min(1.0, max(0.01, (best - _DOUBTFUL) / (_CERTAIN - _DOUBTFUL)))


def speech_chunks(speech: SpeechSpans, samples: Samples) -> Iterator[Chunk]:
    """Yield the speech in chunks that end at the quietest moment within their bounds."""
    current: list[tuple[float, float]] = []
    for span in speech.spans:
        start, end = span
        if current and (
            _seconds(current) >= _SHORTEST_SECONDS
            or _seconds(current) + end - start > _LONGEST_SECONDS
        ):
            yield tuple(current)
            current = []
        while end - start > _LONGEST_SECONDS:
            latest = min(start + _LONGEST_SECONDS, end - 1.0)
            cut = _quietest(samples, speech.rate, start + _SHORTEST_SECONDS, latest)[0]
            yield (*current, (start, cut))
            current, start = [], cut
        current.append((start, end))
    if current:
        yield tuple(current)


def _quietest(samples: Samples, rate: int, start: float, end: float) -> list[float]:
    """Return moments within some seconds, the quietest quarter of a second first, some apart."""
    size = round(_BLOCK_SECONDS * rate)
    part = samples[round(start * rate) : round(end * rate)]
    blocks = part[: len(part) // size * size].reshape(-1, size)
    if len(blocks) < _QUIET_BLOCKS:
        return [(start + end) / 2]
    power = np.convolve((blocks**2).mean(axis=1), np.ones(_QUIET_BLOCKS) / _QUIET_BLOCKS, "valid")
    found: list[float] = []
    for index in np.argsort(power, kind="stable"):
        at = start + (int(index) + _QUIET_BLOCKS / 2) * _BLOCK_SECONDS
        if all(abs(at - other) > 2 * _QUIET_BLOCKS * _BLOCK_SECONDS for other in found):
            found.append(at)
        if len(found) == _BOUNDARIES_TRIED:
            break
    return found


def _moved_boundary(
    left: list[tuple[float, float]],
    right: list[tuple[float, float]],
    samples: Samples,
    rate: int,
    detect: Detect,
    languages: tuple[str, str],
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Move the boundary of two languages to the pause near it that divides them best.

    A pause between spans stays the boundary: it is longer than any within one.
    """
    (start, at), (after, end) = left[-1], right[0]
    if at != after:
        return left, right
    start, end = max(start, at - _SHORTEST_SECONDS), min(end, at + _SHORTEST_SECONDS)
    tried = [at, *_quietest(samples, rate, start + 0.5, end - 0.5)]

    def score(cut: float) -> float:
        return sum(
            log(
                max(
                    detect(samples[round(a * rate) : round(b * rate)]).get(code, 0.0),
                    _LEAST_PROBABILITY,
                )
            )
            * (b - a)
            for (a, b), code in zip(((start, cut), (cut, end)), languages, strict=True)
        )

    best = max(dict.fromkeys(tried), key=score)
    return [*left[:-1], (left[-1][0], best)], [(best, right[0][1]), *right[1:]]


def _merged(spans: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Return spans with those joined that were one before they were divided into chunks."""
    merged: list[tuple[float, float]] = []
    for start, end in spans:
        if merged and merged[-1][1] == start:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return tuple(merged)


def _seconds(chunk: Sequence[tuple[float, float]]) -> float:
    return sum(end - start for start, end in chunk)


def _mean(weighted: Sequence[tuple[float, float]]) -> float:
    total = sum(weight for _, weight in weighted)
    return sum(value * weight for value, weight in weighted) / total if total else 0.0
