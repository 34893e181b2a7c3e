"""ffmpeg, from the wheel that carries it."""

import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from scripts.setup.wheels import UnavailableError


def ffmpeg(*arguments: object) -> bytes:
    """Run ffmpeg and return its standard output; raises `UnavailableError` with what it said."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y"]
    command += [str(argument) for argument in arguments]
    done = subprocess.run(command, check=False, capture_output=True)
    if done.returncode:
        raise UnavailableError(
            f"ffmpeg failed: {done.stderr.decode(errors='replace').strip()}\n"
            f"The command was: {' '.join(command)}"
        )
    return done.stdout


def decode_speech(path: Path) -> NDArray[np.float64]:
    """Return a recording as mono samples at 16 kHz, -1 to 1."""
    form = ["-f", "g722"] if path.suffix == ".g722" else []
    pcm = ffmpeg(*form, "-i", path, "-f", "s16le", "-ar", 16_000, "-ac", 1, "-")
    return np.frombuffer(pcm, np.int16).astype(np.float64) / 32768
