"""Loads Whisper for CTranslate2, reused between calls as long as that changes no result."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from runtime.core.contract import Device

# Retries at a raised temperature draw at random; a fixed seed makes a rerun give the same words.
_SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The device that the model computes on, and the number of CPU threads."""

    device: Device
    threads: int

    def arguments(self) -> dict[str, Any]:
        """Return faster-whisper's arguments, with the fastest number format of the device."""
        return {
            "device": self.device.value,
            "compute_type": "float16" if self.device is Device.CUDA else "int8",
            "cpu_threads": self.threads,
        }


class SamplingRecorder:
    """Wraps a CTranslate2 model and records whether it has ever sampled at random."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.has_sampled = False

    def generate(self, *inputs: Any, **options: Any) -> Any:
        """Generate; a temperature means random sampling."""
        self.has_sampled = self.has_sampled or "sampling_temperature" in options
        return self._model.generate(*inputs, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)


class GenerateAhead:
    """Wraps a CTranslate2 model: what is expected is generated in one batch, at the first request.

    faster-whisper asks for one half minute at a time. The results of a batch depend on what it
    holds, in the last digits of their scores.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._expected: list[tuple[Any, list[int]]] = []
        self._results: dict[tuple[int, tuple[int, ...]], Any] = {}

    def expect(self, requests: Sequence[tuple[Any, list[int]]]) -> None:
        """Announce the encoder outputs, and their prompts, that are to share a batch."""
        # Kept until the next batch, because an address names an output only while that exists.
        self._expected = list(requests)
        self._results = {}

    def generate(self, encoded: Any, prompts: list[list[int]], **options: Any) -> Any:
        """Generate; only the most probable text of an expected output comes from the batch."""
        key = _key(encoded, prompts[0])
        is_expected = any(key == _key(*request) for request in self._expected)
        if not is_expected or "sampling_temperature" in options:
            return self._model.generate(encoded, prompts, **options)
        if not self._results:
            outputs, all_prompts = zip(*self._expected, strict=True)
            results = self._model.generate(_joined(outputs), list(all_prompts), **options)
            keys = [_key(*request) for request in self._expected]
            self._results = dict(zip(keys, results, strict=True))
        return [self._results[key]]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)


def _key(encoded: Any, prompt: list[int]) -> tuple[int, tuple[int, ...]]:
    return id(encoded), tuple(prompt)


def _joined(outputs: Sequence[Any]) -> Any:
    """Return encoder outputs of one pack each (1, frames, states) as one of all."""
    if len(outputs) == 1:
        return outputs[0]
    import ctranslate2

    # NumPy reads main memory only.
    arrays = [np.array(output.to_device(ctranslate2.Device.cpu)) for output in outputs]
    return ctranslate2.StorageView.from_array(np.concatenate(arrays))


def load_whisper(model_dir: Path, engine: Engine) -> Any:
    """Return a faster-whisper model whose results do not depend on earlier calls.

    The last model is reused unless it has sampled at random: its threads seed their generators
    once, at the first sample, so later samples depend on earlier ones. Loading takes half a second
    (base) to several (large-v3).
    """
    if _cached(model_dir, engine).model.has_sampled:
        _cached.cache_clear()
    return _cached(model_dir, engine)


@lru_cache(maxsize=1)
def _cached(model_dir: Path, engine: Engine) -> Any:
    import ctranslate2
    from faster_whisper import WhisperModel

    ctranslate2.set_random_seed(_SEED)
    model = WhisperModel(str(model_dir), local_files_only=True, **engine.arguments())
    model.model = GenerateAhead(SamplingRecorder(model.model))
    return model
