import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.core.options import DEFAULT_OPTIONS, parse_options
from runtime.core.submission import (
    MAX_TITLE_CHARACTERS,
    NO_SUBMISSION,
    Submission,
    parse_submission,
    submission_metadata,
)

TEXT = st.text(
    st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=MAX_TITLE_CHARACTERS
)


@given(owner=TEXT, title=TEXT)
def test_should_read_back_what_was_written(owner: str, title: str) -> None:
    submission = Submission(owner=owner, title=title)
    metadata = submission_metadata(submission)
    assert all(value.isascii() and value.isprintable() for value in metadata.values())
    assert parse_submission(metadata) == submission


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"lifestream-owner": ""},
        {"lifestream-title": "=?no-such-charset?q?broken?="},
        {"lifestream-language": "en"},
    ],
)
def test_should_take_what_cannot_be_read_for_absent(metadata: dict[str, str]) -> None:
    assert parse_submission(metadata) == NO_SUBMISSION


def test_should_bound_a_title_and_drop_its_control_characters() -> None:
    found = parse_submission({"Lifestream-Title": "a\tb" + "c" * 300})
    assert found.title == "ab" + "c" * (MAX_TITLE_CHARACTERS - 2)


def test_should_not_take_owner_and_title_for_options() -> None:
    metadata = submission_metadata(Submission(owner="any-subject", title="Any title"))
    assert parse_options(metadata) == DEFAULT_OPTIONS
