"""Kaldi's log mel filter banks, as `torchaudio.compliance.kaldi.fbank` computes them, in NumPy."""

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
HOP_SAMPLES = 160
FRAME_SAMPLES = 400

_MEL_BINS = 80
_TRANSFORM_SAMPLES = 512
_LOWEST_HERTZ = 20.0
_PREEMPHASIS = np.float32(0.97)
_FULL_SCALE = np.float32(32768)  # Kaldi computes on 16-bit sample values
_FRAMES_AT_A_TIME = 2048

Samples = NDArray[np.float32]
Frames = NDArray[np.float32]


def filter_banks(samples: Samples, window: str) -> Frames:
    """Return (frames, 80) energies of samples from -1 to 1; `window` is `povey` or `hamming`."""
    count = max(0, 1 + (len(samples) - FRAME_SAMPLES) // HOP_SAMPLES)
    banks = np.empty((count, _MEL_BINS), dtype=np.float32)
    for first in range(0, count, _FRAMES_AT_A_TIME):
        last = min(count, first + _FRAMES_AT_A_TIME)
        start, end = first * HOP_SAMPLES, (last - 1) * HOP_SAMPLES + FRAME_SAMPLES
        banks[first:last] = _energies(samples[start:end] * _FULL_SCALE, window)
    return banks


def _energies(samples: Samples, window: str) -> Frames:
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME_SAMPLES)[::HOP_SAMPLES].copy()
    frames -= frames.mean(axis=1, keepdims=True)
    frames[:, 1:] -= _PREEMPHASIS * frames[:, :-1]
    frames[:, 0] -= _PREEMPHASIS * frames[:, 0]
    frames *= _window(window)
    spectrum = scipy.fft.rfft(frames, _TRANSFORM_SAMPLES, axis=1)[:, : _TRANSFORM_SAMPLES // 2]
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    energies: Frames = np.log(np.maximum(power @ _mel_weights(), np.finfo(np.float32).eps))
    return energies


@lru_cache
def _window(name: str) -> Samples:
    angle = 2 * np.pi * np.arange(FRAME_SAMPLES) / (FRAME_SAMPLES - 1)
    windows = {
        "povey": (0.5 - 0.5 * np.cos(angle)) ** 0.85,
        "hamming": 0.54 - 0.46 * np.cos(angle),
    }
    return windows[name].astype(np.float32)


@lru_cache
def _mel_weights() -> Frames:
    """Return (256, 80): triangles of equal width on the mel scale, from 20 Hz to 8 kHz."""
    low, high = _mel(np.array(_LOWEST_HERTZ)), _mel(np.array(SAMPLE_RATE / 2))
    step = (high - low) / (_MEL_BINS + 1)
    hertz = np.arange(_TRANSFORM_SAMPLES // 2) * SAMPLE_RATE / _TRANSFORM_SAMPLES
    at, left = _mel(hertz)[:, None], low + np.arange(_MEL_BINS)[None] * step
    triangles = np.minimum((at - left) / step, (left + 2 * step - at) / step)
    weights: Frames = np.maximum(0.0, triangles).astype(np.float32)
    return weights


def _mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    mel: NDArray[np.float64] = 1127.0 * np.log(1.0 + hertz / 700.0)
    return mel
