"""Draws pictures that recordings are made of: slides, landscapes, people."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.recordings.kinds import Variant, cut_at
from scripts.sample_media.ffmpeg import ffmpeg

Picture = NDArray[np.uint8]
Draw = Callable[[int], Picture]
WIDE, HIGH, RATE = 640, 360, 25
WORDS = (
    *("model", "data", "speech", "result", "method", "error", "table", "graph"),
    *("value", "system", "input", "output", "train", "test", "voice"),
)
H264 = "-c:v libx264 -preset veryfast -pix_fmt yuv420p"
FONT = cv2.FONT_HERSHEY_SIMPLEX


def slide(
    number: int,
    *,
    paper: tuple[int, int, int] = (255, 255, 255),
    ink: tuple[int, int, int] = (0, 0, 0),
    lines: int = 6,
    size: tuple[int, int] = (WIDE, HIGH),
) -> Picture:
    """Draw a title and lines of text."""
    draw = np.random.default_rng(100 + number)
    image = np.full((size[1], size[0], 3), paper, np.uint8)
    scale = size[1] / HIGH
    title = " ".join(draw.choice(WORDS, 3)).title()
    cv2.putText(
        image, title, (round(30 * scale), round(50 * scale)), FONT, scale, ink, 2, cv2.LINE_AA
    )
    for line in range(lines):
        text = "- " + " ".join(draw.choice(WORDS, 6))
        at = (round(40 * scale), round((100 + line * 38) * scale))
        cv2.putText(image, text, at, FONT, 0.6 * scale, ink, 1, cv2.LINE_AA)
    return image


def scenery(shift: int, seed: int = 7) -> Picture:
    """Draw a landscape seen by a camera that pans."""
    small = np.random.default_rng(seed).integers(0, 255, (6, 9, 3), dtype=np.uint8)
    return np.roll(cv2.resize(small, (WIDE, HIGH), interpolation=cv2.INTER_CUBIC), shift, axis=1)


def person(image: Picture, number: int, x: int = 540, y: int = 280) -> Picture:
    """Put a moving head into the picture, as a camera in the corner shows it."""
    image = image.copy()
    image[y - 60 : y + 60, x - 80 : x + 80] = scenery(number // 2)[:120, :160]
    sway = round(8 * np.sin(number / 9))
    cv2.circle(image, (x + sway, y), 34, (120, 150, 200), -1)
    cv2.ellipse(image, (x + sway, y + 14), (12, 3 + number % 6), 0, 0, 360, (60, 60, 140), -1)
    return image


def write(path: Path, draw: Draw, count: int, rate: float, coding: str) -> None:
    """Write so many drawings as a film."""
    raw = path.with_name("raw.bgr")
    with raw.open("wb") as out:
        for number in range(count):
            out.write(draw(number).tobytes())
    high, wide, _ = draw(0).shape
    size = f"-f rawvideo -pix_fmt bgr24 -s {wide}x{high} -r {rate}"
    ffmpeg(*size.split(), "-i", raw, *coding.split(), path)


def drawn(
    kind: str,
    content: str,
    draw: Draw,
    count: int,
    *starts: float,
    rate: float = RATE,
    is_gradual: bool = False,
    form: str = "MP4, H.264",
    coding: str = f"{H264} -f mp4",
) -> Variant:
    """Return a variant of drawn pictures whose scenes begin at these times."""
    return Variant(
        kind,
        content,
        form,
        lambda path: write(path, draw, count, rate, coding),
        (cut_at(*starts, tolerance=0.4 if is_gradual else 0.25),),
        language="none",
        starts=starts,
    )
