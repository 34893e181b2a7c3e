from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from runtime.core.errors import Permanent
from runtime.core.media import Scene
from runtime.processor.models.transnet import (
    HEIGHT,
    WIDTH,
    TransNet,
    load_transnet,
    transition_probabilities,
)
from runtime.processor.stages.probe import probe
from runtime.processor.stages.scenes import detect_scenes
from runtime.processor.stages.transitions import detect_transitions, find_cuts
from scripts.sample_media.ffmpeg import ffmpeg
from tests.unit.processor.conftest import THREADS
from tests.unit.processor.stages.filming import H264, TONE, Gauge, shots

pytestmark = pytest.mark.media

FRAME_SECONDS = 0.04
CUT_SECONDS = 1.6
PAN_SECONDS = 2.8
"""Films of about 100 frames: two windows of the network."""

MODEL = "transnetv2"


@pytest.fixture(scope="session")
def photographs() -> tuple[Path, Path]:
    """Two photographs that look nothing like each other."""
    from sklearn import datasets

    folder = Path(datasets.__file__).parent / "images"
    return folder / "china.jpg", folder / "flower.jpg"


@pytest.mark.parametrize(
    ("probabilities", "cuts"),
    [
        ([0.1, 0.9, 0.1, 0.1], [2.0]),
        ([0.6, 0.8, 0.7, 0.1, 0.1], [2.0]),
        ([0.9, 0.1, 0.1, 0.9, 0.1], [1.0, 4.0]),
        ([0.1, 0.5, 0.1], []),
        ([0.1, 0.1, 0.9], []),
        ([], []),
    ],
)
def test_should_cut_after_the_most_likely_frame(
    probabilities: list[float], cuts: list[float]
) -> None:
    times = iter(float(number) for number in range(len(probabilities)))
    assert list(find_cuts(probabilities, times)) == cuts


class Reading(TransNet):
    """Scores each frame by the number in its first pixel, so that a mix-up of frames shows."""

    def __init__(self) -> None:
        nn.Module.__init__(self)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        assert frames.shape == (1, 100, HEIGHT, WIDTH, 3)
        return score(frames[:, :, 0, 0, 0].float())


def score(number: torch.Tensor) -> torch.Tensor:
    return (number - 65) / 16


def numbered(count: int) -> list[NDArray[np.uint8]]:
    return [np.full((HEIGHT, WIDTH, 3), number, np.uint8) for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 74, 75, 76, 130])
def test_should_judge_every_frame_once_and_in_order(count: int) -> None:
    found = list(transition_probabilities(Reading(), numbered(count)))
    assert found == pytest.approx(torch.sigmoid(score(torch.arange(count))).tolist())


@pytest.mark.parametrize("count", [1, 51])
def test_should_judge_every_frame_with_the_network_itself(count: int) -> None:
    found = list(transition_probabilities(TransNet().eval(), numbered(count)))
    assert len(found) == count
    assert all(0 < probability < 1 for probability in found)


def test_should_look_ahead_no_further_than_a_window() -> None:
    asked = 0

    def frames() -> Iterator[NDArray[np.uint8]]:
        nonlocal asked
        while True:
            asked += 1
            yield np.zeros((HEIGHT, WIDTH, 3), np.uint8)

    next(transition_probabilities(Reading(), frames()))
    assert asked == 75


def test_should_say_what_to_do_without_weights(tmp_path: Path) -> None:
    with pytest.raises(Permanent) as caught:
        load_transnet(tmp_path / MODEL)
    assert caught.value.code == "models.missing"


@pytest.mark.models
@pytest.mark.parametrize(
    ("transition", "seconds"), [("fade", 0.4), ("fade", 0.8), ("fadeblack", 1.0)]
)
def test_should_find_gradual_transitions_that_cut_detection_misses(
    tmp_path: Path, models: Path, photographs: tuple[Path, Path], transition: str, seconds: float
) -> None:
    path = tmp_path / "gradual.mp4"
    mixed = f"[a][b]xfade=transition={transition}:duration={seconds}:offset={CUT_SECONDS}[out]"
    panning(path, photographs, mixed)
    assert len(detect_scenes(path, probe(path), lambda _: None)) == 1
    found = starts(detected(path, models))
    assert len(found) == 2
    assert CUT_SECONDS <= found[1] <= CUT_SECONDS + seconds + FRAME_SECONDS


@pytest.mark.models
def test_should_find_hard_cuts_to_the_frame(
    tmp_path: Path, models: Path, photographs: tuple[Path, Path]
) -> None:
    path = tmp_path / "cut.mp4"
    panning(path, photographs, f"[a]trim=end={CUT_SECONDS}[first];[first][b]concat[out]")
    assert starts(detected(path, models)) == pytest.approx([0.0, CUT_SECONDS], abs=0.001)


@pytest.mark.models
def test_should_go_by_timestamps_where_the_frame_rate_varies(
    tmp_path: Path, models: Path, photographs: tuple[Path, Path]
) -> None:
    path = tmp_path / "variable.mp4"
    # Every other frame of the first shot is missing: frame number / rate would be far off.
    thinned = f"select='gte(t,{CUT_SECONDS - 0.01})+not(mod(n,2))'"
    joined = f"[a]trim=end={CUT_SECONDS}[first];[first][b]concat,{thinned}[out]"
    panning(path, photographs, joined)
    assert starts(detected(path, models)) == pytest.approx([0.0, CUT_SECONDS], abs=FRAME_SECONDS)


@pytest.mark.models
def test_should_not_cut_what_only_moves(tmp_path: Path, models: Path) -> None:
    path = shots(tmp_path / "moving.mp4", ("testsrc2=alpha=255", 3.0))
    scenes = detected(path, models)
    assert starts(scenes) == [0.0]
    assert scenes[0].end_seconds == pytest.approx(3.0, abs=0.001)


@pytest.mark.models
def test_should_give_no_scenes_of_sound_alone(tmp_path: Path, models: Path) -> None:
    path = tmp_path / "tone.mp4"
    ffmpeg(*TONE, path)
    assert detected(path, models) == ()


def panning(path: Path, photographs: tuple[Path, Path], joined: str) -> None:
    """Two slow pans over photographs, 25 frames a second, joined by a filter of [a] and [b]."""
    pan = "scale=480:320,crop=320:180:'20*t':'10*t',setsar=1,format=yuv420p"
    still = ("-loop", "1", "-framerate", "25", "-t", PAN_SECONDS, "-i")
    graph = f"[0:v]{pan}[a];[1:v]{pan}[b];{joined}"
    ffmpeg(
        *(*still, photographs[0], *still, photographs[1], "-filter_complex", graph),
        *("-map", "[out]", "-fps_mode", "vfr", *H264, path),
    )


def detected(path: Path, models: Path) -> tuple[Scene, ...]:
    info, gauge = probe(path), Gauge()
    scenes = detect_transitions(path, info, gauge, model_dir=models / MODEL, threads=THREADS)
    assert gauge.seen[-1] == (1.0 if info.video else 0.0)
    return scenes


def starts(scenes: tuple[Scene, ...]) -> list[float]:
    return [scene.start_seconds for scene in scenes]
