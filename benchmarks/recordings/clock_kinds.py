"""Variants of clocks: that begin late, start again or jump, and appended files."""

import functools
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.recordings import sounds as s
from benchmarks.recordings.kinds import Make, Variant, cut_at, lasts, lost_nothing, says
from scripts.sample_media.ffmpeg import ffmpeg
from tests.corpus.making import with_clocks

FIRST, SECOND = 0, 1
PICTURES = ("testsrc2", "smptebars")
_SECONDS = {FIRST: 14.0, SECOND: 8.0}
H264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 20"
_H264_AAC = f"{H264} -c:a aac"
_MPEG2_MP2 = "-c:v mpeg2video -c:a mp2"
_VP8_OPUS = "-c:v libvpx -deadline realtime -c:a libopus -f webm"
FRAGMENTS = "-movflags frag_keyframe+empty_moov+default_base_moof -f mp4"
_FRAGMENTED = "fragmented MP4, H.264, AAC"
_AN_HOUR = "-output_ts_offset 3600"
_DAY_CLOCK = 1_790_000_000


def part(path: Path, number: int, coding: str, *, before: str = "") -> None:
    """Write a turn of the talk with a picture of its own."""
    seconds = _SECONDS[number]
    wav = s.write_wav(path.with_name(f"turn-{number}.wav"), s.padded(s.turn(number), seconds))
    picture = f"-f lavfi -i {PICTURES[number]}=size=320x180:rate=10:duration={seconds} {before}"
    ffmpeg(*picture.split(), "-i", wav, *f"-map 0:v -map 1:a {coding}".split(), path)


def alone(coding: str, *, before: str = "") -> Make:
    """Return a maker of the first turn."""
    return lambda path: part(path, FIRST, coding, before=before)


def appended(*codings: str) -> Make:
    """Return a maker of one file of two, one behind the other."""

    def make(path: Path) -> None:
        data = b""
        for number, coding in enumerate(codings):
            single = path.with_name(f"part-{number}")
            part(single, number, coding)
            data += single.read_bytes()
        path.write_bytes(data)

    return make


def fragmented(
    seconds: Callable[[int], float], *, keep: Callable[[int], bool] = lambda _: True
) -> Make:
    """Return a maker of fragments whose clocks are moved; `keep` drops some."""

    def make(path: Path) -> None:
        part(path, FIRST, f"{_H264_AAC} {FRAGMENTS}")
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


def clocks() -> Iterator[Variant]:
    """Yield all."""
    new = functools.partial(Variant, "clocks")
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
    late = (says(s.turn_text(FIRST), start=0.9, end=15), lasts(14.9, 1.0), lost_nothing)
    later = (says(s.turn_text(FIRST), start=1.5, end=15.5), lasts(15.5), lost_nothing)
    fewer = (lasts(12.0, 1.0), lost_nothing)
    day = fragmented(lambda _: _DAY_CLOCK)
    jump = fragmented(lambda n: 3600 * (n > 2))
    missing = fragmented(lambda _: _DAY_CLOCK, keep=lambda n: n > 0)
    yield new("begins at an hour", _FRAGMENTED, fragmented(lambda _: 3600), one, source=first)
    yield new("clock of the day", _FRAGMENTED, day, one, source=first)
    yield new("begins at 0.9 s", _FRAGMENTED, fragmented(lambda _: 0.9), late)
    yield new("jumps ahead an hour within", _FRAGMENTED, jump, one, source=first)
    yield new("fragments missing, clock of the day", _FRAGMENTED, missing, fewer)
    ts, vob, three_hours = "-f mpegts", "-f vob", "-output_ts_offset 10800"
    for content, form, coding, more in (
        ("starts again", "MPEG-TS, MPEG-2, MP2", f"{_MPEG2_MP2} {ts}", ""),
        ("starts again", "MPEG-TS, H.264, AAC", f"{_H264_AAC} {ts}", ""),
        ("jumps ahead 3 h", "MPEG-TS, H.264, AAC", f"{_H264_AAC} {ts}", three_hours),
        ("starts again", "M2TS, H.264, AC-3", f"{H264} -c:a ac3 {ts} -mpegts_m2ts_mode 1", ""),
        ("starts again", "MPEG-PS, MPEG-2, MP2", f"{_MPEG2_MP2} {vob}", ""),
        ("jumps ahead 3 h", "MPEG-PS, MPEG-2, MP2", f"{_MPEG2_MP2} {vob}", three_hours),
    ):
        make = appended(coding, f"{coding} {more}")
        yield new(content, form, make, with_cut, source=both)
    overflow = f"{_H264_AAC} {ts} -output_ts_offset {95_443 - 6} -muxdelay 0"
    yield new("33 bits overflow", "MPEG-TS, H.264, AAC", alone(overflow), one, source=first)
    yield new(
        "sound 1.5 s later than the picture, clock at an hour",
        "MPEG-TS, H.264, AAC",
        alone(f"{_H264_AAC} {ts} {_AN_HOUR}", before="-itsoffset 1.5"),
        later,
    )
    for form, coding in (
        ("MP3", "-vn -c:a libmp3lame -f mp3"),
        ("AAC (ADTS)", "-vn -c:a aac -f adts"),
        ("OGG, Opus", "-vn -c:a libopus -f ogg"),
        ("OGG, Vorbis", "-vn -c:a libvorbis -f ogg"),
        ("AC-3", "-vn -c:a ac3 -f ac3"),
        ("AMR", "-vn -ar 8000 -ac 1 -c:a libopencore_amrnb -f amr"),
        ("WAV, PCM", "-vn -c:a pcm_s16le -f wav"),
        ("AIFF", "-vn -f aiff"),
        ("FLAC", "-vn -f flac"),
        ("CAF, PCM", "-vn -c:a pcm_s16le -f caf"),
        ("WMA", "-vn -c:a wmav2 -f asf"),
        ("Wave64", "-vn -f w64"),
        ("WebM, VP8, Opus", _VP8_OPUS),
        ("MKV, H.264, AAC", f"{_H264_AAC} -f matroska"),
        (_FRAGMENTED, f"{_H264_AAC} {FRAGMENTS}"),
        ("MP4, H.264, AAC", f"{_H264_AAC} -movflags +faststart -f mp4"),
        ("MOV, H.264, AAC", f"{_H264_AAC} -f mov"),
        ("FLV, H.264, AAC", f"{_H264_AAC} -f flv"),
        ("AVI, MPEG-4, MP3", "-c:v mpeg4 -c:a libmp3lame -f avi"),
    ):
        checks = two if coding.startswith("-vn") else with_cut
        yield new("appended", form, appended(coding, coding), checks, source=both)
    for form, coding in (
        ("WebM, VP8, Opus", _VP8_OPUS),
        ("FLV, H.264, AAC", f"{_H264_AAC} -f flv"),
    ):
        yield new("starts at an hour", form, alone(f"{coding} {_AN_HOUR}"), one, source=first)
