"""Looks at the channels of an audio track before they are mixed to mono.

Channels that cancel each other, carry no speech or carry one party each must not simply be added.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from runtime.core.media import Diarization, Turn

if TYPE_CHECKING:
    from av import AudioFrame

BLOCK_SECONDS = 0.05
_SILENT_DB = -60.0
"""A channel whose loud moments stay below this is silent."""

_STEADY_DB = 6.0
"""Hiss, hum and timecode vary by less than this between their loud and quiet moments."""

_OPPOSITE_CORRELATION = -0.5
_SEPARATE_CORRELATION = 0.3
_DOMINANT_DB = 10.0
_DOMINANT_SHARE = 0.8
_PARTY_SHARE = 0.05
"""The least share of the activity that makes a channel a party."""

_ACTIVE_DB = 25.0
"""A channel is active within this of its loud moments."""

_FILL_SECONDS, _MIN_TURN_SECONDS, _PAD_SECONDS = 0.6, 0.2, 0.1
_FLOOR_DB = -120.0

Levels = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelMix:
    """The weight of each channel in the mono mix, and the turns of parties on separate channels."""

    weights: tuple[float, ...]
    parties: Diarization | None = None

    def apply(self, frame: "AudioFrame") -> "AudioFrame":
        """Return a frame of the mix, with the frame's rate and time."""
        import av

        samples = samples_of(frame)
        mixed = np.clip(np.asarray(self.weights, np.float32) @ samples, -1.0, 1.0)
        result = av.AudioFrame.from_ndarray(
            mixed[None].astype(np.float32), format="fltp", layout="mono"
        )
        result.sample_rate, result.pts = frame.sample_rate, frame.pts
        result.time_base = frame.time_base
        return result


def survey_channels(
    frames: Iterable[tuple["AudioFrame", float]], *, separate: bool = False
) -> ChannelMix | None:
    """Return how to mix the channels of frames at these times, None for the usual downmix.

    `separate` takes each channel with speech for a party, whatever they have in common.
    """
    survey = _Survey()
    for frame, at_seconds in frames:
        survey.add(frame, at_seconds)
    return survey.mix(separate=separate)


def samples_of(frame: "AudioFrame") -> NDArray[np.float32]:
    """Return a frame's samples (channels, samples), -1 to 1."""
    array: NDArray[Any] = frame.to_ndarray()
    if not frame.format.is_planar:
        array = array.reshape(-1, frame.layout.nb_channels).T
    if array.dtype == np.uint8:
        return (array.astype(np.float32) - 128.0) / 128.0
    if array.dtype.kind == "i":
        return array.astype(np.float32) / float(np.iinfo(array.dtype).max)
    return array.astype(np.float32)


class _Survey:
    """Collects the products of all pairs of channels in blocks of time."""

    def __init__(self) -> None:
        self._blocks: dict[int, NDArray[np.float64]] = {}
        self._samples: dict[int, int] = {}

    def add(self, frame: "AudioFrame", at_seconds: float) -> None:
        if frame.format.name.rstrip("p") == "s64":
            return
        samples = samples_of(frame).astype(np.float64)
        block = max(1, round(BLOCK_SECONDS * frame.sample_rate))
        for first in range(0, samples.shape[1], block):
            part = samples[:, first : first + block]
            index = int((at_seconds + first / frame.sample_rate) / BLOCK_SECONDS)
            products = part @ part.T
            known = self._blocks.get(index)
            if known is not None and known.shape == products.shape:
                products = known + products
            self._blocks[index] = products
            self._samples[index] = self._samples.get(index, 0) + part.shape[1]

    def mix(self, *, separate: bool) -> ChannelMix | None:
        """Return the mix for all that was added."""
        counts = {products.shape[0] for products in self._blocks.values()}
        if len(counts) != 1 or counts == {1}:
            return None
        indices = sorted(self._blocks)
        products = np.stack([self._blocks[i] for i in indices])
        powers = np.diagonal(products, axis1=1, axis2=2)
        powers = powers / np.array([[self._samples[i]] for i in indices])
        levels: Levels = 10 * np.log10(np.maximum(powers, 10 ** (_FLOOR_DB / 10)))
        chosen = _channels_with_speech(levels)
        correlation = _correlation(products.sum(axis=0))
        loudest = max(chosen, key=lambda c: float(powers[:, c].sum()))
        signs = {
            c: -1.0 if correlation[loudest, c] < _OPPOSITE_CORRELATION else 1.0 for c in chosen
        }
        parties = None
        if separate or _carry_parties(levels, correlation, chosen):
            parties = _parties(levels, chosen, indices)
        usual = len(chosen) == levels.shape[1] and min(signs.values()) > 0
        if usual and parties is None:
            return None
        scale = 1.0 if parties else 1.0 / len(chosen)
        weights = tuple(signs.get(c, 0.0) * scale for c in range(levels.shape[1]))
        return ChannelMix(weights=weights, parties=parties)


