from dataclasses import dataclass

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


def test_should_keep_the_characters_of_a_language_without_spaces_apart() -> None:
    assert joined("\u96e8", "\u304c", language="ja") == ["\u96e8", "\u304c"]
