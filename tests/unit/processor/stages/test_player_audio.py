from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.core.contract import ResultFile
from runtime.core.media import TimeRange
from runtime.processor.stages.player_audio import bleeped, make_player_audio
from runtime.processor.stages.probe import probe
from scripts.sample_media.ffmpeg import decode_speech, ffmpeg
from tests.unit.processor.stages.filming import TONE, Gauge, damaged

pytestmark = pytest.mark.media

PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=64x64:rate=25:duration=4")
HEARD = 0.03
SILENT = 0.002


def test_should_copy_aac_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "usual.mp4"
    ffmpeg(*PICTURE, *TONE, "-c:a", "aac", "-b:a", "96k", path)
    copy = made(path, tmp_path)
    assert packets(copy) == packets(path)
    assert len(packets(copy)) > 90


@pytest.mark.parametrize(
    ("codec", "rate", "channels", "expected"),
    [
        ("pcm_s16le", 48_000, 2, (48_000, 2)),
        ("pcm_s16le", 96_000, 1, (48_000, 1)),
        ("pcm_s16le", 8_000, 1, (16_000, 1)),
        ("alac", 44_100, 2, (44_100, 2)),
        ("ac3", 48_000, 6, (48_000, 2)),
        ("libmp3lame", 32_000, 1, (32_000, 1)),
    ],
)
def test_should_encode_other_codecs(
    tmp_path: Path, codec: str, rate: int, channels: int, expected: tuple[int, int]
) -> None:
    path = tmp_path / "other.mov"
    ffmpeg(*TONE, "-ar", rate, "-ac", channels, "-c:a", codec, path)
    audio = probe(made(path, tmp_path)).audio
    assert audio is not None
    assert (audio.codec, audio.sample_rate, audio.channels) == ("aac", *expected)
    sound = decode_speech(tmp_path / ResultFile.PLAYER_AUDIO)
    assert len(sound) == pytest.approx(2 * 16_000, abs=1_000)
    assert int(np.abs(np.fft.rfft(sound[:16_000])).argmax()) == 440


def test_should_be_silent_where_the_track_starts_late(tmp_path: Path) -> None:
    path = tmp_path / "late.mp4"
    ffmpeg(*PICTURE, "-itsoffset", 1.5, *TONE, "-map", "0:v", "-map", "1:a", path)
    made(path, tmp_path)
    sound = decode_speech(tmp_path / ResultFile.PLAYER_AUDIO)
    assert loudness(sound, 0.0, 1.45) < SILENT
    assert loudness(sound, 1.55, 3.4) > HEARD


def test_should_be_silent_where_the_track_has_a_hole(tmp_path: Path) -> None:
    path = tmp_path / "hole.mkv"
    hole = ("-af", "aselect='not(between(t,0.5,1.2))'")
    ffmpeg(*TONE, *hole, "-c:a", "pcm_s16le", path)
    made(path, tmp_path)
    sound = decode_speech(tmp_path / ResultFile.PLAYER_AUDIO)
    assert loudness(sound, 0.1, 0.45) > HEARD
    assert loudness(sound, 0.6, 1.1) < SILENT
    assert loudness(sound, 1.3, 1.9) > HEARD


def test_should_encode_aac_that_has_a_hole(tmp_path: Path) -> None:
    whole, path = tmp_path / "whole.mp4", tmp_path / "hole.mp4"
    ffmpeg(*TONE, "-c:a", "aac", whole)
    ffmpeg("-i", whole, "-c", "copy", "-bsf:a", "noise=drop='between(n,20,60)'", path)
    made(path, tmp_path)
    sound = decode_speech(tmp_path / ResultFile.PLAYER_AUDIO)
    assert loudness(sound, 0.6, 1.1) < SILENT
    assert loudness(sound, 1.4, 1.9) > HEARD


def test_should_keep_what_a_truncated_file_has(tmp_path: Path) -> None:
    path = tmp_path / "whole.mp4"
    ffmpeg(*PICTURE, *TONE, "-c:a", "aac", "-movflags", "+faststart", path)
    short = damaged(path, lambda content: content[: len(content) * 2 // 3])
    made(short, tmp_path)
    sound = decode_speech(tmp_path / ResultFile.PLAYER_AUDIO)
    assert 0.3 < len(sound) / 16_000 < 2.0
    assert loudness(sound, 0.1, 0.3) > HEARD


def test_should_start_before_all_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "usual.mp4"
    ffmpeg(*TONE, "-c:a", "aac", path)
    content = made(path, tmp_path).read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
def test_should_write_the_same_bytes_again(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "any.mov"
    ffmpeg(*TONE, "-c:a", codec, path)
    once = made(path, tmp_path).read_bytes()
    assert once == made(path, tmp_path).read_bytes()


def test_should_make_nothing_without_sound(tmp_path: Path) -> None:
    path = tmp_path / "silent.mp4"
    ffmpeg(*PICTURE, path)
    make_player_audio(path, probe(path), tmp_path, lambda _: None)
    assert not (tmp_path / ResultFile.PLAYER_AUDIO).exists()


def made(path: Path, into: Path) -> Path:
    gauge = Gauge()
    make_player_audio(path, probe(path), into, gauge)
    assert gauge.seen[-1] == 1.0
    return into / ResultFile.PLAYER_AUDIO


def packets(path: Path) -> list[str]:
    """A digest of each coded frame of sound."""
    listed = ffmpeg("-i", path, "-map", "0:a", "-c", "copy", "-f", "framemd5", "-").decode()
    return [line.split(",")[-1].strip() for line in listed.splitlines() if line[:1].isdigit()]


def loudness(sound: NDArray[np.float64], start_seconds: float, end_seconds: float) -> float:
    part = sound[round(start_seconds * 16_000) : round(end_seconds * 16_000)]
    return float(np.sqrt(np.mean(part**2)))


def test_should_encode_a_tone_where_it_is_muted(tmp_path: Path) -> None:
    path = tmp_path / "silent.m4a"
    ffmpeg("-f", "lavfi", "-i", "anullsrc=r=44100:cl=stereo", "-t", "3", "-c:a", "aac", path)
    info = probe(path)
    muted = (TimeRange(start_seconds=1.0, end_seconds=2.0),)
    into = tmp_path / "muted"
    into.mkdir()
    make_player_audio(path, info, into, lambda _: None, muted)
    sound = decode_speech(into / ResultFile.PLAYER_AUDIO)
    assert loudness(sound, 0.0, 0.9) < SILENT
    assert loudness(sound, 1.1, 1.9) > HEARD
    assert loudness(sound, 2.1, 2.9) < SILENT


def test_should_put_a_tone_over_what_is_muted_and_nothing_else() -> None:
    rate = 16_000
    quiet = np.full((rate, 2), 100, np.int16)
    muted = [
        TimeRange(start_seconds=2.25, end_seconds=2.5),
        TimeRange(start_seconds=9, end_seconds=10),
    ]
    made = bleeped(quiet, first=2 * rate, rate=rate, muted=muted)
    assert (made[: rate // 4] == 100).all()
    assert (made[rate // 2 :] == 100).all()
    tone = made[rate // 4 : rate // 2, 0]
    assert (np.abs(tone.astype(int)).max(), (tone == 100).sum() < 20) == (3000, True)
    assert bleeped(quiet, first=0, rate=rate, muted=[]) is quiet
