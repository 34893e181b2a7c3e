from dataclasses import dataclass

import pytest

from runtime.processor.stages.segment_words import join_pieces


@dataclass(frozen=True)
class Piece:
    word: str


def joined(*pieces: str, language: str = "en") -> list[str]:
    groups = join_pieces([Piece(piece) for piece in pieces], language)
    return ["".join(piece.word for piece in group) for group in groups]


def test_should_put_together_what_is_written_without_a_space() -> None:
    pieces = (" A", " full", "-featured", " shop", ",", " www", ".example", ".org", ",000")
    assert joined(*pieces) == [" A", " full-featured", " shop,", " www.example.org,000"]


def test_should_begin_with_a_word_although_it_has_no_space() -> None:
    assert joined("So", " it", " is") == ["So", " it", " is"]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        # "At today's meeting", "we discuss the new budget," and "today we meet about the budget".
        ("ja", ["\u4eca\u65e5\u306e", "\u4f1a\u8b70\u3067\u306f"]),
        ("zh", ["\u6211\u4eec", "\u8ba8\u8bba", "\u65b0", "\u7684", "\u9884\u7b97\uff0c"]),
        ("th", ["\u0e40\u0e23\u0e32", "\u0e08\u0e30", "\u0e1b\u0e23\u0e30\u0e0a\u0e38\u0e21"]),
    ],
)
def test_should_divide_characters_into_words(language: str, words: list[str]) -> None:
    assert joined(*"".join(words), language=language) == words


def test_should_keep_latin_words_apart_within_characters() -> None:
    found = joined("\u6211", "\u4eec", " big", " data", "\u3002", language="zh")
    assert found[0] == "\u6211\u4eec"
    assert [word for word in found if word.startswith(" ")] == [" big", " data\u3002"]


def test_should_keep_pieces_of_a_language_without_a_model() -> None:
    assert joined("\u0ea5", "\u0eb2\u0ea7", language="lo") == ["\u0ea5", "\u0eb2\u0ea7"]
