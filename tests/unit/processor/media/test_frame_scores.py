"""Frames are scored once, also when a processor was killed in between, with the same result."""

import tempfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from runtime.core.media import Scene
from runtime.processor.decoder.decoder import Decoder
from runtime.processor.media.frame_scores import UNIT_FRAMES
from runtime.processor.stages.probe import probe
from runtime.processor.stages.scenes import detect_scenes
from runtime.processor.stages.transitions import detect_transitions
from scripts.sample_media.ffmpeg import ffmpeg
from tests.unit.processor.conftest import THREADS
from tests.unit.processor.stages.filming import Gauge, ListedIncrements, damaged

pytestmark = pytest.mark.media

FRAMES = 430
SHOTS = (("testsrc2", 4.2), ("smptebars", 3.1), ("mandelbrot", 4.4), ("testsrc", 5.5))
B_FRAMES = ("-c:v", "libx264", "-preset", "veryfast", "-bf", 3, "-g", 60, "-pix_fmt", "yuv420p")


def cut_film(path: Path, *options: object, filters: str = "null") -> Path:
    """Four shots, 17.2 s, 430 frames."""
    inputs: list[str] = []
    for source, seconds in SHOTS:
        inputs += ["-f", "lavfi", "-i", f"{source}=size=160x90:rate=25,trim=duration={seconds}"]
    joined = "".join(f"[{number}:v]" for number in range(len(SHOTS)))
    graph = f"{joined}concat=n={len(SHOTS)},{filters}[out]"
    options = options or B_FRAMES
    ffmpeg(*inputs, "-filter_complex", graph, "-map", "[out]", "-fps_mode", "vfr", *options, path)
    return path


def half(path: Path) -> Path:
    """Two of the shots; with 210 frames, two units and a rest."""
    return cut_film(path, filters="trim=end_frame=210")


def varying(path: Path) -> Path:
    return cut_film(path, filters="setpts='PTS+mod(N,2)*0.013/TB'")


def turned(path: Path) -> Path:
    upright = cut_film(path.with_name("upright.mp4"))
    ffmpeg("-display_rotation", -90, "-i", upright, "-c", "copy", path)
    return path


def open_groups(path: Path) -> Path:
    return cut_film(path, *B_FRAMES, "-x264-params", "open-gop=1:keyint=60:scenecut=0")


def repeated(path: Path) -> Path:
    """Every frame twice, and none of some time for longer than repeats are left out."""
    return cut_film(path, filters="select='not(between(n,121,140))',fps=50")


FILMS: dict[str, Callable[[Path], Path]] = {
    "film.mp4": cut_film,
    "film.mkv": cut_film,
    "varying.mp4": varying,
    "turned.mp4": turned,
    "repeated.mp4": repeated,
    "open.mp4": open_groups,
    "open.ts": open_groups,
}


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Each film is made once."""
    folder = tmp_path_factory.mktemp("films")
    made: dict[str, Path] = {}

    def film(name: str) -> Path:
        if name not in made:
            made[name] = FILMS[name](folder / name)
        return made[name]

    return film


@pytest.mark.parametrize("name", FILMS)
def test_should_find_the_same_wherever_it_was_killed(
    name: str, films: Callable[[str], Path]
) -> None:
    whole = Watched.of(films(name))
    assert len(whole.units) >= FRAMES // UNIT_FRAMES
    count = len(whole.units)
    # Where it was killed matters to one film; to the others, that they can be entered at all.
    for done in (1, count - 1, count) if name == "film.mp4" else (count // 2,):
        resumed = Watched.of(films(name), whole.units[:done])
        assert resumed.scenes == whole.scenes
        assert resumed.samples == whole.samples
        assert resumed.units == whole.units[done:], f"after {done}"
        # It did not look again at what was done.
        assert resumed.first_new >= 0.95 * done / (len(whole.units) + 0.99)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda units: [*units[:-1], b"any"],
        lambda units: [*units[:-1], zlib.compress(b"any")],
        lambda units: [*units[:-1], zlib.compress(bytes(5600)) + b"[]\n"],
        lambda units: [*units[:-1], units[-1] + b"any"],
        lambda units: [*units[:-1], other_pixels(units[-1])],
    ],
    ids=["no unit", "too short", "zeros", "other thumbnails", "other pixels"],
)
def test_should_begin_again_where_what_is_kept_does_not_fit(
    spoil: Callable[[Sequence[bytes]], list[bytes]], films: Callable[[str], Path]
) -> None:
    film = films("film.mp4")
    whole = Watched.of(film)
    resumed = Watched.of(film, spoil(whole.units[:2]))
    assert resumed.scenes == whole.scenes
    assert resumed.samples == whole.samples
    assert resumed.units == whole.units[2:]
    assert resumed.first_new < 0.01


def other_pixels(unit: bytes) -> bytes:
    from runtime.processor.media.frame_scores import ROW

    rows = np.frombuffer(zlib.decompress(unit), dtype=ROW).copy()
    rows["checksum"][-1] ^= 1
    return zlib.compress(rows.tobytes())


def test_should_count_the_same_losses(films: Callable[[str], Path]) -> None:
    def spoil_the_middle(content: bytes) -> bytes:
        start = content.index(b"mdat") + 4
        at = start + (len(content) - start) * 4 // 10
        return content[:at] + b"\xff" * 3000 + content[at + 3000 :]

    film = damaged(films("film.mp4"), spoil_the_middle)
    info, increments = probe(film), ListedIncrements()
    whole = Decoder().detect_scenes(film, info, lambda _: None, increments)
    assert whole.warnings
    for done in (1, len(increments.added)):
        resumed = ListedIncrements(done=increments.added[:done])
        assert Decoder().detect_scenes(film, info, lambda _: None, resumed) == whole
        assert resumed.added == increments.added[done:]


@pytest.mark.models
def test_should_judge_the_same_wherever_it_was_killed(models: Path, tmp_path: Path) -> None:
    film, whole = half(tmp_path / "half.mp4"), ListedIncrements()

    def judged(increments: ListedIncrements) -> tuple[Scene, ...]:
        return detect_transitions(
            *(film, probe(film), Gauge(), None, increments),
            model_dir=models / "transnetv2",
            threads=THREADS,
        )

    scenes = judged(whole)
    assert len(scenes) > 1
    assert len(whole.added) == 2
    done = len(whole.added) // 2
    increments = ListedIncrements(done=whole.added[:done])
    assert judged(increments) == scenes
    assert increments.added == whole.added[done:]


@dataclass
class Watched:
    """What a process found, the units it kept, and how far in it looked at its first new frame."""

    scenes: tuple[Scene, ...]
    units: list[bytes]
    samples: dict[str, bytes]
    progress: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, film: Path, done: Sequence[bytes] = ()) -> "Watched":
        increments, gauge = ListedIncrements(done=list(done)), Gauge()
        with tempfile.TemporaryDirectory() as folder:
            samples = Path(folder) / "samples"
            scenes = detect_scenes(
                *(film, probe(film), gauge, None, increments), samples_into=samples
            )
            found = {path.name: path.read_bytes() for path in samples.iterdir()}
        assert len(scenes) >= len(SHOTS)
        assert len(found) == len(scenes)
        return cls(scenes=scenes, units=increments.added, samples=found, progress=gauge.seen)

    @property
    def first_new(self) -> float:
        return next((done for done in self.progress if done > 0), 1.0)
