"""Variants of clocks: that begin late, start again or jump, and appended files."""

import functools
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.recordings import sounds as s
from benchmarks.recordings.kinds import Variant, cut_at, lasts, lost_nothing, says
from scripts.sample_media.ffmpeg import ffmpeg
from tests.corpus.making import with_clocks

FIRST, SECOND = 0, 1
PICTURES = ("testsrc2", "smptebars")
_SECONDS = {FIRST: 14.0, SECOND: 8.0}
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "20")


def part(path: Path, number: int, *coding: object, before: tuple[object, ...] = ()) -> None:
    """Write a turn of the talk with a picture of its own."""
    seconds = _SECONDS[number]
    wav = s.write_wav(path.with_name(f"turn-{number}.wav"), s.padded(s.turn(number), seconds))
    picture = f"{PICTURES[number]}=size=320x180:rate=10:duration={seconds}"
    ffmpeg(
        "-f",
        "lavfi",
        "-i",
        picture,
        *before,
        "-i",
        wav,
        "-map",
        "0:v",
        "-map",
        "1:a",
        *coding,
        path,
    )


def alone(number: int, *coding: object) -> Callable[[Path], None]:
    """Return a maker of one turn."""
    return lambda path: part(path, number, *coding)


def appended(*codings: tuple[object, ...]) -> Callable[[Path], None]:
    """Return a maker of one file of two, one behind the other."""

    def make(path: Path) -> None:
        data = b""
        for number, coding in enumerate(codings):
            single = path.with_name(f"part-{number}")
            part(single, number, *coding)
            data += single.read_bytes()
        path.write_bytes(data)

    return make


FRAGMENTS = ("-movflags", "frag_keyframe+empty_moov+default_base_moof", "-f", "mp4")


def fragmented(
    seconds: Callable[[int], float], *, keep: Callable[[int], bool] = lambda _: True
) -> Callable[[Path], None]:
    """Return a maker of fragments whose clocks are moved; `keep` drops some."""

    def make(path: Path) -> None:
        part(path, FIRST, *H264, "-c:a", "aac", *FRAGMENTS)
        data = with_clocks(path.read_bytes(), seconds)
        starts, at = [], 0
        while (at := data.find(b"moof", at)) >= 0:
            starts.append(at - 4)
            at += 4
        tail = data.find(b"mfra") - 4
        starts.append(tail if tail > 0 else len(data))
        kept = [data[a:b] for n, (a, b) in enumerate(pairwise(starts)) if keep(n)]
        path.write_bytes(data[: starts[0]] + b"".join(kept))

    return make


def _later(seconds: float, _: int) -> float:
    return seconds


Coding = tuple[object, ...]


