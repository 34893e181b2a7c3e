"""The archives: the source's modules unchanged, the same bytes again, and pages of the API."""

import re
import zipfile
from pathlib import Path

import pytest

import runtime.protection
from scripts.package.__main__ import PROJECT, SOURCE, build, document

pytestmark = pytest.mark.timeout(600)


def test_should_give_the_same_bytes_again_and_ship_every_module(
    archives: list[Path], wheel: Path, tmp_path: Path
) -> None:
    again = build(tmp_path)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in archives]
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    # Byte code of another process has any name until it is written.
    ours = [path for path in SOURCE.rglob("*.*") if "__pycache__" not in path.parts]
    assert shipped == {f"scale_in_guard/{path.relative_to(SOURCE)}" for path in ours}
    for path in ours:
        name = f"scale_in_guard/{path.relative_to(SOURCE)}"
        assert zipfile.ZipFile(wheel).read(name) == path.read_bytes()


def test_should_document_what_users_import(wheel: Path, tmp_path: Path) -> None:
    document(wheel, tmp_path)
    page = (tmp_path / "scale_in_guard.html").read_text()
    for name in runtime.protection.__all__:
        assert f'id="{name}"' in page, name
    imported = re.findall(r"scale_in_guard\.((?:bridges|testing)[\w.]*)", examples())
    assert imported
    for module in imported:
        assert (tmp_path / "scale_in_guard" / f"{module.replace('.', '/')}.html").is_file(), module


def examples() -> str:
    return "\n".join(path.read_text() for path in (PROJECT / "examples").glob("*.py"))