def _channels_with_speech(levels: Levels) -> list[int]:
    """Return the channels that are neither silent nor steady noise, or else the best there are."""
    loud, quiet = np.percentile(levels, 95, axis=0), np.percentile(levels, 10, axis=0)
    live = [c for c in range(levels.shape[1]) if loud[c] > _SILENT_DB]
    varied = [c for c in live if loud[c] - quiet[c] > _STEADY_DB]
    return varied or live or list(range(levels.shape[1]))


def _correlation(products: NDArray[np.float64]) -> NDArray[np.float64]:
    scale = np.sqrt(np.maximum(np.diagonal(products), 1e-12))
    result: NDArray[np.float64] = products / np.outer(scale, scale)
    return result


def _carry_parties(levels: Levels, correlation: NDArray[np.float64], chosen: Sequence[int]) -> bool:
    """Return whether each of several channels carries one party."""
    if len(chosen) < 2:  # noqa: PLR2004 - a party on each of two channels
        return False
    between = [abs(correlation[a, b]) for a in chosen for b in chosen if a < b]
    if max(between) > _SEPARATE_CORRELATION:
        return False
    relative, busy = _activity(levels, chosen)
    if not busy.any():
        return False
    ranked = np.sort(relative[busy], axis=1)
    dominated = ranked[:, -1] - ranked[:, -2] >= _DOMINANT_DB
    leader = np.argmax(relative[busy], axis=1)
    shares = [float((leader == n).mean()) for n in range(len(chosen))]
    return bool(dominated.mean() >= _DOMINANT_SHARE and min(shares) >= _PARTY_SHARE)


def _activity(levels: Levels, chosen: Sequence[int]) -> tuple[Levels, NDArray[np.bool_]]:
    """Return each channel's level below its loud moments, and where any channel is active."""
    own = levels[:, list(chosen)]
    relative = own - np.percentile(own, 95, axis=0)
    return relative, relative.max(axis=1) > -_ACTIVE_DB


def _parties(levels: Levels, chosen: Sequence[int], indices: Sequence[int]) -> Diarization:
    """Return the turns by channel."""
    relative, busy = _activity(levels, chosen)
    leader = np.argmax(relative, axis=1)
    times = [index * BLOCK_SECONDS for index in indices]
    loudest = relative.max(axis=1, keepdims=True)
    speaks = (relative > -_ACTIVE_DB) & (relative > loudest - _DOMINANT_DB)
    spans = {n: list(_spans(times, speaks[:, n])) for n in range(len(chosen))}
    order = sorted((n for n in spans if spans[n]), key=lambda n: spans[n][0])
    labels = {n: f"SPEAKER_{number:02d}" for number, n in enumerate(order)}
    leads = {n: list(_spans(times, busy & (leader == n))) for n in order}
    return Diarization(
        turns=_turns(spans, labels), exclusive_turns=_exclusive(_turns(leads, labels))
    )


def _turns(spans: dict[int, list[tuple[float, float]]], labels: dict[int, str]) -> tuple[Turn, ...]:
    turns = [
        Turn(start_seconds=round(start, 3), end_seconds=round(end, 3), speaker=labels[n])
        for n in labels
        for start, end in spans[n]
    ]
    return tuple(sorted(turns, key=lambda t: (t.start_seconds, t.end_seconds, t.speaker)))


def _spans(times: Sequence[float], speaks: NDArray[np.bool_]) -> Iterator[tuple[float, float]]:
    """Yield (start, end) of activity: short pauses filled, short bursts dropped, edges padded."""
    spans: list[list[float]] = []
    for at, is_on in zip(times, speaks, strict=True):
        if not is_on:
            continue
        if spans and at - spans[-1][1] <= _FILL_SECONDS:
            spans[-1][1] = at + BLOCK_SECONDS
        else:
            spans.append([at, at + BLOCK_SECONDS])
    for start, end in spans:
        if end - start >= _MIN_TURN_SECONDS:
            yield max(0.0, start - _PAD_SECONDS), end + _PAD_SECONDS


def _exclusive(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Return the turns, each ending where the next one starts."""
    ends = [min(a.end_seconds, b.start_seconds) for a, b in pairwise(turns)]
    ends += [turn.end_seconds for turn in turns[-1:]]
    return tuple(
        Turn(start_seconds=turn.start_seconds, end_seconds=end, speaker=turn.speaker)
        for turn, end in zip(turns, ends, strict=True)
        if end > turn.start_seconds
    )
