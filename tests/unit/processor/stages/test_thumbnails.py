from pathlib import Path

import cv2
import numpy as np
import pytest

from runtime.core.contract import ResultFile, thumbnail_name
from runtime.core.media import Scene
from runtime.processor.checkpoints.increments import NO_INCREMENTS, Increments
from runtime.processor.media.frame_samples import LONGER_SIDE, SHORTEST_STEP_SECONDS, sample_path
from runtime.processor.stages.contact_sheet import COLUMNS, MOST_TILES, TILE_WIDTH, ContactSheet
from runtime.processor.stages.probe import probe
from runtime.processor.stages.scenes import detect_scenes
from runtime.processor.stages.thumbnails import UNIT_SCENES, make_thumbnails
from scripts.sample_media.ffmpeg import ffmpeg
from tests.unit.processor.stages.filming import (
    H264,
    TONE,
    Gauge,
    ListedIncrements,
    Picture,
    damaged,
    film,
    shots,
)

pytestmark = pytest.mark.media

RED, GREEN, BLUE = (0, 0, 254), (0, 128, 0), (254, 0, 0)
"""ffmpeg's colours of these names, blue first."""


def test_should_show_the_middle_of_each_scene(tmp_path: Path) -> None:
    path = shots(tmp_path / "colours.mp4", ("color=red", 2), ("color=green", 8), ("color=blue", 2))
    into = made(path, tmp_path / "out")
    assert [colour(picture(into, index)) for index in range(3)] == near(RED, GREEN, BLUE)
    assert sorted(path.name for path in into.rglob("*") if path.is_file()) == [
        "contact-sheet.jpg",
        *(f"scene-000{number}.webp" for number in (1, 2, 3)),
    ]


def test_should_take_the_samples_of_scene_detection(tmp_path: Path) -> None:
    path = shots(tmp_path / "colours.mp4", ("color=red", 2), ("color=green", 8), ("color=blue", 2))
    info, samples, into = probe(path), tmp_path / "samples", tmp_path / "out"
    scenes = detect_scenes(path, info, lambda _: None, samples_into=samples)
    assert len(list(samples.iterdir())) == len(scenes) == 3
    into.mkdir()
    make_thumbnails(path, info, scenes, into, lambda _: None, samples=samples)
    for index, scene in enumerate(scenes):
        expected = sample_path(samples, scene).read_bytes()
        assert (into / thumbnail_name(index)).read_bytes() == expected
    assert [colour(picture(into, index)) for index in range(3)] == near(RED, GREEN, BLUE)


def test_should_sample_near_the_middle_of_a_scene(tmp_path: Path) -> None:
    path, samples = film(tmp_path / "film.mp4", seconds=9.0), tmp_path / "samples"
    (only,) = detect_scenes(path, probe(path), lambda _: None, samples_into=samples)
    first = round((4.5 - SHORTEST_STEP_SECONDS / 2) * 25)
    last = round((4.5 + SHORTEST_STEP_SECONDS / 2) * 25)
    near_by = tuple(
        scene(n, (first + n) / 25, (first + n + 0.9) / 25) for n in range(last - first + 1)
    )
    into = made(path, tmp_path / "out", near_by)
    exact = {(into / thumbnail_name(one.index)).read_bytes() for one in near_by}
    assert len(exact) == len(near_by)
    assert sample_path(samples, only).read_bytes() in exact


def test_should_seek_a_scene_without_a_sample(tmp_path: Path) -> None:
    path = shots(tmp_path / "colours.mp4", ("color=red", 2), ("color=green", 8), ("color=blue", 2))
    info, samples, into = probe(path), tmp_path / "samples", tmp_path / "out"
    scenes = detect_scenes(path, info, lambda _: None, samples_into=samples)
    sample_path(samples, scenes[1]).unlink()
    into.mkdir()
    make_thumbnails(path, info, scenes, into, lambda _: None, samples=samples)
    sought = made(path, tmp_path / "sought", scenes)
    name = thumbnail_name(1)
    assert (into / name).read_bytes() == (sought / name).read_bytes()


