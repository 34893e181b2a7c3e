"""Looks at the channels of an audio track before they are mixed to mono.

Channels that cancel each other, carry no speech or carry one party each must not simply be added.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from av import AudioFrame
from numpy.typing import NDArray

from runtime.core.media import Diarization, Turn

BLOCK_SECONDS = 0.05
_SILENT_DB = -60.0
"""A channel whose loud moments stay below this is silent."""

_STEADY_DB = 6.0
"""Hiss, hum and timecode vary by less than this between their loud and quiet moments."""

_ACTIVE_STEADY_DB = 1.5
_SECONDS_BETWEEN = 1.5
"""The same between the quarters of their active moments, where these begin less often than so."""

_OPPOSITE_CORRELATION, _CLEARLY_OPPOSITE = -0.5, -0.8
_SIGN_BLOCKS, _SIGN_LEVEL = 40, 0.05
_SEPARATE_CORRELATION = 0.3
_DOMINANT_DB = 10.0
_DOMINANT_SHARE = 0.8
_PARTY_SHARE = 0.05
"""The least share of the activity that makes a channel a party."""

_ACTIVE_DB = 25.0
"""A channel is active within this of its loud moments."""

_FILL_SECONDS, _MIN_TURN_SECONDS, _PAD_SECONDS = 0.6, 0.2, 0.1
_FLOOR_DB = -120.0
_LOOKED_AT_BLOCKS = 600

Levels = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelMix:
    """The weight of each channel in the mono mix, and the turns of parties on separate channels.

    `changes` are other weights from a time on, in seconds, in order.
    """

    weights: tuple[float, ...]
    parties: Diarization | None = None
    changes: tuple[tuple[float, tuple[float, ...]], ...] = ()

    def weights_at(self, seconds: float) -> tuple[float, ...]:
        """Return the weights that hold at a time."""
        past = [weights for start, weights in self.changes if start <= seconds]
        return past[-1] if past else self.weights

    def apply(self, frame: AudioFrame, at_seconds: float) -> AudioFrame:
        """Return a frame of the mix, with the frame's rate and time."""
        samples = samples_of(frame)
        mixed = np.clip(np.asarray(self.weights_at(at_seconds), np.float32) @ samples, -1.0, 1.0)
        result = AudioFrame.from_ndarray(
            mixed[None].astype(np.float32), format="fltp", layout="mono"
        )
        result.sample_rate, result.pts = frame.sample_rate, frame.pts
        result.time_base = frame.time_base
        return result


def survey_channels(
    frames: Iterable[tuple[AudioFrame, float]], *, separate: bool = False
) -> ChannelMix | None:
    """Return how to mix the channels of frames at these times, None for the usual downmix.

    `separate` takes each channel with speech for a party, whatever they have in common.
    """
    survey = _Survey()
    for frame, at_seconds in frames:
        survey.add(frame, at_seconds)
    return survey.mix(separate=separate)


def samples_of(frame: AudioFrame) -> NDArray[np.float32]:
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

    def add(self, frame: AudioFrame, at_seconds: float) -> None:
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
        spans = _sign_spans(products, indices, chosen, loudest)
        parties = None
        if separate or _carry_parties(levels, correlation, chosen):
            parties = _parties(levels, chosen, indices)
        is_upright = all(min(signs.values()) > 0 for _, signs in spans)
        if len(chosen) == levels.shape[1] and is_upright and parties is None:
            return None
        scale = 1.0 if parties else 1.0 / len(chosen)
        mixes = [
            (start, tuple(signs.get(c, 0.0) * scale for c in range(levels.shape[1])))
            for start, signs in spans
        ]
        return ChannelMix(weights=mixes[0][1], parties=parties, changes=tuple(mixes[1:]))


def _sign_spans(
    products: NDArray[np.float64], indices: Sequence[int], chosen: Sequence[int], loudest: int
) -> list[tuple[float, dict[int, float]]]:
    """Return (start in seconds, sign of each channel): opposite channels are turned over.

    A cable can be changed in the middle of a recording; where signs are unclear, the last go on.
    """
    spans: list[tuple[float, dict[int, float]]] = []
    whole = _correlation(products.sum(axis=0))
    signs = {c: -1.0 if whole[loudest, c] < _OPPOSITE_CORRELATION else 1.0 for c in chosen}
    usual = float(products[:, loudest, loudest].mean())
    for first in range(0, len(indices), _SIGN_BLOCKS):
        window = products[first : first + _SIGN_BLOCKS]
        if spans and window[:, loudest, loudest].mean() < _SIGN_LEVEL * usual:
            continue
        part = _correlation(window.sum(axis=0))[loudest]
        clear = {c: float(np.sign(part[c])) for c in chosen if abs(part[c]) > -_CLEARLY_OPPOSITE}
        found = {**(spans[-1][1] if spans else signs), **clear}
        if not spans or found != spans[-1][1]:
            spans.append((indices[first] * BLOCK_SECONDS if spans else 0.0, found))
    return spans


def has_varied_sound(frames: Iterable[AudioFrame]) -> bool:
    """Return whether any channel varies as speech does, from as few frames as show it."""
    blocks: list[Levels] = []
    added = 0
    for frame in frames:
        samples = samples_of(frame)
        size = max(1, round(BLOCK_SECONDS * frame.sample_rate))
        count = max(1, samples.shape[1] // size)
        powers = np.stack([(part**2).mean(axis=1) for part in np.array_split(samples, count, 1)])
        blocks.append(10 * np.log10(np.maximum(powers, 10 ** (_FLOOR_DB / 10))))
        added += count
        if added >= _LOOKED_AT_BLOCKS:
            added = 0
            if _any_varied(blocks):
                return True
    return _any_varied(blocks)


def _any_varied(blocks: Sequence[Levels]) -> bool:
    counts = {block.shape[1] for block in blocks}
    return any(
        is_varied(np.concatenate([b[:, c] for b in blocks if b.shape[1] > c]))
        for c in range(max(counts, default=0))
    )


def _channels_with_speech(levels: Levels) -> list[int]:
    """Return the channels that are neither silent nor steady noise, or else the best there are."""
    live = [c for c in range(levels.shape[1]) if np.percentile(levels[:, c], 95) > _SILENT_DB]
    varied = [c for c in live if is_varied(levels[:, c])]
    return varied or live or list(range(levels.shape[1]))


def is_varied(levels: Levels) -> bool:
    """Return whether levels vary as those of speech, unlike hiss, hum and timecode at any time."""
    loud, quiet = np.percentile(levels, 95), np.percentile(levels, 10)
    if loud < _SILENT_DB or loud - quiet < _STEADY_DB:
        return False
    is_active = levels > loud - _ACTIVE_DB
    spread = np.subtract(*np.percentile(levels[is_active], [75, 25]))
    onsets = np.count_nonzero(is_active[1:] & ~is_active[:-1])
    return bool(
        spread > _ACTIVE_STEADY_DB or onsets * _SECONDS_BETWEEN > len(levels) * BLOCK_SECONDS
    )


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
