from pathlib import Path

import pytest

from runtime.core.errors import Permanent
from runtime.processor.models.integrity import verify_model, write_manifest


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "any-model"
    (folder / "part").mkdir(parents=True)
    (folder / "part" / "weights.bin").write_bytes(b"weights")
    (folder / "config.json").write_text("{}")
    (tmp_path / "another-model").mkdir()
    (tmp_path / "another-model" / "weights.bin").write_bytes(b"more weights")
    write_manifest(tmp_path)
    return folder


def test_should_accept_what_the_manifest_lists(model: Path) -> None:
    verify_model(model)


def test_should_not_care_about_other_models(model: Path) -> None:
    (model.parent / "another-model" / "weights.bin").unlink()
    verify_model(model)


def test_should_refuse_other_weights(model: Path) -> None:
    (model / "part" / "weights.bin").write_bytes(b"Weights")
    assert refusal(model).code == "models.corrupt"
    assert "any-model/part/weights.bin" in refusal(model).summary


def test_should_refuse_a_missing_file(model: Path) -> None:
    (model / "config.json").unlink()
    assert refusal(model).code == "models.corrupt"


def test_should_refuse_a_file_no_one_listed(model: Path) -> None:
    (model / "extra.bin").touch()
    assert refusal(model).code == "models.corrupt"


def test_should_refuse_a_model_no_one_listed(model: Path) -> None:
    (model.parent / "new-model").mkdir()
    assert refusal(model.parent / "new-model").code == "models.corrupt"


def test_should_say_where_a_model_is_missing(model: Path) -> None:
    assert refusal(model.parent / "no-model").code == "models.missing"
    (model.parent / "manifest.json").unlink()
    assert refusal(model).code == "models.missing"


def refusal(model_dir: Path) -> Permanent:
    with pytest.raises(Permanent) as caught:
        verify_model(model_dir)
    return caught.value
