"""Reads WAV files of 16-bit PCM, without this project's libraries."""

import wave
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def seconds_of(wav: Path) -> float:
    """Return the length of a WAV."""
    with wave.open(str(wav), "rb") as file:
        return file.getnframes() / file.getframerate()


def read(wav: Path) -> "NDArray[np.float32]":
    """Return the samples of a WAV with one channel, from -1 to 1."""
    import numpy as np  # noqa: PLC0415 - heavy

    with wave.open(str(wav), "rb") as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    return pcm.astype(np.float32) / np.float32(32768)
