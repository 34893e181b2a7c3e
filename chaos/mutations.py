"""Small healthy videos of several containers, and seeded damage to their bytes."""

import random
from collections.abc import Callable
from pathlib import Path

from scripts.sample_media.ffmpeg import ffmpeg

_PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=64x48:rate=10:duration=1")
_TONE = ("-f", "lavfi", "-i", "sine=frequency=440:duration=1:sample_rate=16000")
_X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
_MASTERING = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
_TAGS = tuple(
    part
    for tag in ("title=A title", "comment=Any words", "REPLAYGAIN_TRACK_GAIN=-3 dB", "language=deu")
    for part in ("-metadata", tag)
)
_FORMS: dict[str, tuple[object, ...]] = {
    "index-first.mp4": (*_X264, "-c:a", "aac", "-movflags", "+faststart"),
    "index-last.mp4": (*_X264, "-c:a", "aac"),
    "fragments.mp4": (*_X264, "-g", 5, "-c:a", "aac", "-movflags", "frag_keyframe+empty_moov"),
    "pcm.mov": ("-c:v", "mjpeg", "-c:a", "pcm_s16le"),
    "hevc.mp4": ("-c:v", "libx265", "-preset", "ultrafast", "-c:a", "alac"),
    "vp9.mp4": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-c:a", "libopus"),
    "matroska.mkv": (*_X264, "-c:a", "libvorbis"),
    "broadcast.ts": ("-c:v", "mpeg2video", "-c:a", "mp2"),
    "old.avi": ("-c:v", "mpeg4", "-c:a", "libmp3lame"),
    # Channels by layout, by labels and without names
    "surround.mov": ("-c:v", "mjpeg", "-c:a", "pcm_s16le", "-af", "pan=5.1|c0=c0|c2=c0"),
    "crossed.mov": ("-c:v", "mjpeg", "-c:a", "pcm_s16le", "-af", "pan=FR+FL|c0=c0|c1=c0"),
    "unnamed.wav": ("-vn", "-c:a", "pcm_s24le", "-af", "pan=7c|c3=c0"),
    "surround.mka": ("-vn", "-c:a", "libopus", "-mapping_family", 255, "-ac", 4),
    # Side data: mastering display and light level, display matrix
    "hdr.mp4": (
        *("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le"),
        *("-x265-params", f"log-level=none:hdr10=1:max-cll=1000,400:master-display={_MASTERING}"),
        *("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc"),
    ),
    # Metadata: names, chapters, replay gain, a cover's place
    "tagged.m4a": ("-vn", "-c:a", "aac", *_TAGS, "-f", "ipod"),
    "tagged.mp3": ("-vn", "-c:a", "libmp3lame", *_TAGS, "-id3v2_version", 3),
    "tagged.flac": ("-vn", "-c:a", "flac", *_TAGS),
    # Formats of cameras and sound editors
    "sound.caf": ("-vn", "-c:a", "pcm_s16le"),
    "camera.mxf": ("-c:v", "mpeg2video", "-r", 25, "-c:a", "pcm_s16le", "-ar", 48_000),
    "tape.dv": ("-s", "720x576", "-r", 25, "-pix_fmt", "yuv420p", "-ac", 2, "-ar", 48_000),
}
_APPENDED = ("index-last.mp4", "fragments.mp4", "matroska.mkv", "broadcast.ts", "sound.caf")
_INDEX = (b"moov", b"moof", b"\x1a\x45\xdf\xa3", b"hdrl")
_DETAILS = (
    *(b"chan", b"colr", b"mdcv", b"clli", b"tkhd", b"elst", b"stsd", b"wave", b"esds", b"dOps"),
    *(b"udta", b"meta", b"keys", b"ilst", b"ID3", b"TXXX", b"fmt ", b"OpusHead", b"vorbis"),
)
"""Where channel layouts, side data and metadata are."""

_EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def healthy_videos(folder: Path) -> dict[str, bytes]:
    """Make the videos, a second each, and return their bytes by name."""
    found = {}
    for name, coding in _FORMS.items():
        path = folder / name
        ffmpeg(*_PICTURE, *_TONE, *coding, path)
        found[name] = path.read_bytes()
    for name in _APPENDED:
        found[f"appended-{name}"] = 2 * found[name]
    return found


def mutated(data: bytes, draw: random.Random) -> bytes:
    """Return the bytes damaged one to eight times; most blows fall on the index and details."""
    damaged = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 4, 8))):
        at = _position(damaged, draw)
        draw.choice(_BLOWS)(damaged, at, draw)
    return bytes(damaged)


def _position(data: bytearray, draw: random.Random) -> int:
    starts = [at for at in map(data.find, _INDEX) if at >= 0]
    if starts and draw.random() < 0.5:  # noqa: PLR2004
        return min(len(data), draw.choice(starts) + draw.randrange(1500))
    details = [at for at in map(data.find, _DETAILS) if at >= 0]
    if details and draw.random() < 0.5:  # noqa: PLR2004
        return min(len(data), draw.choice(details) + draw.randrange(4, 100))
    return draw.randrange(len(data) + 1)


def _flip(data: bytearray, at: int, draw: random.Random) -> None:
    if at < len(data):
        data[at] ^= 1 << draw.randrange(8)


def _overwrite(data: bytearray, at: int, draw: random.Random) -> None:
    size = min(draw.choice((1, 4, 64, 1000)), len(data) - at)
    data[at : at + size] = draw.randbytes(size)


def _extreme(data: bytearray, at: int, draw: random.Random) -> None:
    size = min(4, len(data) - at)
    data[at : at + size] = draw.choice(_EXTREMES).to_bytes(4, "big")[:size]


def _cut_out(data: bytearray, at: int, draw: random.Random) -> None:
    del data[at : at + draw.choice((1, 4, 64, 1000))]


def _insert(data: bytearray, at: int, draw: random.Random) -> None:
    data[at:at] = draw.randbytes(draw.choice((1, 4, 64)))


def _repeat(data: bytearray, at: int, draw: random.Random) -> None:
    data[at:at] = data[at : at + draw.choice((4, 64, 1000))]


def _cut_off(data: bytearray, at: int, _: random.Random) -> None:
    del data[at:]


_BLOWS: tuple[Callable[[bytearray, int, random.Random], None], ...] = (
    _flip,
    _overwrite,
    _extreme,
    _cut_out,
    _insert,
    _repeat,
    _cut_off,
)
