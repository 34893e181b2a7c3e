"""Recordings whose clock begins late, starts again or jumps ahead."""

from pathlib import Path

import pytest

from runtime.processor.stages.audio import extract_audio
from runtime.processor.stages.player_audio import make_player_audio
from runtime.processor.stages.probe import probe
from runtime.processor.stages.scenes import detect_scenes
from scripts.sample_media.ffmpeg import ffmpeg
from tests.unit.processor.stages.filming import Gauge, loudness

pytestmark = pytest.mark.media

MPEG = ("-c:v", "mpeg2video", "-c:a", "mp2", "-ac", 1, "-ar", 48_000)
HEARD = 0.03


def part(path: Path, seconds: float, picture: str, *options: object) -> Path:
    """A picture with a tone."""
    ffmpeg(
        *("-f", "lavfi", "-i", f"{picture}=size=320x180:rate=25:duration={seconds}"),
        *("-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}:sample_rate=48000"),
        *options,
        path,
    )
    return path


@pytest.mark.parametrize("offset", [0, 3600, 20_000])
@pytest.mark.parametrize("form", ["mpegts", "vob"])
def test_should_go_on_where_the_clock_starts_again_or_jumps(
    tmp_path: Path, offset: int, form: str
) -> None:
    later = ("-output_ts_offset", offset)
    first = part(tmp_path / "first", 6.0, "testsrc2", *MPEG, "-f", form)
    second = part(tmp_path / "second", 4.0, "smptebars", *MPEG, *later, "-f", form)
    path = tmp_path / "joined.ts"
    path.write_bytes(first.read_bytes() + second.read_bytes())
    info = probe(path)
    audio = extract_audio(path, info, tmp_path / "audio.wav", Gauge())
    assert audio.end_seconds == pytest.approx(10.0, abs=0.15)
    assert loudness(audio, 0.1, 5.8) > HEARD
    assert loudness(audio, 6.2, 9.8) > HEARD
    scenes = detect_scenes(path, info, Gauge())
    assert [scene.start_seconds for scene in scenes] == pytest.approx([0.0, 6.0], abs=0.1)
    assert scenes[-1].end_seconds == pytest.approx(10.0, abs=0.15)


@pytest.mark.parametrize("clock", [3600, 1_750_000_000])
def test_should_begin_with_the_first_of_fragments_out_of_a_stream(
    tmp_path: Path, clock: int
) -> None:
    playlist = tmp_path / "list.m3u8"
    fragments = ("-f", "hls", "-hls_segment_type", "fmp4", "-hls_time", 1, "-hls_list_size", 0)
    coding = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", 25)
    part(playlist, 4.0, "testsrc2", *coding, "-output_ts_offset", clock, *fragments)
    path = tmp_path / "stream.mp4"
    pieces = [tmp_path / "init.mp4", *sorted(tmp_path.glob("*.m4s"))]
    path.write_bytes(b"".join(piece.read_bytes() for piece in pieces))
    info = probe(path)
    assert info.duration_seconds == pytest.approx(4.0, abs=0.1)
    audio = extract_audio(path, info, tmp_path / "audio.wav", Gauge())
    assert audio.starts_at_seconds == pytest.approx(0.0, abs=0.05)
    assert audio.end_seconds == pytest.approx(4.0, abs=0.1)
    assert [
        (s.start_seconds, round(s.end_seconds, 1)) for s in detect_scenes(path, info, Gauge())
    ] == [(0.0, 4.0)]
    make_player_audio(path, info, tmp_path, Gauge())
    assert probe(tmp_path / "audio.m4a").duration_seconds == pytest.approx(4.0, abs=0.1)
