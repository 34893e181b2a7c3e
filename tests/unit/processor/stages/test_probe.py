from pathlib import Path

import pytest

from runtime.core.errors import Permanent
from runtime.core.media import Upload
from runtime.processor.stages.probe import probe, probe_upload
from scripts.sample_media.ffmpeg import ffmpeg
from tests.unit.processor.stages.filming import TONE, damaged, film

pytestmark = pytest.mark.media


def test_should_describe_the_tracks(tmp_path: Path) -> None:
    info = probe(film(tmp_path / "clip.mp4"))
    assert info.video is not None
    assert (info.video.codec, info.video.width, info.video.height) == ("h264", 320, 180)
    assert info.video.frames_per_second == 25.0
    assert info.video.rotation_degrees == 0
    assert info.audio is not None
    assert (info.audio.codec, info.audio.sample_rate, info.audio.channels) == ("aac", 48_000, 1)
    assert info.duration_seconds == pytest.approx(2.0, abs=0.05)
    assert info.size_bytes == (tmp_path / "clip.mp4").stat().st_size


def test_should_read_quicktime(tmp_path: Path) -> None:
    info = probe(film(tmp_path / "clip.mov"))
    assert info.video is not None
    assert info.audio is not None


def test_should_accept_a_silent_film(tmp_path: Path) -> None:
    info = probe(film(tmp_path / "silent.mp4", sound=False))
    assert info.video is not None
    assert info.audio is None


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_should_read_the_rotation_clockwise(tmp_path: Path, turned: int) -> None:
    upright = film(tmp_path / "upright.mp4")
    path = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", -turned, "-i", upright, "-c", "copy", path)
    video = probe(path).video
    assert video is not None
    assert video.rotation_degrees == turned


def test_should_not_take_cover_art_for_a_video(tmp_path: Path) -> None:
    path = tmp_path / "song.mp4"
    cover = ("-f", "lavfi", "-i", "testsrc2=size=64x64:duration=0.04")
    tracks = ("-map", "0:a", "-map", "1:v", "-c:v", "png", "-disposition:v", "attached_pic")
    ffmpeg(*TONE, *cover, *tracks, path)
    info = probe(path)
    assert info.video is None
    assert info.audio is not None


def test_should_prefer_the_default_track(tmp_path: Path) -> None:
    path = tmp_path / "two.mp4"
    flags = ("-disposition:a:0", "0", "-disposition:a:1", "default")
    languages = ("-metadata:s:a:0", "language=deu", "-metadata:s:a:1", "language=eng")
    ffmpeg(*TONE, "-map", "0:a", "-map", "0:a", *flags, *languages, path)
    audio = probe(path).audio
    assert audio is not None
    assert (audio.index, audio.language) == (1, "eng")


def test_should_refuse_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    path.touch()
    assert code_of(path) == "media.empty"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"Dear diary, this is no video.\n" * 50, id="text"),
        pytest.param(b"WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n", id="captions"),
        pytest.param(bytes(5000), id="zeros"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(100), id="picture"),
    ],
)
def test_should_refuse_what_is_not_a_video(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.mp4"
    path.write_bytes(content)
    assert code_of(path) == "media.not_a_video"


def test_should_never_open_what_a_playlist_points_to(tmp_path: Path) -> None:
    film(tmp_path / "private.mp4")
    path = tmp_path / "playlist.mp4"
    path.write_text(f"ffconcat version 1.0\nfile '{tmp_path / 'private.mp4'}'\n")
    assert code_of(path) == "media.playlist"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nprivate.mp4\n#EXT-X-ENDLIST\n")
    assert code_of(path) == "media.playlist"


def test_should_tell_a_file_that_was_cut_off(tmp_path: Path) -> None:
    whole = tmp_path / "whole.mp4"
    ffmpeg("-i", film(tmp_path / "first.mp4"), "-c", "copy", whole)  # its index comes last
    assert code_of(damaged(whole, lambda content: content[:-3000])) == "media.truncated"


def test_should_use_what_a_cut_off_file_with_its_index_first_still_holds(tmp_path: Path) -> None:
    info = probe(damaged(film(tmp_path / "clip.mp4"), lambda content: content[: len(content) // 2]))
    assert info.video is not None


def test_should_refuse_tracks_of_which_nothing_decodes(tmp_path: Path) -> None:
    def blank_pictures(content: bytes) -> bytes:
        start = content.index(b"mdat") + 4
        return content[:start] + bytes(len(content) - start)

    silent = film(tmp_path / "clip.mp4", sound=False)
    assert code_of(damaged(silent, blank_pictures)) == "media.truncated"


def test_should_refuse_a_container_of_captions_alone(tmp_path: Path) -> None:
    captions = tmp_path / "captions.srt"
    captions.write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    path = tmp_path / "captions.mp4"
    ffmpeg("-i", captions, "-c:s", "mov_text", path)
    assert code_of(path) == "media.no_streams"


def test_should_name_the_upload_as_its_uploader_does(tmp_path: Path) -> None:
    path = tmp_path / "source.mp4"
    path.touch()
    with pytest.raises(Permanent, match=r"Harbour talk\.mp4 is empty"):
        probe_upload(Upload(path=path, key="uploads/Harbour talk.mp4"))


def code_of(path: Path) -> str:
    with pytest.raises(Permanent) as caught:
        probe(path)
    return caught.value.code
