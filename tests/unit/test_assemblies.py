"""A kept assembly derives from nothing that its digest does not cover."""

import os
from pathlib import Path

import pytest

from tests.assemblies import (
    KEPT,
    ROOT,
    builds_image,
    digest,
    forget,
    kept_beside,
    opening_only_sources,
)


@pytest.mark.parametrize("name", ["README.md", "cdk.out", "tests/conftest.py"])
def test_should_refuse_to_open_what_is_no_source(name: str) -> None:
    with opening_only_sources(), pytest.raises(AssertionError, match=f"{name} is no source"):
        (ROOT / name).open()


@pytest.mark.parametrize("name", ["cdk.json", "cdk/stage.py", "runtime/core/contract/names.py"])
def test_should_open_sources(name: str) -> None:
    with opening_only_sources(), (ROOT / name).open() as file:
        assert file.read(1)


def test_should_open_anything_when_nothing_is_synthesized() -> None:
    with opening_only_sources():
        pass
    with (ROOT / "README.md").open() as file:
        assert file.read(1)


def test_should_keep_a_text_beside_its_assembly(tmp_path: Path) -> None:
    made = [kept_beside(tmp_path / "any", "report", lambda: "clean") for _ in range(2)]
    assert made == ["clean", "clean"]
    assert kept_beside(tmp_path / "other", "report", lambda: "other") == "other"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["any-report", "other-report"]


def test_should_forget_the_states_that_were_used_longest_ago(tmp_path: Path) -> None:
    for number in range(KEPT + 2):
        (tmp_path / f"{number}").mkdir()
        os.utime(tmp_path / f"{number}", (number, number))
    forget(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {str(n) for n in range(3, KEPT + 2)}


def test_should_make_other_assemblies_of_another_image() -> None:
    assert builds_image({"dev": 'image_tag = "asset"\n'})
    assert not builds_image({"dev": 'image_tag = "0.1.0"\n'})
    assert digest(with_image=True) != digest(with_image=False)
