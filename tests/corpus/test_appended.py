"""Files appended to each other are one recording: each part once, in order, at its time."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.core.media import Upload
from runtime.processor.decoder.decoder import Decoder
from runtime.processor.media.containers import open_media
from runtime.processor.media.decoding import frames_from
from runtime.processor.media.parts import parts_of
from scripts.sample_media.ffmpeg import ffmpeg
from tests.corpus.making import FAST, X264, tone
from tests.unit.processor.stages.filming import samples_of

pytestmark = pytest.mark.corpus

FIRST_SECONDS, SECOND_SECONDS = 3.0, 2.0
HERTZ = (440, 880)
SHOTS = ("testsrc2", "smptebars")
BLOCK = 800
AAC = (*X264, "-g", 10, "-c:a", "aac")
FRAGMENTS = ("-movflags", "frag_keyframe+empty_moov+default_base_moof", "-f", "mp4")
FORMS: dict[str, tuple[tuple[object, ...], ...]] = {
    "fragments": ((*AAC, *FRAGMENTS),),
    "fragments at an hour": ((*AAC, *FRAGMENTS, "-output_ts_offset", 3600), (*AAC, *FRAGMENTS)),
    "mp4": ((*AAC, *FAST, "-f", "mp4"),),
    "mp4 with the index last, other codecs": (
        (*AAC, "-f", "mp4"),
        ("-c:v", "mpeg4", "-c:a", "libmp3lame", "-s", "320x180", "-f", "mp4"),
    ),
    "flv": ((*AAC, "-f", "flv"),),
    "matroska": ((*AAC, "-f", "matroska"),),
    "broadcast": (("-c:v", "mpeg2video", "-c:a", "mp2", "-f", "mpegts"),),
    "broadcast of other tracks": (
        (*AAC, "-f", "mpegts"),
        ("-c:v", "mpeg2video", "-c:a", "mp2", "-f", "mpegts", "-mpegts_start_pid", 0x300),
    ),
    "broadcast of other tracks at the same places": (
        ("-c:v", "mpeg2video", "-c:a", "mp2", "-f", "mpegts", "-mpegts_m2ts_mode", 1),
        (*AAC, "-f", "mpegts", "-mpegts_m2ts_mode", 1),
    ),
    "matroska of other codecs": (
        (*AAC, "-f", "matroska"),
        ("-c:v", "mpeg4", "-c:a", "libopus", "-f", "matroska", "-live", 1),
    ),
    "avi of other codecs": (
        ("-c:v", "mpeg4", "-c:a", "libmp3lame", "-f", "avi"),
        ("-c:v", "mjpeg", "-c:a", "pcm_s16le", "-f", "avi"),
    ),
    "ogg of other codecs": (
        ("-vn", "-c:a", "libopus", "-f", "ogg"),
        ("-vn", "-c:a", "libvorbis", "-f", "ogg"),
    ),
    "aac of other rates": (
        ("-vn", "-c:a", "aac", "-ar", 44_100, "-f", "adts"),
        ("-vn", "-c:a", "aac", "-ar", 22_050, "-ac", 2, "-f", "adts"),
    ),
    "wav": (("-vn", "-c:a", "pcm_s16le", "-f", "wav"),),
    "wav of other rates": (
        ("-vn", "-c:a", "pcm_s16le", "-f", "wav"),
        ("-vn", "-c:a", "pcm_u8", "-ar", 11_025, "-ac", 2, "-f", "wav"),
    ),
    "flac": (("-vn", "-f", "flac"),),
    "rf64": (("-vn", "-rf64", "always", "-f", "wav"),),
    "wave64": (("-vn", "-f", "w64"),),
    "caf": (("-vn", "-c:a", "pcm_s16le", "-f", "caf"),),
    "wmv": (("-c:v", "wmv2", "-c:a", "wmav2", "-f", "asf"),),
}


def append(path: Path, *codings: tuple[object, ...]) -> None:
    """Write two recordings, one behind the other, each with its own tone and picture."""
    data = b""
    for number, seconds in enumerate((FIRST_SECONDS, SECOND_SECONDS)):
        shot = f"{SHOTS[number]}=size=160x90:rate=25:duration={seconds}"
        part = path.with_name(f"part-{number}")
        sources = ("-f", "lavfi", "-i", shot, *tone(seconds, hertz=HERTZ[number]))
        ffmpeg(*sources, *codings[number % len(codings)], part)
        data += part.read_bytes()
    path.write_bytes(data)


@pytest.mark.parametrize("name", FORMS)
def test_should_hear_and_see_each_part_at_its_time(name: str, tmp_path: Path) -> None:
    path = tmp_path / "upload.mp4"
    append(path, *FORMS[name])
    decoder = Decoder()
    probed = decoder.probe(Upload(path=path, key=path.name))
    info = probed.value
    heard = decoder.extract_audio(path, info, tmp_path / "heard.wav", lambda _: None)
    together = FIRST_SECONDS + SECOND_SECONDS
    assert "media.appended" not in {w.code for w in (*probed.warnings, *heard.warnings)}
    assert heard.value.end_seconds == pytest.approx(together, abs=0.2)
    changes = changes_of_tone(samples_of(heard.value))
    assert [changes[0], changes[-1]] == pytest.approx([FIRST_SECONDS] * 2, abs=0.25)
    if info.video is not None:
        scenes = decoder.detect_scenes(path, info, lambda _: None).value
        starts = [scene.start_seconds for scene in scenes]
        assert starts == pytest.approx([0.0, FIRST_SECONDS], abs=0.15)
        assert scenes[-1].end_seconds == pytest.approx(together, abs=0.2)


def test_should_find_frames_of_a_later_part_by_their_time(tmp_path: Path) -> None:
    path = tmp_path / "upload.mp4"
    append(path, *FORMS["mp4"])
    with open_media(path) as container:
        frames = list(frames_from(container, 0, FIRST_SECONDS + 1.0))
    assert FIRST_SECONDS < frames[0].time <= FIRST_SECONDS + 1.0
    assert frames[-1].time == pytest.approx(FIRST_SECONDS + SECOND_SECONDS - 0.04, abs=0.01)


@pytest.mark.parametrize(
    ("codings", "cut_off"),
    [(((*X264, "-an", "-f", "mp4"), (*AAC, "-f", "mp4")), 0), (((*AAC, "-f", "mp4"),), 2000)],
    ids=["sound behind a silent film", "a second part without its index"],
)
def test_should_warn_of_a_part_that_is_not_read_whole(
    codings: tuple[tuple[object, ...], ...], cut_off: int, tmp_path: Path
) -> None:
    path = tmp_path / "upload.mp4"
    append(path, *codings)
    path.write_bytes(path.read_bytes()[: path.stat().st_size - cut_off])
    probed = Decoder().probe(Upload(path=path, key=path.name))
    assert "media.appended" in {warning.code for warning in probed.warnings}


def test_should_take_a_saved_stream_that_repeats_its_index_for_one(tmp_path: Path) -> None:
    path = tmp_path / "upload.mp4"
    append(path, (*AAC, *FRAGMENTS))
    whole = path.with_name("part-0").read_bytes()
    index = whole[: whole.index(b"moof") - 4]
    repeated, at = b"", whole.find(b"moof")
    while at >= 0:
        following = whole.find(b"moof", at + 4)
        end = following - 4 if following > 0 else whole.find(b"mfra") - 4
        repeated += index + whole[at - 4 : end]
        at = following
    path.write_bytes(repeated)
    assert len(parts_of(path)) == 1
    info = Decoder().probe(Upload(path=path, key=path.name)).value
    assert info.duration_seconds == pytest.approx(FIRST_SECONDS, abs=0.1)


def changes_of_tone(samples: NDArray[np.float64]) -> list[float]:
    """Return when another of the two tones begins to sound, but for the first twentieth second.

    Silence between them, as WMV has, makes more changes.
    """
    blocks = samples[: len(samples) // BLOCK * BLOCK].reshape(-1, BLOCK).astype(float)
    crossings = (np.diff(np.sign(blocks), axis=1) != 0).sum(axis=1)
    is_high = crossings > 2 * BLOCK / 16_000 * sum(HERTZ) / 2
    changed = 1 + np.flatnonzero(is_high[2:] != is_high[1:-1])
    return [float(n + 1) * BLOCK / 16_000 for n in changed]
