import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.core.media import UNKNOWN_SPEAKER, Diarization, Turn, Word
from runtime.processor.stages.attribute import SMOOTHED_CONFIDENCE, attribute
from tests.unit.processor.builders import ANNA, BEN, turn, voices, word

NO_TURNS = Diarization(turns=(), exclusive_turns=())


@st.composite
def stretches(draw: st.DrawFn) -> list[tuple[float, float]]:
    """Consecutive stretches of time, some of them without length."""
    steps = draw(st.lists(st.floats(0, 3), min_size=2, max_size=12))
    times = [0.0]
    for step in steps:
        times.append(times[-1] + step)
    return list(zip(times[::2], times[1::2], strict=False))


words = stretches().map(lambda spans: tuple(word(a, b) for a, b in spans))


@st.composite
def turns_in_turn(draw: st.DrawFn) -> tuple[Turn, ...]:
    return tuple(turn(a, b, draw(st.sampled_from([ANNA, BEN]))) for a, b in draw(stretches()))


def only(words: tuple[Word, ...], diarization: Diarization) -> tuple[str, float, bool]:
    (found,) = attribute(words, diarization)
    return found.speaker, round(found.confidence, 9), found.overlap


def test_should_give_a_word_to_who_speaks_during_it() -> None:
    who = voices(turn(0, 5, ANNA), turn(5, 9, BEN))
    found = attribute([word(1, 2), word(6, 7)], who)
    assert [(w.speaker, w.confidence, w.overlap) for w in found] == [
        (ANNA, 1.0, False),
        (BEN, 1.0, False),
    ]


def test_should_give_a_word_across_turns_to_who_has_most_of_it() -> None:
    speaker, confidence, _ = only((word(1, 2),), voices(turn(0, 1.25, ANNA), turn(1.25, 9, BEN)))
    assert (speaker, confidence) == (BEN, 0.75)


def test_should_give_an_even_split_to_who_was_heard_first() -> None:
    speaker, confidence, _ = only((word(1, 2),), voices(turn(0, 1.5, ANNA), turn(1.5, 9, BEN)))
    assert (speaker, confidence) == (ANNA, 0.5)


@pytest.mark.parametrize(
    ("start", "end", "speaker", "confidence"),
    [
        (5.5, 5.7, ANNA, 0.375),
        (7.9, 8.0, BEN, 0.5),
        (20.0, 20.5, BEN, 0.0),
        (6.4, 6.6, ANNA, 0.15),
    ],
)
def test_should_give_a_word_outside_all_turns_to_the_nearest(
    start: float, end: float, speaker: str, confidence: float
) -> None:
    who = voices(turn(1, 5, ANNA), turn(8, 9, BEN))
    assert only((word(start, end),), who) == (speaker, confidence, False)


def test_should_find_the_nearest_among_turns_that_nest() -> None:
    who = Diarization(turns=(), exclusive_turns=(turn(0, 5, ANNA), turn(1, 2, BEN)))
    assert only((word(5.5, 5.6),), who)[0] == ANNA


def test_should_count_a_word_without_length_as_a_moment() -> None:
    assert only((word(1, 1),), voices(turn(0, 2, BEN))) == (BEN, 1.0, False)


def test_should_know_no_speaker_without_turns() -> None:
    assert only((word(1, 2),), NO_TURNS) == (UNKNOWN_SPEAKER, 0.0, False)


def test_should_flag_overlapped_speech_but_not_jitter_at_a_boundary() -> None:
    who = Diarization(
        turns=(turn(0, 5, ANNA), turn(4, 9, BEN), turn(8.95, 12, ANNA)),
        exclusive_turns=(turn(0, 4.5, ANNA), turn(4.5, 9, BEN), turn(9, 12, ANNA)),
    )
    found = attribute([word(1, 2), word(4.2, 4.6), word(8.5, 9.5)], who)
    assert [w.overlap for w in found] == [False, True, False]


def test_should_not_take_one_speaker_twice_for_overlap() -> None:
    who = Diarization(turns=(turn(0, 5), turn(1, 4)), exclusive_turns=(turn(0, 5),))
    assert not only((word(2, 3),), who)[2]


def test_should_give_a_lone_weak_word_to_the_speaker_around_it() -> None:
    who = voices(turn(0, 1.3, ANNA), turn(1.3, 1.6, BEN), turn(1.8, 9, ANNA))
    found = attribute([word(0.5, 1.0), word(1.1, 1.7), word(1.8, 2.5)], who)
    assert [w.speaker for w in found] == [ANNA, ANNA, ANNA]
    assert found[1].confidence == SMOOTHED_CONFIDENCE


def test_should_leave_a_well_supported_interjection_alone() -> None:
    who = voices(turn(0, 1.1, ANNA), turn(1.1, 1.7, BEN), turn(1.8, 9, ANNA))
    found = attribute([word(0.5, 1.0), word(1.1, 1.7), word(1.8, 2.5)], who)
    assert [w.speaker for w in found] == [ANNA, BEN, ANNA]


def test_should_doubt_a_word_that_silence_runs_into() -> None:
    assert only((word(1, 2),), voices(turn(1.5, 9, ANNA))) == (ANNA, 0.75, False)


def test_should_give_a_stray_first_word_to_the_speaker_of_its_sentence() -> None:
    who = voices(turn(0, 2.15, ANNA), turn(3, 9, BEN))
    found = attribute(
        [word(1, 2, "Done."), word(2.1, 3, "All"), word(3, 4, "is"), word(4, 5, "well.")], who
    )
    assert [w.speaker for w in found] == [ANNA, BEN, BEN, BEN]
    assert found[1].confidence == SMOOTHED_CONFIDENCE


def test_should_give_a_stray_last_word_to_the_speaker_of_its_sentence() -> None:
    who = voices(turn(0, 3.0, ANNA), turn(3.8, 9, BEN))
    found = attribute(
        [word(1, 2, "All"), word(2, 3, "is"), word(3, 4, "well."), word(4, 5, "Good.")], who
    )
    assert [w.speaker for w in found] == [ANNA, ANNA, ANNA, BEN]


def test_should_let_a_well_supported_speaker_break_into_a_sentence() -> None:
    who = voices(turn(0, 2, ANNA), turn(2, 9, BEN))
    found = attribute([word(1, 2, "So"), word(2, 3, "we"), word(3, 4, "go.")], who)
    assert [w.speaker for w in found] == [ANNA, BEN, BEN]


def test_should_leave_a_weak_word_alone_that_stands_apart() -> None:
    who = voices(turn(0, 1.0, ANNA), turn(3.4, 3.6, BEN), turn(5, 9, ANNA))
    found = attribute([word(0.5, 1.0), word(3.0, 3.6), word(5.0, 5.5)], who)
    assert [w.speaker for w in found] == [ANNA, BEN, ANNA]


@given(words, turns_in_turn())
def test_should_give_every_word_a_speaker_in_order_of_time(
    said: tuple[Word, ...], turns: tuple[Turn, ...]
) -> None:
    found = attribute(said[::-1], voices(*turns))
    assert sorted(w.word.start_seconds for w in found) == [w.word.start_seconds for w in found]
    assert len(found) == len(said)
    known = {t.speaker for t in turns if t.end_seconds > t.start_seconds}
    for w in found:
        assert w.speaker in (known or {UNKNOWN_SPEAKER})
        assert 0.0 <= w.confidence <= 1.0
        assert not w.overlap
