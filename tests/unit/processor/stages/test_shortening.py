import pytest

from runtime.processor.stages import shortening
from runtime.processor.stages.shortening import texts_to_embed
from tests.unit.processor.builders import sentence

SAID = [sentence(text) for text in ("One.", "one two three four five.", "one two three four.")]


def test_should_leave_sentences_whole_within_the_bound() -> None:
    assert texts_to_embed(SAID) == [said.text for said in SAID]
    assert texts_to_embed([]) == []


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (9, ["One.", "one two three four", "one two three four."]),
        (8, ["One.", "one two three", "one two three"]),
        (7, ["One.", "one two three", "one two three"]),
        (5, ["One.", "one two", "one two"]),
        (1, ["One.", "one two", "one two"]),
    ],
)
def test_should_cut_the_longest_sentences_but_not_to_nothing(
    most: int, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shortening, "MOST_WORDS", most)
    monkeypatch.setattr(shortening, "FEWEST_WORDS", 2)
    assert texts_to_embed(SAID) == expected
