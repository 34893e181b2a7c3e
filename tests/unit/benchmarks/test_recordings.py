"""The page of recordings that were tried shows every variant, and none that was lost in silence."""

import re

import pytest

from benchmarks.recordings.__main__ import key_of, variants
from benchmarks.recordings.results import PAGE, read_rows, table
from scripts.setup.wheels import UnavailableError

VERDICT = re.compile(r"^(right(, with [`a-z_., ]+)?|refused, `media\.[a-z_]+`)$")
CHECKED = {"words", "sound", "pictures", "whole job"}


@pytest.mark.media
def test_should_have_a_row_of_every_variant_and_no_other() -> None:
    try:
        expected = [key_of(variant) for variant in variants()]
    except UnavailableError as error:
        pytest.skip(f"Debian's recordings cannot be had: {error}")
    assert len({*expected}) == len(expected)
    assert [row.key for row in read_rows()] == expected


def test_should_know_of_every_recording_what_became_of_it() -> None:
    rows = read_rows()
    assert [row for row in rows if not VERDICT.match(row.outcome)] == []
    assert {row.checked for row in rows} <= CHECKED


def test_should_show_the_rows_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page[page.index("| kind |") :] == table(read_rows())
