"""Cuts and words where they are known to be, however a file counts its time."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from runtime.core.media import Audio, Word
from runtime.processor.decoder.tools import Decoder
from runtime.processor.stages.transcribe import transcribe
from scripts.media_tools import ffmpeg
from tests.corpus.making import X264
from tests.unit.processor.conftest import THREADS
from tests.unit.processor.filming import ListedParts, samples_of

FRAME_SECONDS = 0.04
WORD_TOLERANCE_SECONDS = 0.05
CUTS = (2.0, 3.2)
SHOTS = ("testsrc2=size=320x180:rate=25:duration=2", "smptebars=size=320x180:rate=25:duration=1.2")
LAST = "mandelbrot=size=320x180:rate=25"

Variant = Callable[[Path, Path], float]
"""Writes a variant of a film to a path and returns by how many seconds it is later."""


def varied(*filters: str) -> Variant:
    def make(film: Path, path: Path) -> float:
        ffmpeg(
            "-i", film, "-vf", ",".join(filters), "-fps_mode", "vfr", *X264, "-c:a", "copy", path
        )
        return 0.0

    return make


def turned(film: Path, path: Path) -> float:
    ffmpeg("-display_rotation", -90, "-i", film, "-c", "copy", path)
    return 0.0


def later(film: Path, path: Path) -> float:
    """Both tracks start a second and a half late, as an edit list says."""
    ffmpeg("-itsoffset", 1.5, "-i", film, "-c", "copy", path)
    return 1.5


def broadcast(film: Path, path: Path) -> float:
    """Timestamps that begin at an hour, which is no time of the film."""
    ffmpeg("-i", film, "-c", "copy", "-output_ts_offset", 3600, "-f", "mpegts", path)
    return 0.0


def fragments(film: Path, path: Path) -> float:
    ffmpeg("-i", film, "-c", "copy", "-movflags", "frag_keyframe+empty_moov", path)
    return 0.0


VARIANTS: dict[str, Variant] = {
    # Odd frames come 13 ms late and every seventh is missing: number / rate would drift.
    "variable frame rate": varied("setpts='PTS+mod(N,2)*0.013/TB'", "select='not(eq(mod(n,7),5))'"),
    "turned": turned,
    "later": later,
    "broadcast": broadcast,
    "fragments": fragments,
}


@pytest.fixture(scope="module")
def film(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three shots, and the sample's speech from its last twelve seconds on."""
    path = tmp_path_factory.mktemp("truth") / "film.mp4"
    inputs = [part for shot in (*SHOTS, LAST) for part in ("-f", "lavfi", "-i", shot)]
    speech = ("-sseof", -12.5, "-i", sample)
    graph = "[2:v]trim=duration=9.3[last];[0:v][1:v][last]concat=n=3[out]"
    tracks = ("-map", "[out]", "-map", "3:a")
    ffmpeg(*inputs, *speech, "-filter_complex", graph, *tracks, *X264, "-c:a", "aac", path)
    return path


@pytest.mark.corpus
@pytest.mark.parametrize("name", VARIANTS)
def test_should_cut_where_the_picture_does(name: str, film: Path, tmp_path: Path) -> None:
    path = tmp_path / "variant.mp4"
    shift = VARIANTS[name](film, path)
    info = Decoder().probe(path).value
    scenes = Decoder().detect_scenes(path, info, lambda _: None).value
    found = [scene.start_seconds for scene in scenes[1:]]
    assert found == pytest.approx([cut + shift for cut in CUTS], abs=FRAME_SECONDS)


@pytest.fixture(scope="module")
def spoken(film: Path, models: Path) -> tuple[Word, ...]:
    """The words of the film as it is."""
    return heard(film, film.with_suffix(".wav"), models)


@pytest.mark.models
@pytest.mark.parametrize("name", VARIANTS)
def test_should_hear_words_when_they_are_said(
    name: str, film: Path, spoken: tuple[Word, ...], models: Path, tmp_path: Path
) -> None:
    path = tmp_path / "variant.mp4"
    shift = VARIANTS[name](film, path)
    words = heard(path, tmp_path / "variant.wav", models)
    assert [word.text for word in words] == [word.text for word in spoken]
    moved = np.array([word.start_seconds for word in words])
    moved -= [word.start_seconds + shift for word in spoken]
    assert abs(np.median(moved)) <= WORD_TOLERANCE_SECONDS / 2
    # Whisper may have a word begin a little early in the pause before it, here and not there.
    assert np.mean(np.abs(moved) <= WORD_TOLERANCE_SECONDS) >= 0.9
    assert np.abs(moved).max() <= 0.25


@pytest.mark.corpus
@pytest.mark.parametrize("name", VARIANTS)
def test_should_place_sound_within_a_few_milliseconds(
    name: str, film: Path, tmp_path: Path
) -> None:
    path = tmp_path / "variant.mp4"
    shift = VARIANTS[name](film, path)
    first = samples_of(extracted(film, film.with_name("film.wav")))
    second = samples_of(extracted(path, tmp_path / "variant.wav"))
    moved = second[round(shift * 16_000) :]
    lags = list(range(-800, 801, 8))
    size = min(len(first), len(moved)) - 2000
    alike = {
        lag: float(np.dot(first[1000 : size + 1000], moved[1000 + lag : size + 1000 + lag]))
        for lag in lags
    }
    best = max(lags, key=lambda lag: alike[lag])
    # AAC begins 1024 samples early (21 ms), which not every container can say.
    assert abs(best) <= 22 * 16


def extracted(path: Path, wav: Path) -> Audio:
    info = Decoder().probe(path).value
    return Decoder().extract_audio(path, info, wav, lambda _: None).value


def heard(path: Path, wav: Path, models: Path) -> tuple[Word, ...]:
    transcript = transcribe(
        extracted(path, wav),
        model_dir=models / "whisper-tiny.en",
        threads=THREADS,
        on_progress=lambda _: None,
        parts=ListedParts(),
    )
    return transcript.words
