"""Every file of the corpus through the real decoding children, each with its typed outcome."""

from pathlib import Path

import pytest

from runtime.core.errors import Permanent
from runtime.core.media import Diarization, MediaInfo, Upload
from runtime.processor.decoder.decoder import Decoder
from runtime.processor.media.containers import DEMUXERS
from runtime.processor.pipeline.pipeline import collect_warnings
from tests.corpus.case import Case
from tests.corpus.cases import HARD, REFUSED
from tests.corpus.containers import CONTAINERS

pytestmark = pytest.mark.corpus
NO_TURNS = Diarization(turns=(), exclusive_turns=())
OF_SPEECH = "speech.none"


def test_should_hold_a_file_of_each_format_that_is_opened() -> None:
    assert CONTAINERS.keys() == DEMUXERS.keys()


def test_should_be_a_corpus_of_some_size() -> None:
    assert len(REFUSED) + len(HARD) >= 60


@pytest.mark.parametrize("name", REFUSED)
def test_should_refuse_with_a_typed_reason(name: str, tmp_path: Path) -> None:
    case, path = REFUSED[name], tmp_path / "upload.mp4"
    case.make(path)
    with pytest.raises(Permanent) as caught:
        decoded(case, path)
    assert caught.value.code == case.code
    assert caught.value.summary.endswith(".")
    assert caught.value.resolution.endswith(".")


@pytest.mark.parametrize("name", HARD)
def test_should_give_what_can_be_had(name: str, tmp_path: Path) -> None:
    case, path = HARD[name], tmp_path / "upload.mp4"
    case.make(path)
    sound, picture, warnings, info = decoded(case, path)
    assert sound == near(case.sound, case.tolerance)
    assert picture == near(case.picture, case.tolerance)
    assert warnings == case.warnings
    for fact, value in case.facts.items():
        assert fact_of(info, fact) == value


def decoded(
    case: Case, path: Path
) -> tuple[float | None, float | None, tuple[str, ...], MediaInfo]:
    """Seconds of sound and picture, and the warnings that the results would have."""
    decoder = Decoder(limits=case.limits, audio_track=case.audio_track)
    probed = decoder.probe(Upload(path=path, key=path.name))
    info: MediaInfo = probed.value
    warnings = list(probed.warnings)
    sound = picture = None
    if info.audio is not None:
        heard = decoder.extract_audio(path, info, path.with_name("audio.wav"), lambda _: None)
        sound = heard.value.end_seconds
        warnings += heard.warnings
    if info.video is not None:
        seen = decoder.detect_scenes(path, info, lambda _: None)
        picture = seen.value[-1].end_seconds if seen.value else 0.0
        warnings += seen.warnings
    duration = max(sound or 0.0, picture or 0.0)
    codes = tuple(c.code for c in collect_warnings(info, duration, (), NO_TURNS, tuple(warnings)))
    return sound, picture, tuple(code for code in codes if code != OF_SPEECH), info


def near(seconds: float | None, tolerance: float) -> object:
    return None if seconds is None else pytest.approx(seconds, abs=tolerance)


def fact_of(info: MediaInfo, name: str) -> object:
    track = info.video if name == "rotation_degrees" else info.audio
    return getattr(track, name)
