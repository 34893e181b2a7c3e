"""A short silent video."""

from collections.abc import Generator
from pathlib import Path

import imageio_ffmpeg

SIZE = (64, 48)
FRAMES_PER_SECOND = 10
FRAMES = 20


def make_clip(path: Path) -> bytes:
    """Encode two seconds of a picture that grows brighter, and return the file."""
    writer: Generator[None, bytes, None] = imageio_ffmpeg.write_frames(
        str(path), SIZE, fps=FRAMES_PER_SECOND, output_params=["-loglevel", "error"]
    )
    next(writer)
    for frame in range(FRAMES):
        writer.send(bytes([frame * 10]) * (SIZE[0] * SIZE[1] * 3))
    writer.close()
    return path.read_bytes()
