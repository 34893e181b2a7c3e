"""Videos of many hours out of minutes of real speech, such that decoded sound repeats exactly."""

import sys
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from local.toolchain import MEDIA  # noqa: E402
from scripts.sample_media.ffmpeg import ffmpeg  # noqa: E402

PERIOD_SECONDS = 480
"""A multiple of the 32 s of a block of diarization, and of a frame of AAC at 16 kHz."""

_RATE, _AAC_FRAME = 16_000, 1024
_PICTURES_A_SECOND = 5
_TEMPOS = (1.0, 0.93, 1.08, 0.88)
_PARTS = 12
_SOUND = "-map 0:a -af apad -c:a aac -b:a 48k -aac_pns 0"
_SMALL = (
    f"scale=160:90:force_original_aspect_ratio=decrease,pad=160:90:-1:-1,fps={_PICTURES_A_SECOND}"
)


def make_long_video(path: Path, hours: float) -> None:
    """Write an MP4 of so many hours: the samples' sound, at several tempos, and their pictures.

    A period is encoded once and its packets are repeated. Without perceptual noise, whose generator
    runs on, a decoder makes the same samples of every repetition but the first.
    """
    sound, pictures = path.with_suffix(".aac"), path.with_suffix(".period.mp4")
    _make_period(path.with_suffix(""), sound, pictures)
    again = ("-stream_loop", -1, "-i")
    coding = f"-map 0:v -map 1:a -c copy -t {hours * 3600} -movflags +faststart"
    ffmpeg(*again, pictures, *again, sound, *coding.split(), path)


def _make_period(folder: Path, sound: Path, pictures: Path) -> None:
    folder.mkdir(exist_ok=True)
    talks = [video for video in (MEDIA / "sample.mp4", MEDIA / "talk.mp4") if video.exists()]
    listed = folder / "parts.txt"
    listed.write_text("".join(f"file '{part.name}'\n" for part in _parts(folder, talks)))
    whole = ("-f", "concat", "-i", listed, "-t", PERIOD_SECONDS)
    primed = folder / "primed.aac"
    ffmpeg(*whole, *_SOUND.split(), primed)
    # The encoder adds a frame, which would shift each repetition against the one before.
    ffmpeg("-i", primed, "-c", "copy", "-frames:a", PERIOD_SECONDS * _RATE // _AAC_FRAME, sound)
    coding = (
        f"-map 0:v -vf tpad=stop=-1:stop_mode=clone,fps={_PICTURES_A_SECOND} -c:v libx264 -crf 30"
        f" -bf 0 -g 50 -pix_fmt yuv420p -frames:v {PERIOD_SECONDS * _PICTURES_A_SECOND}"
    )
    ffmpeg(*whole, *coding.split(), pictures)


def _parts(folder: Path, talks: Sequence[Path]) -> list[Path]:
    parts: list[Path] = []
    for number, talk, tempo in zip(range(_PARTS), cycle(talks), cycle(_TEMPOS), strict=False):
        parts.append(folder / f"part-{number:02d}.mkv")
        coding = (
            f"-vf setpts=PTS/{tempo},{_SMALL} -af atempo={tempo} -ac 1 -ar {_RATE}"
            " -c:v libx264 -preset ultrafast -qp 18 -c:a pcm_s16le"
        )
        ffmpeg("-i", talk, *coding.split(), parts[-1])
    return parts
