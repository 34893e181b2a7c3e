import ast
import os
import tomllib
from pathlib import Path

from scripts.setup.commands import ROOT
from scripts.typecheck import SECONDS_OF_A_DAY, keep, start_from

NOW = 1_700_000_000.0


def filled(folder: Path, content: str, *, at: float = NOW) -> Path:
    file = folder / "3.11" / "cache.db"
    file.parent.mkdir(parents=True)
    file.write_text(content)
    os.utime(file, (at, at))
    return folder


def content(folder: Path) -> str:
    return (folder / "3.11" / "cache.db").read_text()


def test_should_start_from_what_was_kept(tmp_path: Path) -> None:
    start_from(filled(tmp_path / "kept", "libraries"), tmp_path / "checkout")
    assert content(tmp_path / "checkout") == "libraries"


def test_should_start_from_nothing_where_nothing_was_kept(tmp_path: Path) -> None:
    start_from(tmp_path / "kept", tmp_path / "checkout")
    assert not (tmp_path / "checkout").exists()


def test_should_keep_the_first(tmp_path: Path) -> None:
    keep(filled(tmp_path / "checkout", "first"), tmp_path / "kept")
    assert content(tmp_path / "kept") == "first"
    assert content(tmp_path / "checkout") == "first"


def test_should_keep_nothing_new_within_a_day(tmp_path: Path) -> None:
    kept = filled(tmp_path / "kept", "old")
    keep(filled(tmp_path / "checkout", "new", at=NOW + SECONDS_OF_A_DAY - 1), kept)
    assert content(kept) == "old"


def test_should_keep_what_is_a_day_newer_instead_of_what_was(tmp_path: Path) -> None:
    kept = filled(tmp_path / "kept", "old")
    filled(tmp_path / "kept.new", "left by a copy that was cut short")
    keep(filled(tmp_path / "checkout", "new", at=NOW + SECONDS_OF_A_DAY), kept)
    assert content(kept) == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkout", "kept"]


def test_should_know_the_types_of_every_module_of_the_cdk_that_is_used() -> None:
    """mypy lets everything pass that comes from a module which it skips."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    followed = {
        module
        for override in settings["overrides"]
        if override.get("follow_imports") == "normal"
        for module in override["module"]
    }
    files = [file for folder in settings["packages"] for file in (ROOT / folder).rglob("*.py")]
    used = {name for file in files for name in modules_of_the_cdk(file.read_text())}
    assert followed == {"aws_cdk", *used}


def modules_of_the_cdk(code: str) -> set[str]:
    """Return the modules of the CDK that code imports, which are in lower case."""
    if "aws_cdk" not in code:
        return set()
    found: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.module == "aws_cdk":
            found |= {f"aws_cdk.{each.name}" for each in node.names if each.name.islower()}
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aws_cdk."):
            found.add(str(node.module))
    return found
