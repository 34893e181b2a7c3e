"""Files are left out only where the marks of their tests say so."""

import re
from pathlib import Path

import pytest

from tests.selection import SELECTED_BY, is_left_out

TESTS = Path(__file__).resolve().parents[1]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "test_any.py"


@pytest.mark.parametrize(
    ("text", "expression", "left_out"),
    [
        ("pytestmark = pytest.mark.models\n", "not media and not models", True),
        ("pytestmark = pytest.mark.models\n", "media or models", False),
        ("pytestmark = [pytest.mark.cloud, pytest.mark.timeout(9)]\n", "not cloud", True),
        ("@pytest.mark.models\ndef test_any() -> None: ...\n", "not models", False),
        ("@pytest.mark.models\ndef test_any() -> None: ...\n", "models", False),
        ("@pytest.mark.models\ndef test_any() -> None: ...\n", "media and models", True),
        ("pytestmark = pytest.mark.media\n@pytest.mark.models\n", "media and models", False),
        ("pytest.param(1, marks=pytest.mark.models)\n", "models", False),
        ("def test_any() -> None: ...\n", "media or models or cloud", True),
        ("def test_any() -> None: ...\n", "not media", False),
        ("def test_any() -> None: ...\n", "media or other", False),
    ],
)
def test_should_leave_out_what_cannot_be_chosen(
    file: Path, text: str, expression: str, *, left_out: bool
) -> None:
    file.write_text(text)
    assert is_left_out(file, expression) is left_out


def test_should_leave_out_a_folder_whose_files_all_are(file: Path) -> None:
    file.write_text("pytestmark = pytest.mark.models\n")
    assert is_left_out(file.parent, "not models")
    file.with_name("test_other.py").write_text("def test_any() -> None: ...\n")
    assert not is_left_out(file.parent, "not models")


def test_should_find_every_mark_in_the_file_of_its_tests() -> None:
    marks = re.compile(rf"pytest\.mark\.({'|'.join(SELECTED_BY)})\b")
    helpers = [path for path in TESTS.rglob("*.py") if not path.name.startswith("test_")]
    assert helpers
    assert not [path for path in helpers if marks.search(path.read_text())]
