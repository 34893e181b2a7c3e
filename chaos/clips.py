"""A short silent video, and any number of others that differ from it in their bytes only."""

import struct
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


def variant(clip: bytes, text: str) -> bytes:
    """Return the clip with a `free` box appended, which players skip (ISO/IEC 14496-12)."""
    payload = text.encode()
    return clip + struct.pack(">I", 8 + len(payload)) + b"free" + payload
