"""Variants of shots: flashes, cuts, frames that are dropped or held."""

import functools
from collections.abc import Iterator

import cv2
import numpy as np

from benchmarks.recordings.drawings import H264, Draw, Picture, drawn, scenery
from benchmarks.recordings.kinds import Variant


def shots() -> Iterator[Variant]:
    """Yield shots with flashes, dropped frames and cuts."""
    new = functools.partial(drawn, "shots")

    def lit(frames: set[int], strength: float = 0.85, level: int = 255) -> Draw:
        def draw(number: int) -> Picture:
            image = scenery(number * 2)
            cv2.circle(image, (100 + 2 * number, 180), 40, (40, 200, 240), -1)
            if number in frames:
                image = (image * (1 - strength) + level * strength).astype(np.uint8)
            return image

        return draw

    yield new("three flashes of one frame", lit({50, 125, 200}), 250, 0.0)
    yield new("flashes of three frames", lit({50, 51, 52, 125, 126, 127}), 250, 0.0)
    yield new("pale flashes", lit({50, 125, 200}, 0.5), 250, 0.0)
    yield new("ten flashes in two seconds", lit(set(range(75, 125, 5))), 250, 0.0)
    yield new("flash in the first and last half second", lit({5, 243}), 250, 0.0)
    yield new("black frames", lit({60, 61, 150}, 1.0, 0), 250, 0.0)

    def fading(number: int) -> Picture:
        image = scenery(number * 2)
        since = number - 100
        share = 0.9 * 0.7**since if 0 <= since < 12 else 0.0
        return (image * (1 - share) + 255 * share).astype(np.uint8)

    yield new("flash that fades", fading, 250, 0.0)
    yield new(
        "flashes at 50 frames a second",
        lambda n: lit({50, 125})(n // 2) if n != 201 else lit(set())(n // 2),
        400,
        0.0,
        rate=50,
    )

    def cut_beside(number: int) -> Picture:
        image = scenery(number * 2, seed=7 if number < 125 else 11)
        if number in {115, 60}:
            image = (image * 0.15 + 255 * 0.85).astype(np.uint8)
        return image

    yield new("a flash 0.4 s before a cut", cut_beside, 250, 0.0, 5.0)
    yield new(
        "cuts every three seconds", lambda n: scenery(n, seed=n // 75), 300, 0.0, 3.0, 6.0, 9.0
    )
    yield new(
        "cuts at 1 frame a second",
        lambda n: scenery(n // 6, seed=n // 6),
        24,
        0.0,
        6.0,
        12.0,
        18.0,
        rate=1,
    )
    yield new(
        "dropped frames held", lambda n: scenery(2 * (n if n % 50 > 12 else n - n % 50)), 250, 0.0
    )
    yield new("every fourth frame", lambda n: scenery(3 * (n // 4 * 4)), 250, 0.0)
    keep = "-vf select='not(between(n,60,72))*not(between(n,150,170))' -fps_mode vfr"
    yield new(
        "frames missing for half a second",
        lambda n: scenery(2 * n),
        250,
        0.0,
        coding=f"{keep} {H264} -f mp4",
    )
