from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.core.media import AttributedWord
from runtime.processor.stages.sentences import (
    MAX_SECONDS,
    MAX_WORDS,
    PAUSE_SECONDS,
    split_sentences,
)
from tests.unit.processor.builders import ANNA, BEN, attributed, speech

texts = st.sampled_from(["so", "well,", "yes.", "Dr.", "why?", "3.", "there"])


@st.composite
def talks(draw: st.DrawFn) -> tuple[AttributedWord, ...]:
    said = []
    at = 0.0
    for text in draw(st.lists(texts, max_size=150)):
        at += draw(st.sampled_from([0.0, 0.1, 1.0, 2.0]))
        length = draw(st.sampled_from([0.0, 0.2, 0.9, 40.0]))
        said.append(attributed(at, at + length, text, draw(st.sampled_from([ANNA, BEN]))))
        at += length
    return tuple(said)


def texts_of(words: tuple[AttributedWord, ...]) -> list[str]:
    return [sentence.text for sentence in split_sentences(words)]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("It rains. Stay in!", ["It rains.", "Stay in!"]),
        ("Is it so? It is.", ["Is it so?", "It is."]),
        ('He said "stop." Then left.', ['He said "stop."', "Then left."]),
        ("Mr. Dashwood met Dr. Grant.", ["Mr. Dashwood met Dr. Grant."]),
        ("The U.S. team won.", ["The U.S. team won."]),
        ("J. K. Rowling wrote, etc. and so on.", ["J. K. Rowling wrote, etc. and so on."]),
        ("See lifestream.example for 3.5 more.", ["See lifestream.example for 3.5 more."]),
        ("Und dann… ging er.", ["Und dann…", "ging er."]),
        ("\u96e8\u3002 \u6674\u308c\u3002", ["\u96e8\u3002", "\u6674\u308c\u3002"]),
    ],
)
def test_should_end_a_sentence_at_its_closing_mark(said: str, expected: list[str]) -> None:
    assert texts_of(speech(said)) == expected


def test_should_end_a_sentence_at_a_long_pause() -> None:
    first = speech("and then")
    pause = first[-1].word.end_seconds + PAUSE_SECONDS
    assert texts_of(first + speech("it rained", start=pause + 0.1)) == ["and then", "it rained"]
    assert len(texts_of(first + speech("it rained", start=pause - 0.1))) == 1


def test_should_end_a_sentence_where_the_speaker_changes() -> None:
    words = speech("I think", speaker=ANNA) + speech("so too", start=0.8, speaker=BEN)
    assert [(s.speaker, s.text) for s in split_sentences(words)] == [
        (ANNA, "I think"),
        (BEN, "so too"),
    ]


def test_should_break_endless_speech_where_one_breathes() -> None:
    words = speech(" ".join(["word"] * 29 + ["word,"] + ["word"] * 30))
    assert [len(s.words) for s in split_sentences(words)] == [30, 30]


def test_should_give_no_sentence_for_no_words() -> None:
    assert split_sentences(()) == ()


@given(talks())
def test_should_keep_every_word_once_in_bounded_sentences(
    words: tuple[AttributedWord, ...],
) -> None:
    sentences = split_sentences(words)
    assert tuple(word for sentence in sentences for word in sentence.words) == words
    for sentence in sentences:
        assert {word.speaker for word in sentence.words} == {sentence.speaker}
        assert len(sentence.words) <= MAX_WORDS
        assert (
            len(sentence.words) == 1 or sentence.end_seconds - sentence.start_seconds <= MAX_SECONDS
        )


def test_should_end_a_sentence_where_the_language_changes() -> None:
    french, english = speech("merci beaucoup"), speech("thank you", start=0.8)
    mixed = [
        replace(each, word=replace(each.word, language=language))
        for words, language in ((french, "fr"), (english, "en"))
        for each in words
    ]
    found = split_sentences(mixed)
    assert [(s.text, s.language) for s in found] == [("merci beaucoup", "fr"), ("thank you", "en")]
