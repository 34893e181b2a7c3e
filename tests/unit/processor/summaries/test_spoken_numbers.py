import pytest

from runtime.processor.summaries.spoken_numbers import numbers_in


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", set()),
        ("one of them", set()),
        ("twenty-two trams and 22 seats", {22}),
        ("four hundred million", {400_000_000}),
        ("about forty thousand bees", {40_000}),
        ("two hundred and fifty degrees", {250}),
        ("a hundred and twenty-one grams", {121}),
        ("one hundred", {100}),
        ("three hundred and forty thousand volumes", {340_000}),
        ("eleven hundred instruments", {1100}),
        ("1,500 or 2.5 or 1.500.000", {1500, 2.5, 1_500_000}),
        ("at 12:30", {1230}),
        ("five six", {5, 6}),
        ("the second half", {2, 0.5}),
        ("thousands of them", set()),
        ("nine and ten", {9, 10}),
    ],
)
def test_should_read_numbers_in_words_and_digits(text: str, numbers: set[float]) -> None:
    assert numbers_in(text) == numbers