def test_should_go_by_timestamps_where_the_frame_rate_varies(tmp_path: Path) -> None:
    # Frame number / rate would show the third shot in the second's middle.
    path = shots(
        tmp_path / "variable.mp4",
        *(("color=red", 1.0), ("color=green", 6.0), ("color=blue", 3.0)),
        filters="select='not(between(t,1,7))+not(mod(n,10))'",
    )
    scenes = (scene(0, 0.0, 1.0), scene(1, 1.0, 7.0), scene(2, 7.0, 10.0))
    into = made(path, tmp_path / "out", scenes)
    assert [colour(picture(into, index)) for index in range(3)] == near(RED, GREEN, BLUE)


def test_should_count_from_zero_where_the_pictures_start_late(tmp_path: Path) -> None:
    cut = shots(tmp_path / "cut.mp4", ("color=red", 2.0), ("color=blue", 2.0))
    path = tmp_path / "late.mp4"
    ffmpeg("-itsoffset", 1.0, "-i", cut, *TONE, "-c:v", "copy", path)
    into = made(path, tmp_path / "out", (scene(0, 0.0, 3.0), scene(1, 3.0, 5.0)))
    assert [colour(picture(into, index)) for index in range(2)] == near(RED, BLUE)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_should_turn_pictures_as_they_are_displayed(tmp_path: Path, degrees: int) -> None:
    # Red on the left, blue on the right; the file says how it is to be turned, clockwise.
    upright = tmp_path / "upright.mp4"
    red, blue = (f"color={name}:size=160x180:duration=1" for name in ("red", "blue"))
    halves = ("-f", "lavfi", "-i", red, "-f", "lavfi", "-i", blue)
    ffmpeg(*halves, "-filter_complex", "hstack", *H264, upright)
    path = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", -degrees, "-i", upright, "-c", "copy", path)
    shown = picture(made(path, tmp_path / "out"), 0)
    assert shown.shape[:2] == ((180, 320) if degrees % 180 == 0 else (320, 180))
    red_side = {
        0: shown[:, :80],
        90: shown[:80],
        180: shown[:, -80:],
        270: shown[-80:],
    }[degrees]
    assert [colour(red_side)] == near(RED)


def test_should_make_pixels_square(tmp_path: Path) -> None:
    path = tmp_path / "dv.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=720x576:duration=1,setsar=64/45", *H264, path)
    assert picture(made(path, tmp_path / "out"), 0).shape[:2] == (180, 320)


def test_should_not_enlarge_a_small_picture(tmp_path: Path) -> None:
    path = tmp_path / "tiny.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=64x48:duration=1", *H264, path)
    assert picture(made(path, tmp_path / "out"), 0).shape[:2] == (48, 64)


def test_should_write_the_same_bytes_again(tmp_path: Path) -> None:
    path = film(tmp_path / "clip.mp4", seconds=3.0)
    scenes = (scene(0, 0.0, 1.5), scene(1, 1.5, 3.0))
    once, again = made(path, tmp_path / "once", scenes), made(path, tmp_path / "again", scenes)
    assert contents(once) == contents(again) != {}


def test_should_seek_and_decode_on_to_the_same_picture(tmp_path: Path) -> None:
    # A scene far from the one before is reached by seeking, the same one alone from the start.
    path = film(tmp_path / "long.mp4", seconds=20.0)
    apart = (scene(0, 0.0, 1.0), scene(1, 17.0, 18.0))
    between = tuple(scene(n, float(n), float(n + 1)) for n in range(20))
    far = picture(made(path, tmp_path / "far", apart), 1)
    assert np.array_equal(far, picture(made(path, tmp_path / "all", between), 17))


@pytest.mark.parametrize("container", ["mp4", "mkv", "avi", "ts"])
def test_should_find_every_picture_wherever_a_container_leads(
    container: str, tmp_path: Path
) -> None:
    # Ten seconds between keyframes; some containers lead to the one after what was sought.
    whole = film(tmp_path / "whole.mp4", seconds=40.0)
    path = tmp_path / f"long.{container}"
    ffmpeg("-i", whole, "-c:v", "copy", "-an", path)
    scenes = tuple(scene(n, 7.0 * n, 7.0 * n + 2) for n in range(5))
    into = made(path, tmp_path / "out", scenes)
    assert [(into / thumbnail_name(n)).exists() for n in range(5)] == [True] * 5


