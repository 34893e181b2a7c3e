from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.core.media import Sentence
from runtime.core.word_spacing import width
from runtime.results.render.cues import (
    CUE_CHARACTERS,
    EASY_CHARACTERS_PER_SECOND,
    LINE_CHARACTERS,
    LONGEST_SECONDS,
    SHORTEST_SECONDS,
    build_cues,
)
from tests.unit.processor.builders import ANNA, BEN, attributed, sentence

LONG = (
    "The stone walls were built by fishermen in the spring, after the third winter storm "
    "in a row had taken the wooden pier and half of the boats that lay behind it."
)

WIDE_CHARACTERS_A_LINE = 16


@st.composite
def talks(draw: st.DrawFn) -> tuple[Sentence, ...]:
    """Sentences in order of time; words may have no length, but start one after another."""
    sentences = []
    at = 0.0
    for _ in range(draw(st.integers(0, 6))):
        words = []
        for text in draw(
            st.lists(st.sampled_from(["a", "harbour,", "x" * 50]), min_size=1, max_size=30)
        ):
            at += draw(st.sampled_from([0.05, 0.3, 2.5]))
            words.append(attributed(at, at + draw(st.sampled_from([0.0, 0.05])), text))
        sentences.append(Sentence(speaker=words[0].speaker, words=tuple(words)))
    return tuple(sentences)


def test_should_show_a_short_sentence_whole_on_one_line() -> None:
    (cue,) = build_cues([sentence("The harbour is old.", start=2.0, each=0.5)])
    assert (cue.lines, cue.start_seconds, cue.end_seconds) == (("The harbour is old.",), 2.0, 4.0)


def test_should_balance_two_lines() -> None:
    (cue,) = build_cues([sentence("The harbour walls keep the winter storms outside for us.")])
    assert cue.lines == ("The harbour walls keep the", "winter storms outside for us.")


def test_should_write_chinese_without_spaces_and_break_its_lines() -> None:
    text = "\u6e2f" * 30 + "\uff0c" + "\u53e3" * 29 + "\u3002"
    words = (*(attributed(n / 10, n / 10 + 0.1, character) for n, character in enumerate(text)),)
    cues = build_cues([Sentence(speaker=words[0].speaker, words=words)])
    assert "".join(line for cue in cues for line in cue.lines) == text
    assert all(len(line) <= WIDE_CHARACTERS_A_LINE for cue in cues for line in cue.lines)
    assert all(line[0] not in "\uff0c\u3002" for cue in cues for line in cue.lines)


def test_should_break_lines_between_words_of_a_language_without_spaces() -> None:
    said = ["\u4eca\u65e5\u306e", "\u4f1a\u8b70\u3067\u306f", "\u65b0\u3057\u3044"] * 2
    words = (*(attributed(n / 2, n / 2 + 0.5, word) for n, word in enumerate(said)),)
    (cue,) = build_cues([Sentence(speaker=words[0].speaker, words=words)])
    assert cue.lines == ("".join(said[:3]), "".join(said[3:]))


def test_should_take_no_room_for_combining_marks() -> None:
    # Thai "port": four letters, two marks above.
    assert width("\u0e17\u0e48\u0e32\u0e40\u0e23\u0e37\u0e2d") == 5.0


def test_should_end_the_last_cue_with_the_media() -> None:
    (cue,) = build_cues([sentence("Yes.", start=9.8, each=0.1)], media_seconds=10.0)
    assert cue.end_seconds == 10.0


def test_should_break_a_long_sentence_at_a_comma() -> None:
    cues = build_cues([sentence(LONG, each=0.3)])
    assert " ".join(cues[0].lines).endswith("spring,")


def test_should_keep_a_quick_sentence_until_it_can_be_read() -> None:
    text = "Thirty characters in one breath"
    (cue,) = build_cues([sentence(text, each=0.05)])
    assert cue.end_seconds == pytest.approx(len(text) / EASY_CHARACTERS_PER_SECOND)


def test_should_show_a_single_word_for_the_shortest_time() -> None:
    (cue,) = build_cues([sentence("Yes.", each=0.1)])
    assert cue.end_seconds == pytest.approx(SHORTEST_SECONDS)


def test_should_not_run_into_the_next_cue() -> None:
    first, second = build_cues(
        [sentence("Quite a lot to read.", each=0.05), sentence("No.", start=0.5, speaker=BEN)]
    )
    assert first.end_seconds < second.start_seconds == 0.5


def test_should_join_a_short_sentence_to_the_next_when_it_would_flash_by() -> None:
    (cue,) = build_cues([sentence("Yes.", each=0.2), sentence("I think so.", start=0.3, each=0.3)])
    assert cue.lines == ("Yes. I think so.",)


def test_should_join_a_hasty_end_to_what_was_said_before() -> None:
    first = sentence("The harbour is old.", each=0.5)
    cues = build_cues([first, sentence("So.", start=2.1), sentence("No.", start=2.4, speaker=BEN)])
    assert [cue.lines for cue in cues] == [("The harbour is old. So.",), ("No.",)]


def test_should_leave_a_short_sentence_alone_that_can_be_read() -> None:
    cues = build_cues([sentence("Yes.", each=0.2), sentence("I think so.", start=0.95)])
    assert [cue.lines for cue in cues] == [("Yes.",), ("I think so.",)]


def test_should_not_put_two_voices_on_one_cue() -> None:
    cues = build_cues([sentence("Yes.", each=0.2), sentence("Quite.", start=0.3, speaker=BEN)])
    assert [cue.speaker for cue in cues] == [ANNA, BEN]


@given(talks())
def test_should_show_every_word_once_in_cues_that_fit(sentences: tuple[Sentence, ...]) -> None:
    cues = build_cues(sentences)
    shown = [word for cue in cues for word in " ".join(cue.lines).split()]
    assert shown == [word.word.text for sentence in sentences for word in sentence.words]
    for cue in cues:
        text = " ".join(cue.lines)
        assert len(cue.lines) <= 2
        assert len(text) <= CUE_CHARACTERS
        assert 0.0 < cue.end_seconds - cue.start_seconds <= LONGEST_SECONDS + 1e-9
        assert len(text.split()) == 1 or len(text) > LINE_CHARACTERS or len(cue.lines) == 1
    for cue, following in pairwise(cues):
        assert cue.end_seconds <= following.start_seconds
