"""Slides and screen recordings have a scene a slide; flashes and cursors are no cuts."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.core.media import Scene
from runtime.processor.stages.probe import probe
from runtime.processor.stages.scenes import detect_scenes
from scripts.sample_media.ffmpeg import ffmpeg
from tests.unit.processor.stages.filming import H264, Gauge

pytestmark = pytest.mark.media

Picture = NDArray[np.uint8]
WIDE, HIGH, RATE = 640, 360, 25
WORDS = "model data speech result method error table graph value system input output".split()  # noqa: SIM905 - text


INK = {
    "black on white": ((255, 255, 255), (0, 0, 0)),
    "light on dark": ((30, 25, 20), (220, 220, 220)),
    "grey on grey": ((90, 90, 90), (160, 160, 160)),
}


def slide(number: int, *, colours: str = "black on white", lines: int = 6) -> Picture:
    """A title and lines of text, to be drawn upon."""
    return drawn_slide(number, colours, lines).copy()


@cache
def drawn_slide(number: int, colours: str, lines: int) -> Picture:
    draw = np.random.default_rng(100 + number)
    paper, ink = INK[colours]
    image = np.full((HIGH, WIDE, 3), paper, np.uint8)
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(image, " ".join(draw.choice(WORDS, 3)), (30, 50), font, 1.0, ink, 2, cv2.LINE_AA)
    for line in range(lines):
        text = "- " + " ".join(draw.choice(WORDS, 6))
        cv2.putText(image, text, (40, 100 + line * 38), font, 0.6, ink, 1, cv2.LINE_AA)
    return image


def scenery(shift: int) -> Picture:
    return np.roll(drawn_scenery(), shift, axis=1)


@cache
def drawn_scenery() -> Picture:
    small = np.random.default_rng(7).integers(0, 255, (6, 9, 3), dtype=np.uint8)
    return cv2.resize(small, (WIDE, HIGH), interpolation=cv2.INTER_CUBIC).astype(np.uint8)


def scenes_of(
    folder: Path, draw: Callable[[int], Picture], count: int, *, rate: float = RATE
) -> tuple[Scene, ...]:
    raw, path = folder / "raw.bgr", folder / "screen.mp4"
    with raw.open("wb") as out:
        for number in range(count):
            out.write(draw(number).tobytes())
    size = ("-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{WIDE}x{HIGH}", "-r", rate)
    ffmpeg(*size, "-i", raw, *H264, path)
    return detect_scenes(path, probe(path), Gauge())


def starts(scenes: tuple[Scene, ...]) -> list[float]:
    return [scene.start_seconds for scene in scenes]


@pytest.mark.parametrize("colours", INK)
def test_should_find_a_scene_for_each_slide(tmp_path: Path, colours: str) -> None:
    found = scenes_of(tmp_path, lambda n: slide(n // 75, colours=colours), 8 * 75)
    assert starts(found) == pytest.approx([3.0 * n for n in range(8)], abs=0.2)


@pytest.mark.parametrize("rate", [1, 0.5])
def test_should_find_slides_of_few_frames(tmp_path: Path, rate: float) -> None:
    found = scenes_of(tmp_path, lambda n: slide(n // 3), 12, rate=rate)
    assert starts(found) == pytest.approx([3 / rate * n for n in range(4)], abs=0.2)


@pytest.mark.parametrize("rate", [1, 0.2])
def test_should_find_slides_of_one_frame(tmp_path: Path, rate: float) -> None:
    found = scenes_of(tmp_path, slide, 7, rate=rate)
    assert starts(found) == pytest.approx([n / rate for n in range(7)], abs=0.2)


def test_should_find_slides_that_dissolve_into_each_other(tmp_path: Path) -> None:
    def draw(number: int) -> Picture:
        index, into = divmod(number, 50)
        share = min(1.0, into / 12) if index else 1.0
        mixed = share * slide(index) + (1 - share) * slide(max(0, index - 1)).astype(float)
        return mixed.astype(np.uint8)

    found = scenes_of(tmp_path, draw, 3 * 50)
    assert starts(found) == pytest.approx([0.0, 2.25, 4.25], abs=0.2)


def test_should_find_slides_beside_a_large_camera(tmp_path: Path) -> None:
    def draw(number: int) -> Picture:
        image = slide(number // 50)
        image[:, 400:] = scenery(number // 2)[:, 400:]
        cv2.circle(image, (520 + number % 20, 180), 90, (120, 150, 200), -1)
        return image

    found = scenes_of(tmp_path, draw, 4 * 50)
    assert starts(found) == pytest.approx([0.0, 2.0, 4.0, 6.0], abs=0.2)


def test_should_not_cut_where_frames_were_dropped(tmp_path: Path) -> None:
    def draw(number: int) -> Picture:
        return scenery(2 * (number if number % 50 > 12 else number - number % 50))

    assert len(scenes_of(tmp_path, draw, 6 * RATE)) == 1


def test_should_find_slides_beside_a_camera_that_moves(tmp_path: Path) -> None:
    def draw(number: int) -> Picture:
        image = slide(number // 75, lines=4)
        image[220:340, 460:620] = scenery(number * 3)[:120, :160]
        cv2.circle(image, (540 + number % 30, 280), 30, (40, 200, 240), -1)
        return image

    found = scenes_of(tmp_path, draw, 4 * 75)
    assert starts(found) == pytest.approx([0.0, 3.0, 6.0, 9.0], abs=0.2)


def test_should_not_cut_at_a_cursor_or_while_somebody_types(tmp_path: Path) -> None:
    def draw(number: int) -> Picture:
        image = slide(0, lines=2)
        text = "the quick brown fox jumps"[: number // 6]
        cv2.putText(image, text, (40, 250), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 1)
        if number // 12 % 2:
            cv2.rectangle(image, (300, 300), (304, 320), (0, 0, 0), -1)
        return image

    assert len(scenes_of(tmp_path, draw, 6 * RATE)) == 1


def test_should_not_cut_while_a_page_scrolls(tmp_path: Path) -> None:
    page = np.vstack([slide(n) for n in range(4)])

    def draw(number: int) -> Picture:
        top = min(max(0, number - 50) * 6, 3 * HIGH)
        return page[top : top + HIGH]

    assert len(scenes_of(tmp_path, draw, 10 * RATE)) == 1


def test_should_not_cut_at_flashes(tmp_path: Path) -> None:
    def draw(number: int) -> Picture:
        image = scenery(number * 2)
        if number in {50, 125, 126, 200}:
            image = (image * 0.15 + 255 * 0.85).astype(np.uint8)
        return image

    assert len(scenes_of(tmp_path, draw, 10 * RATE)) == 1
