"""Variants of slides and of recorded screens."""

import functools
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np

from benchmarks.recordings.drawings import (
    H264,
    HIGH,
    RATE,
    WIDE,
    Draw,
    Picture,
    drawn,
    person,
    scenery,
    slide,
)
from benchmarks.recordings.kinds import Variant

FIVE = tuple(5.0 * n for n in range(8))
EVERY = 5 * RATE
dark = functools.partial(slide, paper=(30, 25, 20), ink=(220, 220, 220))
_new = functools.partial(drawn, "slides")
DARK_BLUE, YELLOW = (120, 40, 10), (80, 220, 240)
DARK_GREY, GREY = (90, 90, 90), (160, 160, 160)


def _every_five_seconds(content: str, draw: Draw, count: int = 6, **options: Any) -> Variant:
    """Return a variant whose pictures change every five seconds."""
    return _new(content, draw, count * EVERY, *FIVE[:count], **options)


def slides() -> Iterator[Variant]:
    """Yield slides and screen recordings."""
    for content, draw in (
        ("eight, black on white", slide),
        ("eight, light on dark", dark),
        ("two lines each", functools.partial(slide, lines=1)),
        ("yellow on blue", functools.partial(slide, paper=DARK_BLUE, ink=YELLOW)),
        ("grey on grey", functools.partial(slide, paper=DARK_GREY, ink=GREY)),
    ):
        yield _every_five_seconds(content, functools.partial(_held, draw), 8)
    yield _new(
        "low bit rate, 15 frames a second",
        lambda n: slide(n // 75),
        8 * 75,
        *FIVE,
        rate=15,
        coding=f"{H264} -b:v 60k -maxrate 60k -bufsize 120k -g 30 -f mp4",
    )
    yield _new(
        "1080p, 5 frames a second",
        lambda n: slide(n // 25, size=(1920, 1080)),
        6 * 25,
        *FIVE[:6],
        rate=5,
        form="WebM, VP9",
        coding="-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -f webm",
    )
    yield _new("1 frame a second", lambda n: slide(n // 5), 40, *FIVE, rate=1)
    yield _new("1 frame a second, 1 a slide", slide, 8, *map(float, range(8)), rate=1)
    yield _new("1 frame in 5 s, 1 a slide", slide, 8, *FIVE, rate=0.2)
    yield _new("2 frames a second, dark", lambda n: dark(n // 10), 80, *FIVE, rate=2)


def _held(draw: Draw, number: int) -> Picture:
    return draw(number // EVERY)


def _beside(x: int, y: int, number: int) -> Picture:
    return person(slide(number // EVERY, lines=5), number, x, y)


def cameras_and_transitions() -> Iterator[Variant]:
    """Yield slides beside a camera, and slides that do not change at once."""
    for where, x, y in (
        ("right below", 540, 280),
        ("left above", 90, 70),
        ("right above", 540, 70),
    ):
        yield _every_five_seconds(f"camera {where}", functools.partial(_beside, x, y))

    def half_camera(number: int) -> Picture:
        image = slide(number // EVERY)
        image[:, 400:] = scenery(number // 2)[:, 400:]
        cv2.circle(image, (520 + round(20 * np.sin(number / 9)), 180), 90, (120, 150, 200), -1)
        return image

    yield _every_five_seconds("camera beside, a third of the picture", half_camera)

    def dissolving(number: int) -> Picture:
        index, into = divmod(number, EVERY)
        share = min(1.0, into / 12) if index else 1.0
        mixed = share * slide(index) + (1 - share) * slide(max(0, index - 1)).astype(float)
        return mixed.astype(np.uint8)

    yield _every_five_seconds("dissolve of half a second", dissolving, is_gradual=True)

    def pushed(number: int) -> Picture:
        index, into = divmod(number, EVERY)
        if not index or into >= 10:
            return slide(index)
        both = np.hstack([slide(index - 1), slide(index)])
        left = round(WIDE * (into + 1) / 10)
        return both[:, left : left + WIDE]

    yield _every_five_seconds("pushed in from the right", pushed, is_gradual=True)


def screens() -> Iterator[Variant]:
    """Yield screens on which more goes on than slides."""

    def bullets(number: int) -> Picture:
        index, into = divmod(number, 8 * RATE)
        return slide(index, lines=1 + min(5, into // (RATE + 8)))

    yield _new("lines that appear one by one", bullets, 24 * RATE, 0.0, 8.0, 16.0)

    def pointer(number: int) -> Picture:
        image = slide(number // EVERY)
        x, y = 320 + round(250 * np.sin(number / 20)), 180 + round(120 * np.cos(number / 13))
        cv2.fillPoly(image, [np.array([[x, y], [x + 12, y + 14], [x, y + 18]])], (40, 40, 200))
        return image

    yield _every_five_seconds("pointer that moves", pointer)
    page = np.vstack([slide(n) for n in range(5)])

    def scrolled(number: int) -> Picture:
        top = min(sum(3 for n in range(number) if n % 50 < 25), 4 * HIGH)
        return page[top : top + HIGH]

    yield _new("scrolling with stops", scrolled, 12 * RATE, 0.0)

    def windows(number: int) -> Picture:
        image = np.full((HIGH, WIDE, 3), (90, 60, 40), np.uint8)
        if number >= 4 * RATE:
            image[40:320, 60:580] = slide(3)[40:320, 60:580]
        if number >= 9 * RATE:
            image[20:340, 20:620] = dark(9)[20:340, 20:620]
        return image

    yield _new("windows that open on a screen", windows, 14 * RATE, 0.0, 4.0, 9.0)
