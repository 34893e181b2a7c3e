"""Whisper as CTranslate2 runs it, kept from one use to the next as long as that changes no word."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from runtime.core.contract import Device

# Retries at a raised temperature draw at random; a fixed seed makes a rerun give the same words.
_SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Where the model computes, and with how many threads of the processors."""

    device: Device
    threads: int

    def arguments(self) -> dict[str, Any]:
        """Return what faster-whisper is told. The numbers are those that a device is quick with."""
        return {
            "device": self.device.value,
            "compute_type": "float16" if self.device is Device.CUDA else "int8",
            "cpu_threads": self.threads,
        }


class Noting:
    """Stands before a CTranslate2 model, and notes whether it has ever drawn at random."""

    def __init__(self, model: Any) -> None:
        """Pass everything on to `model`."""
        self._model = model
        self.drew = False

    def generate(self, *inputs: Any, **options: Any) -> Any:
        """Generate; a temperature is only given for drawing."""
        self.drew = self.drew or "sampling_temperature" in options
        return self._model.generate(*inputs, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)


def load_whisper(model_dir: Path, engine: Engine) -> Any:
    """Return a faster-whisper model that will answer as if it had never been asked before.

    It is the one of the last call, unless that has drawn at random: its threads draw from
    generators that are seeded once, at their first draw, so what they draw next depends on what
    they drew before. Loading takes half a second (base) to several (large-v3).
    """
    if _kept(model_dir, engine).model.drew:
        _kept.cache_clear()
    return _kept(model_dir, engine)


@lru_cache(maxsize=1)
def _kept(model_dir: Path, engine: Engine) -> Any:
    import ctranslate2
    from faster_whisper import WhisperModel

    ctranslate2.set_random_seed(_SEED)
    model = WhisperModel(str(model_dir), local_files_only=True, **engine.arguments())
    model.model = Noting(model.model)
    return model