def clocks() -> Iterator[Variant]:
    """Yield all."""
    new = functools.partial(Variant, kind="clocks", language="en")
    coding: Coding
    more: Coding
    first, second = (s.padded(s.turn(n), _SECONDS[n]) for n in (FIRST, SECOND))
    both = np.concatenate([first, second])
    one = (says(s.turn_text(FIRST), end=14), lasts(14.0), cut_at(0.0), lost_nothing)
    two = (
        says(s.turn_text(FIRST), end=13.9),
        says(s.turn_text(SECOND), start=14.3, end=21.5),
        lasts(22.0),
        lost_nothing,
    )
    with_cut = (*two, cut_at(0.0, 14.0))
    for content, offset in (("begins at an hour", 3600), ("clock of the day", 1_790_000_000)):
        yield new(
            content=content,
            form="fragmented MP4, H.264, AAC",
            make=fragmented(functools.partial(_later, offset)),
            checks=one,
            source=first,
        )
    yield new(
        content="begins at 0.9 s",
        form="fragmented MP4, H.264, AAC",
        make=fragmented(lambda _: 0.9),
        checks=(says(s.turn_text(FIRST), start=0.9, end=15), lasts(14.9, 1.0), lost_nothing),
    )
    yield new(
        content="jumps ahead an hour within",
        form="fragmented MP4, H.264, AAC",
        make=fragmented(lambda n: 3600 * (n > 2)),
        checks=one,
        source=first,
    )
    yield new(
        content="fragments missing, clock of the day",
        form="fragmented MP4, H.264, AAC",
        make=fragmented(lambda _: 1_790_000_000, keep=lambda n: n > 0),
        checks=(lasts(12.0, 1.0), lost_nothing),
    )
    ts = ("-f", "mpegts")
    mpeg2, h264 = ("-c:v", "mpeg2video", "-c:a", "mp2"), (*H264, "-c:a", "aac")
    for content, form, coding, more in (
        ("starts again", "MPEG-TS, MPEG-2, MP2", (*mpeg2, *ts), ()),
        ("starts again", "MPEG-TS, H.264, AAC", (*h264, *ts), ()),
        ("jumps ahead 3 h", "MPEG-TS, H.264, AAC", (*h264, *ts), ("-output_ts_offset", 10_800)),
        (
            "starts again",
            "M2TS, H.264, AC-3",
            (*H264, "-c:a", "ac3", *ts, "-mpegts_m2ts_mode", 1),
            (),
        ),
        ("starts again", "MPEG-PS, MPEG-2, MP2", (*mpeg2, "-f", "vob"), ()),
        (
            "jumps ahead 3 h",
            "MPEG-PS, MPEG-2, MP2",
            (*mpeg2, "-f", "vob"),
            ("-output_ts_offset", 10_800),
        ),
    ):
        yield new(
            content=content,
            form=form,
            make=appended(coding, (*coding, *more)),
            checks=with_cut,
            source=both,
        )
    yield new(
        content="33 bits overflow",
        form="MPEG-TS, H.264, AAC",
        make=alone(FIRST, *h264, *ts, "-output_ts_offset", 95_443 - 6, "-muxdelay", 0),
        checks=one,
        source=first,
    )
    yield new(
        content="sound 1.5 s later than the picture, clock at an hour",
        form="MPEG-TS, H.264, AAC",
        make=lambda path: part(
            path, FIRST, *h264, *ts, "-output_ts_offset", 3600, before=("-itsoffset", 1.5)
        ),
        checks=(says(s.turn_text(FIRST), start=1.5, end=15.5), lasts(15.5), lost_nothing),
    )
    for content, form, coding in (
        ("appended", "MP3", ("-vn", "-c:a", "libmp3lame", "-f", "mp3")),
        ("appended", "AAC (ADTS)", ("-vn", "-c:a", "aac", "-f", "adts")),
        ("appended", "OGG, Opus", ("-vn", "-c:a", "libopus", "-f", "ogg")),
        ("appended", "OGG, Vorbis", ("-vn", "-c:a", "libvorbis", "-f", "ogg")),
        ("appended", "AC-3", ("-vn", "-c:a", "ac3", "-f", "ac3")),
        (
            "appended",
            "AMR",
            ("-vn", "-ar", 8000, "-ac", 1, "-c:a", "libopencore_amrnb", "-f", "amr"),
        ),
        ("appended", "WAV, PCM", ("-vn", "-c:a", "pcm_s16le", "-f", "wav")),
        ("appended", "AIFF", ("-vn", "-f", "aiff")),
        ("appended", "FLAC", ("-vn", "-f", "flac")),
        ("appended", "CAF, PCM", ("-vn", "-c:a", "pcm_s16le", "-f", "caf")),
        ("appended", "WMA", ("-vn", "-c:a", "wmav2", "-f", "asf")),
        ("appended", "Wave64", ("-vn", "-f", "w64")),
    ):
        yield new(
            content=content, form=form, make=appended(coding, coding), checks=two, source=both
        )
    webm = ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus", "-f", "webm")
    flv = (*h264, "-f", "flv")
    for content, form, coding in (
        ("appended", "WebM, VP8, Opus", webm),
        ("appended", "MKV, H.264, AAC", (*h264, "-f", "matroska")),
        ("appended", "fragmented MP4, H.264, AAC", (*h264, *FRAGMENTS)),
        ("appended", "MP4, H.264, AAC", (*h264, "-movflags", "+faststart", "-f", "mp4")),
        ("appended", "MOV, H.264, AAC", (*h264, "-f", "mov")),
        ("appended", "FLV, H.264, AAC", flv),
        ("appended", "AVI, MPEG-4, MP3", ("-c:v", "mpeg4", "-c:a", "libmp3lame", "-f", "avi")),
    ):
        yield new(
            content=content, form=form, make=appended(coding, coding), checks=with_cut, source=both
        )
    yield new(
        content="starts at an hour",
        form="WebM, VP8, Opus",
        make=alone(FIRST, *webm, "-output_ts_offset", 3600),
        checks=one,
        source=first,
    )
    yield new(
        content="starts at an hour",
        form="FLV, H.264, AAC",
        make=alone(FIRST, *flv, "-output_ts_offset", 3600),
        checks=one,
        source=first,
    )
