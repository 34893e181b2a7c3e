"""Frames as players show them: high dynamic range as standard range, mirrored and turned."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.core.contract import thumbnail_name
from runtime.core.media import Scene
from runtime.processor.stages.probe import probe
from runtime.processor.stages.thumbnails import make_thumbnails
from scripts.sample_media.ffmpeg import ffmpeg
from tests.unit.processor.stages.filming import H264

pytestmark = pytest.mark.media

Picture = NDArray[np.uint8]
BARS = ("-f", "lavfi", "-i", "smptehdbars=size=640x360:rate=10:duration=1")
SDR = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
CORNERS = (
    "color=c=gray:size=320x180:rate=10:duration=1"
    ",drawbox=x=0:y=0:w=60:h=60:color=red:t=fill"
    ",drawbox=x=260:y=0:w=60:h=60:color=lime:t=fill"
    ",drawbox=x=260:y=120:w=60:h=60:color=blue:t=fill"
)


def thumbnail(path: Path) -> Picture:
    folder = path.parent / f"of-{path.stem}"
    folder.mkdir()
    scene = Scene(index=0, start_seconds=0.0, end_seconds=1.0)
    make_thumbnails(path, probe(path), (scene,), folder, lambda _: None)
    picture = cv2.imread(str(folder / thumbnail_name(0)))
    assert picture is not None
    return np.asarray(picture, np.uint8)


def saturation(picture: Picture) -> float:
    return float(cv2.cvtColor(picture, cv2.COLOR_BGR2HSV)[..., 1].mean())


@pytest.mark.parametrize("transfer", ["arib-std-b67", "smpte2084"])
def test_should_show_high_dynamic_range_as_standard_range(tmp_path: Path, transfer: str) -> None:
    sdr, hdr = tmp_path / "sdr.mp4", tmp_path / "hdr.mov"
    matrix = f"scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,{SDR}"
    ffmpeg(*BARS, "-vf", matrix, *H264[:4], sdr)
    linear = "zscale=tin=bt709:min=bt709:pin=bt709:rin=tv:t=linear:npl=203,format=gbrpf32le"
    wide = f"zscale=p=bt2020:t={transfer}:m=bt2020nc:r=tv:npl=203,format=yuv420p10le"
    tags = ("-color_primaries", "bt2020", "-color_trc", transfer, "-colorspace", "bt2020nc")
    coding = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none")
    ffmpeg("-i", sdr, "-vf", f"{linear},{wide}", *coding, *tags, hdr)
    usual, shown = thumbnail(sdr), thumbnail(hdr)
    assert np.abs(shown.astype(int) - usual).mean() <= 12
    assert saturation(shown) >= 0.8 * saturation(usual)


@pytest.mark.parametrize(
    "options",
    [
        ("-display_hflip",),
        ("-display_vflip",),
        ("-display_rotation", "90"),
        ("-display_rotation", "180"),
        ("-display_hflip", "-display_rotation", "90"),
        ("-display_vflip", "-display_rotation", "270"),
    ],
    ids=" ".join,
)
def test_should_show_a_mirrored_or_turned_picture_as_a_player_does(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    plain, path, shown = tmp_path / "plain.mp4", tmp_path / "turned.mp4", tmp_path / "player.png"
    ffmpeg("-f", "lavfi", "-i", CORNERS, *H264, plain)
    ffmpeg(*options, "-i", plain, "-c", "copy", path)
    ffmpeg("-i", path, "-frames:v", 1, shown)
    player = cv2.imread(str(shown))
    assert player is not None
    picture = thumbnail(path)
    assert picture.shape == player.shape
    assert np.abs(picture.astype(int) - player).mean() < 8
