"""Speaker embeddings of all windows from features that are computed once for each second of sound.

A speaker embedding is a projection of the mean and deviation of features over a speaker's frames.
Windows of 10 s, one a second, hold each second ten times. Here the network computes its features
once, and each window's speakers pool over those of their own frames.
"""

from bisect import bisect
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runtime.processor.models.filter_banks import (
    FRAME_SAMPLES,
    HOP_SAMPLES,
    filter_banks,
)
from runtime.processor.models.onnx_session import open_session

Samples = NDArray[np.float32]
Features = NDArray[np.float32]
Masks = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Consecutive windows of sound: `masks` (windows, frames, speakers) mark each speaker's frames.

    `samples` covers all windows, with zeros beyond the end of the recording, and reaches `before`
    samples further back; a window is `size` samples, one every `step`, both multiples of the filter
    banks' hop.
    """

    samples: Samples
    before: int
    masks: Masks
    size: int
    step: int


class Projection:
    """The last layer of a network: statistics of a speaker's features to the embedding."""

    def __init__(self, path: Path) -> None:
        matrix: NDArray[np.float32] = np.load(path, allow_pickle=False)
        self._weights, self._bias = matrix[:, :-1], matrix[:, -1]
        self.dimension = len(matrix)

    def __call__(self, mean: Features, deviation: Features) -> Features:
        """Return the embedding."""
        embedding: Features = self._weights @ np.concatenate([mean, deviation]) + self._bias
        return embedding


@lru_cache
def nearest_frames(frames: int, of: int) -> NDArray[np.int64]:
    """Return for each of `frames` the nearest of `of` frames, as torch's interpolation chooses."""
    scale = np.float32(of / frames)
    chosen: NDArray[np.int64] = np.floor(np.arange(frames, dtype=np.float32) * scale).astype(int)
    return chosen


SHORTEST_FRAMES = 20
"""200 ms: less says nothing about a voice."""
_CONTEXT_FRAMES = 100
_STRIDE = 2
_ANCHOR_EVERY = 5
_LEAST_AGREEMENT = 0.85
"""How far the speakers of neighbouring anchors must be those of a window to lend it features: the
frames they share, as a share of all their frames in the window."""


