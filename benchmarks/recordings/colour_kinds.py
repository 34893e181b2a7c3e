"""Variants of colours in high dynamic range, and of display matrices."""

import functools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from benchmarks.recordings.drawings import H264, HIGH, WIDE, Picture
from benchmarks.recordings.kinds import Make, Variant, shows
from scripts.sample_media.ffmpeg import ffmpeg
from tests.corpus.making import void

BARS = "smptehdbars=size=640x360:rate=10:duration=2"
_TAGS = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"


@functools.cache
def bars() -> Picture:
    """Return colour bars in standard range."""
    raw = "-frames:v 1 -f rawvideo -pix_fmt bgr24 -vf scale=in_color_matrix=bt601 -"
    rgb = ffmpeg("-f", "lavfi", "-i", BARS, *raw.split())
    return np.frombuffer(rgb, np.uint8).reshape(HIGH, WIDE, 3)


def colours() -> Iterator[Variant]:
    """Yield pictures in high dynamic range."""
    x265 = "-c:v libx265 -preset ultrafast -x265-params log-level=none"
    for transfer, name in (("arib-std-b67", "HLG"), ("smpte2084", "PQ")):
        chain = (
            f"scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,{_TAGS},"
            "zscale=tin=bt709:min=bt709:pin=bt709:rin=tv:t=linear:npl=203,format=gbrpf32le,"
            f"zscale=p=bt2020:t={transfer}:m=bt2020nc:r=tv:npl=203,format=yuv420p10le"
        )
        tags = f"-color_primaries bt2020 -color_trc {transfer} -colorspace bt2020nc"
        for form, coding in (
            ("MOV, H.265", f"{x265} -tag:v hvc1 -f mov"),
            ("MKV, VP9", "-c:v libvpx-vp9 -deadline realtime -f matroska"),
            ("MP4, AV1", "-c:v libsvtav1 -preset 12 -f mp4"),
        ):
            make = _film(BARS, f"-vf {chain} {tags} {coding}")
            yield Variant("colours", name, form, make, (shows(bars),), language="none")


def _film(picture: str, coding: str) -> Make:
    return lambda path: void(ffmpeg("-f", "lavfi", "-i", picture, *coding.split(), path))


_CORNERS = (
    "color=c=gray:size=320x180:rate=10:duration=3,drawbox=x=0:y=0:w=60:h=60:color=red:t=fill,"
    "drawbox=x=260:y=120:w=60:h=60:color=blue:t=fill,drawbox=x=260:y=0:w=60:h=60:color=lime:t=fill"
)


def orientations() -> Iterator[Variant]:
    """Yield display matrices."""
    plain = np.full((180, 320, 3), 128, np.uint8)
    plain[:60, :60], plain[120:, 260:], plain[:60, 260:] = (0, 0, 255), (255, 0, 0), (0, 255, 0)
    for content, flags, truth in (
        ("mirrored", ("-display_hflip",), plain[:, ::-1]),
        ("flipped", ("-display_vflip",), plain[::-1]),
        ("turned a quarter", ("-display_rotation", -90), np.rot90(plain, -1)),
        ("turned a quarter back", ("-display_rotation", 90), np.rot90(plain)),
        ("turned over", ("-display_rotation", 180), plain[::-1, ::-1]),
        ("mirrored and turned", ("-display_hflip", "-display_rotation", -90), None),
        ("flipped and turned", ("-display_vflip", "-display_rotation", -90), None),
        ("both mirrored and flipped", ("-display_hflip", "-display_vflip"), plain[::-1, ::-1]),
    ):
        truth_of = functools.partial(_as_players_show, flags, truth)
        for form, container in (
            ("MP4, H.264", "mp4"),
            ("MOV, H.264", "mov"),
            ("MKV, H.264", "matroska"),
        ):
            if container == "matroska" and truth is None:
                continue
            make, checks = functools.partial(_turned, flags, container), (shows(truth_of),)
            yield Variant("orientation", content, form, make, checks, language="none")


def _turned(flags: tuple[object, ...], container: str, path: Path) -> None:
    first = path.with_name("plain.mp4")
    _film(_CORNERS, H264)(first)
    ffmpeg(*flags, "-i", first, "-c", "copy", "-f", container, path)


def _as_players_show(flags: tuple[object, ...], truth: Picture | None) -> Picture:
    """Return the picture, as ffmpeg's program turns it where it is not known."""
    if truth is not None:
        return np.ascontiguousarray(truth)
    with tempfile.TemporaryDirectory() as folder:
        turned = Path(folder) / "turned.mp4"
        _turned(flags, "mp4", turned)
        png = ffmpeg("-i", turned, "-frames:v", 1, "-f", "image2pipe", "-c:v", "png", "-")
    image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError("ffmpeg wrote no picture")
    return np.asarray(image, np.uint8)
