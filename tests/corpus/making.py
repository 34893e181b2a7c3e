"""Media for the corpus: a few clips by ffmpeg, and surgery on their bytes."""

import functools
import random
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path

from scripts.sample_media.ffmpeg import ffmpeg

X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
FAST = ("-movflags", "+faststart")
Make = Callable[[Path], None]
"""Writes the case's file to a path."""


def picture(seconds: float = 2.0, *, size: str = "160x90", rate: int = 25) -> tuple[object, ...]:
    return ("-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}")


def tone(seconds: float = 2.0, *, rate: int = 48_000, hertz: int = 440) -> tuple[object, ...]:
    return ("-f", "lavfi", "-i", f"sine=frequency={hertz}:duration={seconds}:sample_rate={rate}")


def made(*arguments: object, form: str = "mp4") -> Make:
    """ffmpeg with these arguments; the container is `form`, whatever the path is called."""
    return lambda path: void(ffmpeg(*arguments, "-f", form, path))


def void(_: object) -> None:
    return None


@functools.cache
def clip(kind: str = "film") -> bytes:
    """The bytes of a healthy file: `film` (index first), `long` (8 s), `tail` (index last), ..."""
    arguments: dict[str, tuple[object, ...]] = {
        "film": (*picture(), *tone(), *X264, "-c:a", "aac", *FAST),
        "tail": (*picture(), *tone(), *X264, "-c:a", "aac"),
        "long": (*picture(8.0), *tone(8.0), *X264, "-c:a", "aac", *FAST),
        "mute": (*picture(), *X264, *FAST),
        "sound": (*tone(), "-c:a", "aac", *FAST),
        "fragments": (
            *picture(),
            *tone(),
            *(*X264, "-g", 10, "-c:a", "aac"),
            *("-movflags", "frag_keyframe+empty_moov+default_base_moof"),
        ),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        ffmpeg(*arguments[kind], path)
        return path.read_bytes()


def content(data: bytes | Callable[[], bytes]) -> Make:
    return lambda path: void(path.write_bytes(data if isinstance(data, bytes) else data()))


def edited(kind: str, edit: Callable[[bytes], bytes]) -> Make:
    return lambda path: void(path.write_bytes(edit(clip(kind))))


def replaced(kind: str, old: bytes, new: bytes) -> Make:
    """Every occurrence of some bytes, which must be there, replaced by as many others."""
    assert len(old) == len(new)

    def edit(data: bytes) -> bytes:
        assert old in data
        return data.replace(old, new)

    return edited(kind, edit)


def noise(count: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(count)  # noqa: S311 - a seed makes the same noise again


def in_samples(first: float, last: float, fill: Callable[[int], bytes]) -> Callable[[bytes], bytes]:
    """Overwrite a part of the sample data, from one share of it to another."""

    def edit(data: bytes) -> bytes:
        start = data.index(b"mdat") + 4
        size = len(data) - start
        a, b = start + int(size * first), start + int(size * last)
        return data[:a] + fill(b - a) + data[b:]

    return edit


def box(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


def nested(depth: int) -> bytes:
    """Boxes in boxes in boxes."""
    body = b""
    for _ in range(depth):
        body = box(b"moov", body)
    return box(b"ftyp", b"isom\0\0\0\0isom") + body


def with_duration(kind: str, factor: float) -> Make:
    """The film's index saying another length: in the movie, its tracks and their media."""

    def edit(data: bytes) -> bytes:
        edited_data = bytearray(data)
        for name, at in ((b"mvhd", 20), (b"tkhd", 24), (b"mdhd", 20)):
            found = data.find(name)
            while found >= 0:
                (value,) = struct.unpack_from(">I", data, found + at)
                struct.pack_into(">I", edited_data, found + at, min(int(value * factor), 2**32 - 2))
                found = data.find(name, found + 1)
        return bytes(edited_data)

    return edited(kind, edit)


def with_large_sizes(data: bytes) -> bytes:
    """The sample data's box with its size in 64 bits, in the place of the box before it."""
    at = data.index(b"mdat") - 4
    assert data[at - 8 : at] == box(b"free")
    (size,) = struct.unpack_from(">I", data, at)
    return data[: at - 8] + struct.pack(">I4sQ", 1, b"mdat", size + 8) + data[at + 8 :]


def with_count(table: bytes, count: int) -> Make:
    """A table of the index that claims to have many more entries than there are."""

    def edit(data: bytes) -> bytes:
        at = data.index(table) + 8
        return data[:at] + struct.pack(">I", count) + data[at + 4 :]

    return edited("film", edit)


def with_clocks(data: bytes, seconds: Callable[[int], float]) -> bytes:
    """Fragmented MP4 whose fragment number n has its clock moved by `seconds(n)`."""
    result, scales, at = bytearray(data), _time_scales(data), data.find(b"moof")
    number = 0
    while at >= 0:
        (size,) = struct.unpack_from(">I", data, at - 4)
        track = data.find(b"traf", at, at + size)
        while track >= 0:
            (name,) = struct.unpack_from(">I", data, data.index(b"tfhd", track) + 8)
            time = data.index(b"tfdt", track) + 4
            form = ">Q" if data[time] else ">I"
            (ticks,) = struct.unpack_from(form, data, time + 4)
            struct.pack_into(form, result, time + 4, ticks + round(seconds(number) * scales[name]))
            track = data.find(b"traf", track + 4, at + size)
        number, at = number + 1, data.find(b"moof", at + 4)
    return bytes(result)


def _time_scales(data: bytes) -> dict[int, int]:
    """The ticks a second of each track."""
    found, at = {}, data.find(b"trak")
    while at >= 0:
        track, media = data.index(b"tkhd", at) + 4, data.index(b"mdhd", at) + 4
        (name,) = struct.unpack_from(">I", data, track + (20 if data[track] else 12))
        (found[name],) = struct.unpack_from(">I", data, media + (20 if data[media] else 12))
        at = data.find(b"trak", at + 4)
    return found


def joined(*parts: tuple[object, ...]) -> Make:
    """Transport streams one after another, as a broadcast changes its form."""

    def make(path: Path) -> None:
        data = b""
        for number, arguments in enumerate(parts):
            part = path.with_name(f"part-{number}.ts")
            ffmpeg(*arguments, "-f", "mpegts", part)
            data += part.read_bytes()
        path.write_bytes(data)

    return make


def remuxed(*arguments: object, source: str = "film", before: tuple[object, ...] = ()) -> Make:
    """A healthy file through ffmpeg without coding it again."""

    def make(path: Path) -> None:
        whole = path.with_name("whole.mp4")
        whole.write_bytes(clip(source))
        ffmpeg(*before, "-i", whole, "-c", "copy", *arguments, "-f", "mp4", path)

    return make


def film(*coding: object, form: str = "mp4") -> Make:
    """Picture and sound of 2 s in some coding."""
    return made(*picture(), *tone(), *coding, form=form)


def twice(*coding: object, form: str) -> Make:
    """A recording and the same one appended; without a picture if no coding is for one."""
    sources = (*picture(), *tone()) if "-c:v" in coding else tone()

    def make(path: Path) -> None:
        ffmpeg(*sources, *coding, "-f", form, path)
        path.write_bytes(path.read_bytes() * 2)

    return make


def playlist(path: Path) -> None:
    path.with_name("private.mp4").write_bytes(clip())
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nprivate.mp4\n#EXT-X-ENDLIST\n")


def concatenation(path: Path) -> None:
    path.with_name("private.mp4").write_bytes(clip())
    path.write_text(f"ffconcat version 1.0\nfile '{path.with_name('private.mp4')}'\n")


def two_languages(path: Path) -> None:
    flags = ("-disposition:a:0", "default", "-disposition:a:1", "0")
    names = ("-metadata:s:a:0", "language=deu", "-metadata:s:a:1", "language=eng")
    tracks = ("-map", "0:v", "-map", "1:a", "-map", "2:a")
    ffmpeg(*picture(), *tone(1.0), *tone(2.0), *tracks, *X264, *flags, *names, path)


def captions(path: Path) -> None:
    text = path.with_name("captions.srt")
    text.write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    ffmpeg("-i", text, "-c:s", "mov_text", "-f", "mp4", path)


def captioned(path: Path) -> None:
    text = path.with_name("captions.srt")
    text.write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    ffmpeg(*picture(), *tone(), "-i", text, *X264, "-c:s", "mov_text", "-f", "mp4", path)