class CampPlusVoices:
    """CAM++, whose features of a frame depend on the average over the whole sequence.

    So a sequence is always the frames of one speaker in one window. The network runs on every
    fifth window and the last, the anchors. The windows between pool over the features of the two
    nearest anchors, of the speaker there who shares most frames with theirs. Where segmentation
    sees other speakers there, the network runs on the window's own.
    """

    margin_samples = 0

    def __init__(self, network: Path, projection: Path) -> None:
        self._session = open_session(network)
        self._projection = Projection(projection)

    def voices(self, block: Block, pool: Executor) -> NDArray[np.float32]:
        """Return (windows, speakers, 192), NaN for speakers with under 200 ms."""
        windows, frames, _ = block.masks.shape
        banks = filter_banks(block.samples, "povey")
        hops, size = block.step // HOP_SAMPLES, 1 + (block.size - FRAME_SAMPLES) // HOP_SAMPLES
        own = block.masks[:, nearest_frames(size, frames)]
        places = {
            (int(window), int(speaker)): np.flatnonzero(own[window, :, speaker]) + window * hops
            for window, speaker in np.argwhere(own.sum(axis=1) >= SHORTEST_FRAMES)
        }

        def run(place: tuple[int, int]) -> Features:
            return self._features(banks[places[place]])

        anchors = sorted({*range(0, windows, _ANCHOR_EVERY), windows - 1})
        first = [place for place in places if place[0] in anchors]
        kept: dict[int, list[_Kept]] = {anchor: [] for anchor in anchors}
        chosen: dict[tuple[int, int], Features] = {}
        for place, features in zip(first, pool.map(run, first), strict=True):
            at = places[place][::_STRIDE][: len(features)]
            kept[place[0]].append(_Kept(at, features))
            chosen[place] = features
        second = []
        for window, speaker in sorted(places.keys() - chosen.keys()):
            near = [kept[anchor] for anchor in _neighbours(window, anchors)]
            shared = _shared(near, own[window, :, speaker], window * hops)
            if shared is None:
                second.append((window, speaker))
            else:
                chosen[window, speaker] = shared
        chosen.update(zip(second, pool.map(run, second), strict=True))
        voices = np.full((windows, own.shape[2], self._projection.dimension), np.nan, np.float32)
        for place, features in chosen.items():
            mean, deviation = features.mean(axis=0), features.std(axis=0, ddof=1)
            voices[place] = self._projection(mean, deviation)
        return voices

    def _features(self, banks: Features) -> Features:
        """Return (frames / 2, 512) of a speaker's filter banks."""
        averages, stretch = context_of(-(-len(banks) // _STRIDE))
        given = {"features": banks - banks.mean(axis=0), "averages": averages, "stretch": stretch}
        features: Features = self._session.run(None, given)[0]
        return features


@dataclass(frozen=True, slots=True)
class _Kept:
    """A speaker's features in an anchor window, and the frames of the block they belong to."""

    at: NDArray[np.int64]
    features: Features


def context_of(frames: int) -> tuple[Features, NDArray[np.int64]]:
    """Return (stretches, frames) and (frames,): what averages over the context, and the stretches.

    A row of the first averages over its stretch of 100 frames, and adds the average of all frames.
    """
    stretch = np.arange(frames) // _CONTEXT_FRAMES
    own = np.eye(stretch[-1] + 1, dtype=np.float32)[stretch].T
    averages: Features = own / own.sum(axis=1, keepdims=True) + np.float32(1.0 / frames)
    return averages, stretch


def _neighbours(window: int, anchors: Sequence[int]) -> list[int]:
    """Return the anchors before and after a window."""
    after = bisect(anchors, window)
    return [anchors[after - 1], anchors[after]]


def _shared(anchors: Sequence[Sequence[_Kept]], mask: Masks, offset: int) -> Features | None:
    """Return the features of a mask's frames; None where the anchors' speakers are others.

    Where two anchors have a frame, the first one's features are taken.
    """
    found: list[Features] = []
    known = np.zeros(len(mask) + 1, dtype=bool)
    foreign = 0
    for anchor in anchors:
        best = max((_Overlap.of(kept, mask, offset) for kept in anchor), key=len, default=None)
        if best is None or not len(best):
            continue
        new = ~known[best.at]
        known[best.at] = known[best.at + 1] = True
        found.append(best.features[new])
        foreign += best.foreign
    covered = int((known[:-1] & mask).sum())
    if not found or covered < _LEAST_AGREEMENT * (mask.sum() + _STRIDE * foreign):
        return None
    return np.concatenate(found)


@dataclass(frozen=True, slots=True)
class _Overlap:
    """The features of an anchor's speaker that belong to a mask, at frames of the mask.

    `foreign` counts the speaker's features in the mask's window that do not belong to it.
    """

    at: NDArray[np.int64]
    features: Features
    foreign: int

    @classmethod
    def of(cls, kept: _Kept, mask: Masks, offset: int) -> "_Overlap":
        """Compare an anchor's speaker with a mask that begins at a frame of the block."""
        in_window = (kept.at >= offset) & (kept.at < offset + len(mask))
        at, features = kept.at[in_window] - offset, kept.features[in_window]
        belongs = mask[at]
        return cls(at[belongs], features[belongs], int((~belongs).sum()))

    def __len__(self) -> int:
        return len(self.at)


_RESNET_STRIDE = 8
_RESNET_MARGIN_FRAMES = 112
"""Filter-bank frames on either side that a feature depends on, in multiples of the stride."""
_CHUNK_FEATURES = 250


class ResNetVoices:
    """WeSpeaker's ResNet, whose features depend on the second of sound around them.

    So the network runs once over the sound of a block. `centering_frames` is the span of the moving
    average that is taken off the filter banks. Two things differ from a window by itself: features
    near its ends depend on the sound beyond instead of zeros, and the average is of the span
    around each frame.
    """

    def __init__(self, network: Path, projection: Path, *, centering_frames: int) -> None:
        self._session = open_session(network)
        self._projection = Projection(projection)
        self._half = centering_frames // 2
        margin = -(-(_RESNET_MARGIN_FRAMES + self._half) // _RESNET_STRIDE) * _RESNET_STRIDE
        self.margin_samples = margin * HOP_SAMPLES

    def voices(self, block: Block, pool: Executor) -> NDArray[np.float32]:
        """Return (windows, speakers, dimension), NaN for silent speakers."""
        windows, frames, speakers = block.masks.shape
        length = 1 + (block.size - FRAME_SAMPLES) // HOP_SAMPLES
        size = -(-length // _RESNET_STRIDE)
        own = block.masks[:, nearest_frames(size, frames)]
        per_step = block.step / HOP_SAMPLES / _RESNET_STRIDE
        starts = [round(window * per_step) for window in range(windows)]
        is_spoken = np.zeros(starts[-1] + size, dtype=bool)
        for start, mask in zip(starts, own, strict=True):
            is_spoken[start : start + size] |= mask.any(axis=1)
        features = self._features(block, is_spoken, pool)
        voices = np.full((windows, speakers, self._projection.dimension), np.nan, np.float32)
        for window, speaker in np.argwhere(own.any(axis=1)):
            start = starts[window]
            of_speaker = features[start : start + size][own[window, :, speaker]]
            deviation = of_speaker.std(axis=0, ddof=min(1, len(of_speaker) - 1))
            voices[window, speaker] = self._projection(of_speaker.mean(axis=0), deviation)
        return voices

    def _features(self, block: Block, is_spoken: Masks, pool: Executor) -> Features:
        """Return the features of a block, computed in chunks with speech."""
        banks = _centred(filter_banks(block.samples, "hamming"), self._half)
        first = block.before // HOP_SAMPLES
        starts = range(0, len(is_spoken), _CHUNK_FEATURES)
        starts_spoken = [at for at in starts if is_spoken[at : at + _CHUNK_FEATURES].any()]

        def run(at: int) -> Features:
            start, count = first + at * _RESNET_STRIDE, min(_CHUNK_FEATURES, len(is_spoken) - at)
            before = min(_RESNET_MARGIN_FRAMES, start)
            end = start + count * _RESNET_STRIDE + _RESNET_MARGIN_FRAMES
            chunk = np.ascontiguousarray(banks[start - before : end].T[None])
            (found,) = self._session.run(None, {"features": chunk})
            skipped = before // _RESNET_STRIDE
            part: Features = found[0].T[skipped : skipped + count]
            return part

        features: Features | None = None
        for at, part in zip(starts_spoken, pool.map(run, starts_spoken), strict=True):
            if features is None:
                features = np.zeros((len(is_spoken), part.shape[1]), dtype=np.float32)
            features[at : at + len(part)] = part
        return np.zeros((len(is_spoken), 0), np.float32) if features is None else features


def _centred(banks: Features, half: int) -> Features:
    """Take off the average of so many frames on either side, as far as there are frames."""
    sums = np.concatenate([np.zeros((1, banks.shape[1])), banks.cumsum(axis=0, dtype=np.float64)])
    at = np.arange(len(banks))
    low, high = np.maximum(at - half, 0), np.minimum(at + half + 1, len(banks))
    averages = (sums[high] - sums[low]) / (high - low)[:, None]
    centred: Features = banks - averages.astype(np.float32)
    return centred
