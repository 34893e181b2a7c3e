"""Loads Whisper for CTranslate2, reused between calls as long as that changes no result."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.core.contract import Device

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Features = NDArray[np.float32]

# Retries at a raised temperature draw at random; a fixed seed makes a rerun give the same words.
_SEED = 1

_ENCODED = 16
"""Pieces of a window of four minutes, 3 MB each (base) to 8 MB (large)."""


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


class EncodeOnce:
    """Wraps a model's `encode` and returns its latest results again for the same features.

    A piece is encoded for its language, and then for its words.
    """

    def __init__(self, encode: "Callable[[Features], Any]") -> None:
        self._encode = encode
        self._encoded: OrderedDict[bytes, Any] = OrderedDict()

    def __call__(self, features: "Features") -> Any:
        """Return the encoder's output for features (mel bins, frames)."""
        key = hashlib.blake2b(features.tobytes(), digest_size=16).digest()
        if key not in self._encoded:
            self._encoded[key] = self._encode(features)
        self._encoded.move_to_end(key)
        while len(self._encoded) > _ENCODED:
            self._encoded.popitem(last=False)
        return self._encoded[key]


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
    model.model = SamplingRecorder(model.model)
    model.encode = EncodeOnce(model.encode)
    return model
