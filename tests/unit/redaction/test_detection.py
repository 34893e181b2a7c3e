"""What counts as personal data in what was said, and what does not."""

import pytest

from runtime.redaction.detection import personal_data
from runtime.redaction.kinds import Kind, replaced


def found(text: str, *languages: str, names: tuple[str, ...] = ()) -> str:
    return replaced(text, personal_data(text, languages=languages, names=names))


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Card 4111 1111 1111 1111, thanks.", "Card [card], thanks."),
        ("It is 4111-1111-1111-1111.", "It is [card]."),
        ("It is 4111, 1111, 1111. 1111.", "It is [card]."),
        ("378282246310005 was charged", "[card] was charged"),
        ("To DE89 3704 0044 0532 0130 00 please", "To [account] please"),
        ("to gb29nwbk60161331926819", "to [account]"),
        ("Write to ada.l+x@mail.example.co.uk!", "Write to [mail]!"),
        ("ada dot lovelace at example dot com, yes", "[mail], yes"),
        ("ada Punkt l at beispiel Punkt de", "[mail]"),
        ("My number is 078-05-1120.", "My number is 078-05-1120."),
        ("My number is 536-90-4399.", "My number is [identity]."),
        ("DNI 12345678Z", "DNI [identity]"),
        ("le numéro 2 95 10 99 126 111 93", "le numéro [identity]"),
        ("NHS 943 476 5919", "NHS [identity]"),
    ],
)
def test_should_find_numbers_by_their_check_digits(text: str, clean: str) -> None:
    assert found(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "Card 4111 1111 1111 1112 is none.",
        "In 2024, 2025 and 2026 we had 10, 20, 30 and 40 people.",
        "It costs 1,234,567.89 dollars, or 12 500 000 in all.",
        "DE88 3704 0044 0532 0130 01 has wrong check digits",
        "At 12:30 at example street",
        "Look at that dot there",
        "Version 4.11.1 of 11 November 2026",
    ],
)
def test_should_leave_what_is_none(text: str) -> None:
    assert found(text, "en", "de") == text


def test_should_find_telephone_numbers_of_the_language_spoken() -> None:
    assert found("Call +49 30 901820 now") == "Call [phone] now"
    assert found("Ruf 030 901820 an", "de") == "Ruf [phone] an"
    assert found("Call 650-253-0000", "en") == "Call [phone]"
    assert found("Call 650-253-0000", "ja") == "Call 650-253-0000"


@pytest.mark.parametrize("between", [", ", ". ", "-", " "])
def test_should_find_telephone_numbers_read_digit_by_digit(between: str) -> None:
    assert found(f"Call {between.join('6502530000')}, please", "en") == "Call [phone], please"


def test_should_keep_lists_of_numbers() -> None:
    listed = "We tried 12, 650, 253, 0, 7 and 1, 2, 3, 4, 5, 6, 7, 8, 9, 10."
    assert found(listed, "en") == listed


def test_should_find_names_that_people_gave() -> None:
    text = "Ada Lovelace met ADA LOVELACE and Adaline."
    assert found(text, names=("Ada Lovelace", " ")) == "[name] met [name] and Adaline."


def test_should_join_what_overlaps() -> None:
    spans = personal_data("call me: ada@example.com", names=("ada",))
    assert [(span.start, span.end, span.kind) for span in spans] == [(9, 24, Kind.MAIL)]
