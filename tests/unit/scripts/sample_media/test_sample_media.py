"""The videos that setup made are what their truth says."""

import json
from pathlib import Path
from typing import Any

import pytest

from runtime.core.media import MediaInfo
from runtime.processor.stages.audio import extract_audio
from runtime.processor.stages.probe import probe
from runtime.processor.stages.scenes import detect_scenes
from scripts.sample_media.debian import unpack
from scripts.setup.wheels import UnavailableError

MEDIA = Path(__file__).resolve().parents[4] / ".lifestream" / "media"
MADE = sorted(path.name.removesuffix(".truth.json") for path in MEDIA.glob("*.truth.json"))

pytestmark = pytest.mark.models


def test_should_have_made_the_short_sample() -> None:
    assert "sample" in MADE


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_should_last_as_long_as_the_truth(name: str, suffix: str, tmp_path: Path) -> None:
    path = MEDIA / f"{name}{suffix}"
    audio = extract_audio(path, described(path), tmp_path / "audio.wav", lambda _: None)
    assert audio.duration_seconds == pytest.approx(truth(name)["duration"], abs=0.05)


def test_should_cut_where_the_truth_says() -> None:
    path = MEDIA / "sample.mp4"
    scenes = detect_scenes(path, described(path), lambda _: None)
    assert [s.start_seconds for s in scenes[1:]] == pytest.approx(truth("sample")["cuts"], abs=0.1)


def test_should_say_that_a_machine_has_no_debian_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UnavailableError, match="no apt-get"):
        unpack(["any-package"], tmp_path / "debian")


def described(path: Path) -> MediaInfo:
    info = probe(path)
    assert info.video is not None
    assert (info.video.width, info.video.height) == (1280, 720)
    return info


def truth(name: str) -> Any:
    return json.loads((MEDIA / f"{name}.truth.json").read_text())
