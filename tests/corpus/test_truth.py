"""Cuts and words where they are known to be, however a file counts its time."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest

from runtime.core.media import Audio, Upload, Word
from runtime.processor.decoder.decoder import Decoder
from runtime.processor.stages.transcribe import transcribe
from scripts.sample_media.ffmpeg import ffmpeg
from tests.corpus.making import X264
from tests.unit.processor.conftest import THREADS
from tests.unit.processor.stages.filming import ListedIncrements, samples_of

FRAME_SECONDS = 0.04
# Times are rounded to milliseconds, once where they are heard and once where they lie.
WORD_TOLERANCE_SECONDS = 0.0025
CUTS = (2.0, 3.2)
SHOTS = ("testsrc2=size=320x180:rate=25:duration=2", "smptebars=size=320x180:rate=25:duration=1.2")
LAST = "mandelbrot=size=320x180:rate=25"

# What AAC begins with at 48 kHz. A container that cannot say that it is not to be played has all
# that follows begin so much later.
PRIMING_SECONDS = 1024 / 48_000

Variant = Callable[[Path, Path], "Shift"]
"""Writes a variant of a film to a path and returns by how much it is later."""


@dataclass(frozen=True, kw_only=True)
class Shift:
    """By how many seconds pictures and sound are later than in the film."""

    pictures: float = 0.0
    sound: float = 0.0


def varied(*filters: str) -> Variant:
    def make(film: Path, path: Path) -> Shift:
        ffmpeg(
            "-i", film, "-vf", ",".join(filters), "-fps_mode", "vfr", *X264, "-c:a", "copy", path
        )
        return Shift()

    return make


def turned(film: Path, path: Path) -> Shift:
    ffmpeg("-display_rotation", -90, "-i", film, "-c", "copy", path)
    return Shift()


def later(seconds: float) -> Variant:
    """Both tracks start late, as an edit list says."""

    def make(film: Path, path: Path) -> Shift:
        ffmpeg("-itsoffset", seconds, "-i", film, "-c", "copy", path)
        return Shift(pictures=seconds, sound=seconds)

    return make


def later_sound(film: Path, path: Path) -> Shift:
    """Sound that sets in after the picture, by no multiple of anything."""
    inputs = ("-i", film, "-itsoffset", 0.7373, "-i", film)
    ffmpeg(*inputs, "-map", "0:v", "-map", "1:a", "-c", "copy", path)
    return Shift(sound=0.7373)


def broadcast(film: Path, path: Path) -> Shift:
    """Timestamps that begin at an hour, which is no time of the film."""
    ffmpeg("-i", film, "-c", "copy", "-output_ts_offset", 3600, "-f", "mpegts", path)
    return Shift(pictures=PRIMING_SECONDS, sound=PRIMING_SECONDS)


def matroska(film: Path, path: Path) -> Shift:
    """Timestamps in whole milliseconds, and both tracks late."""
    ffmpeg("-itsoffset", 2.222, "-i", film, "-c", "copy", "-f", "matroska", path)
    with av.open(str(path)) as container:
        assert container.start_time is not None
        starts = container.start_time / av.time_base
    return Shift(pictures=2.222 - starts, sound=2.222 - starts)


def fragments(film: Path, path: Path) -> Shift:
    ffmpeg("-i", film, "-c", "copy", "-movflags", "frag_keyframe+empty_moov", path)
    return Shift(sound=PRIMING_SECONDS)


VARIANTS: dict[str, Variant] = {
    # Odd frames come 13 ms late and every seventh is missing: number / rate would drift.
    "variable frame rate": varied("setpts='PTS+mod(N,2)*0.013/TB'", "select='not(eq(mod(n,7),5))'"),
    "turned": turned,
    "later": later(1.5),
    "a little later": later(0.0137),
    "later sound": later_sound,
    "broadcast": broadcast,
    "matroska": matroska,
    "fragments": fragments,
}


@pytest.fixture(scope="module")
def film(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three shots, and the sample's speech from its last twelve seconds on."""
    path = tmp_path_factory.mktemp("truth") / "film.mp4"
    inputs = [part for shot in (*SHOTS, LAST) for part in ("-f", "lavfi", "-i", shot)]
    speech = ("-sseof", -12.5, "-i", sample)
    graph = "[2:v]trim=duration=9.3[last];[0:v][1:v][last]concat=n=3[out]"
    # A whole number of packets: not every container can say that the last one is shorter.
    whole = ("-af", f"aresample=48000,atrim=end_sample={585 * 1024}")
    tracks = ("-map", "[out]", "-map", "3:a", *whole)
    ffmpeg(*inputs, *speech, "-filter_complex", graph, *tracks, *X264, "-c:a", "aac", path)
    return path


@pytest.mark.corpus
@pytest.mark.parametrize("name", VARIANTS)
def test_should_cut_where_the_picture_does(name: str, film: Path, tmp_path: Path) -> None:
    path = tmp_path / "variant.mp4"
    shift = VARIANTS[name](film, path)
    info = Decoder().probe(Upload(path=path, key=path.name)).value
    scenes = Decoder().detect_scenes(path, info, lambda _: None).value
    found = [scene.start_seconds for scene in scenes[1:]]
    assert found == pytest.approx([cut + shift.pictures for cut in CUTS], abs=FRAME_SECONDS)


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
    times = [(word.start_seconds, word.end_seconds) for word in words]
    truth = [(word.start_seconds, word.end_seconds) for word in spoken]
    assert np.allclose(times, np.add(truth, shift.sound), rtol=0, atol=WORD_TOLERANCE_SECONDS)


@pytest.mark.corpus
@pytest.mark.parametrize("name", VARIANTS)
def test_should_hear_the_same_samples_wherever_they_begin(
    name: str, film: Path, tmp_path: Path
) -> None:
    path = tmp_path / "variant.mp4"
    shift = VARIANTS[name](film, path)
    first = extracted(film, film.with_name("film.wav"))
    second = extracted(path, tmp_path / "variant.wav")
    assert np.array_equal(samples_of(first), samples_of(second))
    moved = second.starts_at_seconds - first.starts_at_seconds
    assert moved == pytest.approx(shift.sound, abs=0.001)


def extracted(path: Path, wav: Path) -> Audio:
    info = Decoder().probe(Upload(path=path, key=path.name)).value
    return Decoder().extract_audio(path, info, wav, lambda _: None).value


def heard(path: Path, wav: Path, models: Path) -> tuple[Word, ...]:
    transcript = transcribe(
        extracted(path, wav),
        model_dir=models / "whisper-tiny.en",
        threads=THREADS,
        on_progress=lambda _: None,
        increments=ListedIncrements(),
    )
    return transcript.words
