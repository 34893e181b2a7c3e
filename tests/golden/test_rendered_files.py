"""The published files of a fixed result, byte for byte; `refresh.py` writes them again."""

from pathlib import Path

import pytest

from runtime.core.contract import ResultFile
from runtime.results.render.files import render_files, render_manifest
from tests.golden.talk import TALK

EXPECTED = Path(__file__).parent / "expected"
NOT_RENDERED = {
    *(ResultFile.CONTACT_SHEET, ResultFile.PLAYER_AUDIO, ResultFile.WAVEFORM, ResultFile.METRICS),
    # A zip archive; tests/unit/documents reads it.
    ResultFile.TRANSCRIPT_WORD,
    # tests/unit/corrections reads these.
    *(ResultFile.FINDINGS, ResultFile.EDITS),
}
NAMES = [name for name in ResultFile if name not in NOT_RENDERED]


def rendered() -> dict[str, bytes]:
    files = render_files(TALK)
    return {**files, ResultFile.MANIFEST: render_manifest(TALK, files)}


@pytest.mark.parametrize("name", NAMES)
def test_should_render_as_before(name: ResultFile) -> None:
    content = rendered()[name]
    assert content.decode().splitlines() == (EXPECTED / name).read_text("utf-8").splitlines()
    assert content == (EXPECTED / name).read_bytes()


def test_should_expect_every_file_that_is_rendered_and_no_other() -> None:
    assert list(rendered()) == NAMES
    assert {path.name for path in EXPECTED.iterdir()} == {name.value for name in NAMES}