@pytest.mark.parametrize("container", ["mp4", "ts"])
@pytest.mark.parametrize("killed_after", [0, 1, 2])
def test_should_make_the_same_wherever_it_was_killed(
    killed_after: int, container: str, tmp_path: Path
) -> None:
    whole = film(tmp_path / "whole.mp4", seconds=22.0)
    path = tmp_path / f"film.{container}"
    ffmpeg("-i", whole, "-c:v", "copy", "-an", path)
    # Shorter than two frames, some scenes have no picture.
    scenes = tuple(scene(n, n * 0.2, n * 0.2 + 0.05) for n in range(2 * UNIT_SCENES + 7))
    undisturbed = ListedIncrements()
    once = made(path, tmp_path / "once", scenes, undisturbed)
    assert len(undisturbed.added) == 3
    resumed = ListedIncrements(done=undisturbed.added[:killed_after])
    again = made(path, tmp_path / "again", scenes, resumed)
    assert resumed.added == undisturbed.added[killed_after:]
    assert contents(again) == contents(once)
    assert len(contents(once)) > 2 * UNIT_SCENES


def test_should_do_without_pictures_that_cannot_be_decoded(tmp_path: Path) -> None:
    path = film(tmp_path / "clip.mp4", seconds=10.0)
    short = damaged(path, lambda content: content[: len(content) // 2])
    scenes = (scene(0, 0.0, 2.0), scene(1, 9.0, 10.0))
    into = made(short, tmp_path / "out", scenes)
    assert (into / thumbnail_name(0)).exists()
    assert not (into / thumbnail_name(1)).exists()


def test_should_make_nothing_of_sound_alone(tmp_path: Path) -> None:
    path = tmp_path / "tone.mp4"
    ffmpeg(*TONE, path)
    assert contents(made(path, tmp_path / "out")) == {}


def test_should_be_readable_by_another_decoder(tmp_path: Path) -> None:
    into = made(film(tmp_path / "clip.mp4"), tmp_path / "out")
    for name in (thumbnail_name(0), ResultFile.CONTACT_SHEET):
        pixels = ffmpeg("-i", into / name, "-f", "rawvideo", "-pix_fmt", "bgr24", "-")
        ours = cv2.imread(str(into / name))
        assert ours is not None
        theirs = np.frombuffer(pixels, np.uint8).reshape(ours.shape)
        assert float(np.abs(theirs.astype(int) - ours).mean()) < 4


@pytest.mark.parametrize("count", [1, 3, MOST_TILES, MOST_TILES + 1, 1000])
def test_should_fit_scenes_on_a_sheet(count: int) -> None:
    scenes = [scene(index, float(index), index + 1.0) for index in range(count)]
    sheet = ContactSheet(scenes)
    _, grey = cv2.imencode(".webp", np.full((180, 320, 3), 200, np.uint8))
    for one in scenes:
        sheet.add(one, grey.tobytes())
    content = sheet.jpeg()
    assert content is not None
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    tiles = min(count, MOST_TILES)
    assert decoded.shape[1] // TILE_WIDTH == min(COLUMNS, tiles)
    assert decoded.shape[0] // 159 == -(-tiles // COLUMNS)


def test_should_make_no_sheet_without_pictures() -> None:
    assert ContactSheet([]).jpeg() is None


def scene(index: int, start: float, end: float) -> Scene:
    return Scene(index=index, start_seconds=start, end_seconds=end)


def made(
    path: Path,
    into: Path,
    scenes: tuple[Scene, ...] | None = None,
    increments: Increments = NO_INCREMENTS,
) -> Path:
    """Make the pictures of the given or the detected scenes and return their folder."""
    info = probe(path)
    into.mkdir()
    found = detect_scenes(path, info, lambda _: None) if scenes is None else scenes
    gauge = Gauge()
    make_thumbnails(path, info, found, into, gauge, increments)
    assert gauge.seen[-1] == (1.0 if info.video else 0.0)
    return into


def picture(folder: Path, index: int) -> Picture:
    decoded = cv2.imread(str(folder / thumbnail_name(index)))
    assert decoded is not None
    assert max(decoded.shape) <= LONGER_SIDE
    return np.asarray(decoded, np.uint8)


def colour(pixels: Picture) -> tuple[float, ...]:
    return tuple(float(level) for level in pixels.reshape(-1, 3).mean(axis=0))


def near(*colours: tuple[int, int, int]) -> list[object]:
    return [pytest.approx(expected, abs=12) for expected in colours]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
