"""Recordings joined of prompts, with their truth: language, words and times of each part."""

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts.labelled_speech.prompts import Prompt
from scripts.sample_media.speech import SAMPLE_RATE, Samples

_LEAD_SECONDS = 0.5
_LEVEL = 0.07
"""Root mean square where there is sound: -23 dB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A prompt's place in a recording."""

    language: str
    start_seconds: float
    end_seconds: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Samples at `SAMPLE_RATE`, and what is said in them."""

    samples: Samples
    parts: tuple[Part, ...]

    def write(self, path: Path) -> None:
        """Write the samples as 16-bit PCM."""
        with wave.open(str(path), "wb") as wav:
            wav.setparams((1, 2, SAMPLE_RATE, 0, "NONE", "not compressed"))
            wav.writeframes((np.clip(self.samples, -1, 1) * 32767).astype("<i2").tobytes())


def join(prompts: Sequence[Prompt], *, pause_seconds: float = 1.0, seed: int = 0) -> Recording:
    """Return the prompts at one level, one after another, over faint room noise."""
    pieces = [np.zeros(round(_LEAD_SECONDS * SAMPLE_RATE))]
    parts = []
    at = len(pieces[0])
    for prompt in prompts:
        loud = prompt.samples[np.abs(prompt.samples) > 0.01]  # noqa: PLR2004 - what is not background
        scaled = prompt.samples * (_LEVEL / np.sqrt(np.mean(loud**2)))
        pieces += [scaled, np.zeros(round(pause_seconds * SAMPLE_RATE))]
        parts.append(
            Part(
                language=prompt.language,
                start_seconds=at / SAMPLE_RATE,
                end_seconds=(at + len(scaled)) / SAMPLE_RATE,
                text=prompt.text,
            )
        )
        at += len(scaled) + len(pieces[-1])
    samples = np.concatenate(pieces)
    samples = samples + np.random.default_rng(seed).normal(0, 0.0005, len(samples))
    return Recording(samples=samples, parts=tuple(parts))
