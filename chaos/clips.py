"""Short videos: a silent one, and one with speech."""

from collections.abc import Generator
from pathlib import Path

import imageio_ffmpeg

from scripts.sample_media.ffmpeg import ffmpeg

SIZE = (64, 48)
FRAMES_PER_SECOND = 10
FRAMES = 20
SPEECH_SECONDS = 8


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


def make_speech_clip(talk: Path, path: Path) -> bytes:
    """Cut the first seconds of a recorded talk, and return the file."""
    picture = ("-vf", f"scale={SIZE[0]}:{SIZE[1]}", "-r", FRAMES_PER_SECOND)
    ffmpeg("-i", talk, "-t", SPEECH_SECONDS, *picture, path)
    return path.read_bytes()
