"""The published files of a fixed result, byte for byte; `refresh.py` writes them anew."""

from pathlib import Path

import pytest

from runtime.core.contract import ResultFile
from runtime.processor.render.files import render_files
from tests.golden.talk import TALK

EXPECTED = Path(__file__).parent / "expected"


@pytest.mark.parametrize("name", ResultFile)
def test_should_render_as_before(name: ResultFile) -> None:
    rendered = render_files(TALK)[name]
    assert rendered.decode().splitlines() == (EXPECTED / name).read_text("utf-8").splitlines()
    assert rendered == (EXPECTED / name).read_bytes()


def test_should_expect_no_file_that_is_not_rendered() -> None:
    assert {path.name for path in EXPECTED.iterdir()} == {name.value for name in ResultFile}
