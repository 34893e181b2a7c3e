"""Finds the video that phones append to a photo (motion photos, live pictures)."""

import mmap
from pathlib import Path

_JPEG = b"\xff\xd8\xff"
_VIDEO_BRANDS = (b"isom", b"mp42", b"mp41", b"avc1", b"qt  ", b"iso2", b"iso4", b"iso5", b"iso6")
_MIN_SIZE = 1024
_COPY_BYTES = 1 << 20


def extract_motion_video(path: Path) -> bool:
    """Replace a motion photo by its video; return whether the file was one."""
    if path.stat().st_size < _MIN_SIZE:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        start = _video_start(content)
        if start is None:
            return False
        video = path.with_name(f"{path.name}.video")
        with video.open("wb") as out:
            for at in range(start, len(content), _COPY_BYTES):
                out.write(content[at : at + _COPY_BYTES])
    video.replace(path)
    return True


def _video_start(content: mmap.mmap) -> int | None:
    is_heif = content[4:8] == b"ftyp" and content[8:12] in {b"heic", b"heix", b"mif1", b"msf1"}
    if content[:3] != _JPEG and not is_heif:
        return None
    found = content.find(b"ftyp", 12)
    while found >= 0:
        if content[found + 4 : found + 8] in _VIDEO_BRANDS:
            return found - 4
        found = content.find(b"ftyp", found + 4)
    return None
