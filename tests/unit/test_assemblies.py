"""A kept assembly derives from nothing that its digest does not cover."""

import os
from pathlib import Path

import pytest

from local.kept_assemblies import KEPT, builds_image, digest, forget, kept_assembly
from tests.assemblies import ROOT, kept_beside, opening_only_sources


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


def test_should_make_an_assembly_once_for_settings_and_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIFESTREAM_CACHE", str(tmp_path))
    made = []

    def make(folder: Path) -> None:
        made.append(folder)
        folder.mkdir()
        (folder / "manifest.json").write_text(f"{len(made)}")

    def manifest(settings: dict[str, str], sources: str) -> str:
        folder = kept_assembly(settings, sources=sources, make=make)
        return (folder / "manifest.json").read_text()

    assert [manifest({"environment": "dev"}, "any") for _ in range(2)] == ["1", "1"]
    assert manifest({"environment": "prod"}, "any") == "2"
    assert manifest({"environment": "dev"}, "other") == "3"


def test_should_keep_nothing_of_a_synthesis_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIFESTREAM_CACHE", str(tmp_path))

    def fail(folder: Path) -> None:
        folder.mkdir()
        raise ValueError("any finding")

    with pytest.raises(ValueError, match="any finding"):
        kept_assembly({}, sources="any", make=fail)
    assert kept_assembly({}, sources="any", make=Path.mkdir).is_dir()
    (state,) = (tmp_path / "assemblies").iterdir()
    assert len([path for path in state.iterdir() if path.is_dir()]) == 1
