from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.core.media import Scene
from runtime.processor.media.frames import FrameSize, read_frames
from runtime.processor.stages.probe import probe
from runtime.processor.stages.scenes import MINIMUM_SCENE_SECONDS, detect_scenes, scenes_between
from scripts.sample_media.ffmpeg import ffmpeg
from tests.unit.processor.stages.filming import TONE, Gauge, damaged, film, shots

pytestmark = pytest.mark.media

FRAME_SECONDS = 0.04
PART_SECONDS = 23.0
"""Of the sample: three cuts."""

MOVING, BARS = "testsrc2=alpha=255", "smptebars=sar=1"


def test_should_cut_where_the_picture_does(tmp_path: Path) -> None:
    path = shots(tmp_path / "cuts.mp4", (MOVING, 2.0), (BARS, 1.2), (MOVING, 1.8))
    assert starts(detected(path)) == pytest.approx([0.0, 2.0, 3.2], abs=FRAME_SECONDS)


def test_should_end_where_the_pictures_end(tmp_path: Path) -> None:
    scenes = detected(film(tmp_path / "clip.mp4", seconds=2.0))
    assert len(scenes) == 1
    assert scenes[0].end_seconds == pytest.approx(2.0, abs=0.001)


def test_should_cut_between_stills(tmp_path: Path) -> None:
    path = shots(tmp_path / "slides.mp4", ("color=red", 2), ("color=green", 2), ("color=blue", 2))
    assert starts(detected(path)) == pytest.approx([0.0, 2.0, 4.0], abs=FRAME_SECONDS)


@pytest.mark.parametrize("rate", [50, 60])
def test_should_not_take_repeated_frames_for_cuts(tmp_path: Path, rate: int) -> None:
    path = shots(tmp_path / "repeats.mp4", (MOVING, 2.0), (BARS, 1.2), filters=f"fps={rate}")
    assert starts(detected(path)) == pytest.approx([0.0, 2.0], abs=FRAME_SECONDS)


def test_should_not_take_jerky_motion_for_cuts(tmp_path: Path) -> None:
    path = shots(tmp_path / "jerky.mp4", (MOVING, 2.0), filters="scroll=h=0.07,fps=75")
    assert len(detected(path)) == 1


def test_should_go_by_timestamps_where_the_frame_rate_varies(tmp_path: Path) -> None:
    # The second shot has every fifth frame only: frame number / rate would be far off.
    path = shots(
        tmp_path / "variable.mp4",
        (MOVING, 2.0),
        (BARS, 3.0),
        (MOVING, 2.0),
        filters="select='not(between(t,2,5))+not(mod(n,5))'",
    )
    assert starts(detected(path)) == pytest.approx([0.0, 2.0, 5.0], abs=0.2)


def test_should_count_from_zero_where_the_pictures_start_late(tmp_path: Path) -> None:
    cut = shots(tmp_path / "cut.mp4", (MOVING, 1.0), (BARS, 1.0))
    path = tmp_path / "late.mp4"
    ffmpeg("-itsoffset", 1.0, "-i", cut, *TONE, "-c:v", "copy", path)
    scenes = detected(path)
    assert starts(scenes) == pytest.approx([0.0, 2.0], abs=FRAME_SECONDS)
    assert scenes[-1].end_seconds == pytest.approx(3.0, abs=FRAME_SECONDS)


def test_should_use_what_a_cut_off_file_still_holds(tmp_path: Path) -> None:
    whole = film(tmp_path / "clip.mp4")
    scenes = detected(damaged(whole, lambda content: content[: len(content) // 2]))
    assert 0.2 < scenes[-1].end_seconds < 2.0


def test_should_cut_where_the_detector_itself_does(sample: Path, tmp_path: Path) -> None:
    """Given scores in the end, it says what it says of pixels, one after the other."""
    from scenedetect.common import FrameTimecode, Timecode
    from scenedetect.detectors import AdaptiveDetector

    film = tmp_path / "part.mp4"
    ffmpeg("-i", sample, "-t", PART_SECONDS, "-an", "-c", "copy", film)
    info = probe(film)
    assert info.video is not None
    detector = AdaptiveDetector(min_scene_len=0)
    size = FrameSize(width=256, height=144, pixel_format="bgr24")
    theirs: list[float] = []
    for picture in read_frames(film, info.video, size):
        at = FrameTimecode(Timecode(pts=picture.ticks, time_base=picture.tick), fps=25.0)
        theirs += [cut.seconds for cut in detector.process_frame(at, picture.pixels)]
    assert len(theirs) >= 3
    assert starts(detect_scenes(film, info, Gauge())) == pytest.approx([0.0, *theirs])


def test_should_find_no_scenes_without_pictures(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    ffmpeg(*TONE, path)
    assert detect_scenes(path, probe(path), Gauge()) == ()


@given(
    cuts=st.lists(st.floats(0.0, 100.0), max_size=20).map(sorted),
    end_seconds=st.floats(0.01, 100.0),
)
def test_should_cover_the_film_with_scenes_of_a_minimum_length(
    cuts: list[float], end_seconds: float
) -> None:
    scenes = scenes_between([cut for cut in cuts if cut <= end_seconds], end_seconds=end_seconds)
    assert [scene.index for scene in scenes] == list(range(len(scenes)))
    assert scenes[0].start_seconds == 0.0
    assert scenes[-1].end_seconds == round(end_seconds, 3)
    assert all(a.end_seconds == b.start_seconds for a, b in pairwise(scenes))
    if len(scenes) > 1:
        shortest = min(scene.end_seconds - scene.start_seconds for scene in scenes)
        assert shortest >= MINIMUM_SCENE_SECONDS - 0.002  # rounded to milliseconds


def detected(path: Path) -> tuple[Scene, ...]:
    gauge = Gauge()
    scenes = detect_scenes(path, probe(path), gauge)
    assert gauge.seen[-1] == 1.0
    return scenes


def starts(scenes: tuple[Scene, ...]) -> list[float]:
    return [scene.start_seconds for scene in scenes]
