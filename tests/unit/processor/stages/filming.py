"""Tiny media made in the test: ffmpeg for what it can say, PCM for what must be exact."""

import wave
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runtime.core.media import SAMPLE_RATE, Audio
from scripts.sample_media.ffmpeg import ffmpeg

H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
TONE = ("-f", "lavfi", "-i", "sine=frequency=440:duration=2:sample_rate=48000")


def film(path: Path, *, seconds: float = 2.0, sound: bool = True) -> Path:
    """A moving test pattern of 320x180 at 25 frames a second, with a tone."""
    picture = ("-f", "lavfi", "-i", f"testsrc2=size=320x180:rate=25:duration={seconds}")
    tone = ("-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}:sample_rate=48000")
    inputs = (*picture, *tone) if sound else picture
    ffmpeg(*inputs, *H264, "-c:a", "aac", "-movflags", "+faststart", path)
    return path


def shots(path: Path, *shots_seconds: tuple[str, float], filters: str = "null") -> Path:
    """Still or moving shots, each an lavfi source (without its duration) and its length."""
    inputs: list[str] = []
    for source, seconds in shots_seconds:
        inputs += ["-f", "lavfi", "-i", f"{source}:size=320x180:rate=25:duration={seconds}"]
    joined = "".join(f"[{n}:v]" for n in range(len(shots_seconds)))
    graph = f"{joined}concat=n={len(shots_seconds)},{filters}[out]"
    ffmpeg(*inputs, "-filter_complex", graph, "-map", "[out]", "-fps_mode", "vfr", *H264, path)
    return path


def recording(path: Path, samples: NDArray[np.float32]) -> Audio:
    """A WAV file as the audio stage writes it; samples from -1 to 1."""
    with wave.open(str(path), "wb") as wav:
        wav.setparams((1, 2, SAMPLE_RATE, 0, "NONE", "not compressed"))
        wav.writeframes((samples * 32767).astype(np.int16).tobytes())
    return Audio(path=path, sample_rate=SAMPLE_RATE, duration_seconds=len(samples) / SAMPLE_RATE)


def samples_of(audio: Audio) -> NDArray[np.float64]:
    """What is in a WAV file, -1 to 1."""
    with wave.open(str(audio.path), "rb") as wav:
        pcm = np.frombuffer(wav.readframes(wav.getnframes()), np.int16)
    return pcm.astype(np.float64) / 32768


def loudness(audio: Audio, start_seconds: float, end_seconds: float) -> float:
    """RMS between two times."""
    part = samples_of(audio)[round(start_seconds * SAMPLE_RATE) : round(end_seconds * SAMPLE_RATE)]
    return float(np.sqrt(np.mean(part**2)))


@dataclass
class Gauge:
    """Records progress and fails a stage that goes back or leaves 0 to 1."""

    seen: list[float] = field(default_factory=lambda: [0.0])

    def __call__(self, fraction: float) -> None:
        assert self.seen[-1] <= fraction <= 1
        self.seen.append(fraction)


@dataclass
class ListedIncrements:
    """The units of a long stage in a list: those done before, and those it has added."""

    done: list[bytes] = field(default_factory=list)
    added: list[bytes] = field(default_factory=list)

    def add(self, unit: bytes) -> None:
        self.added.append(unit)


Edit = Callable[[bytes], bytes]
Picture = NDArray[np.uint8]


def damaged(path: Path, edit: Edit) -> Path:
    """A copy of a file with its bytes edited."""
    copy = path.with_name(f"damaged-{path.name}")
    copy.write_bytes(edit(path.read_bytes()))
    return copy
