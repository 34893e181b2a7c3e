from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.summaries.mutations import all_transcripts, good_sentences, mutations
from runtime.processor.summaries.grounding import (
    MAX_CITATIONS,
    Claim,
    Transcript,
    grounded_item,
    problems_of,
)
from runtime.processor.summaries.vocabulary import ordinary_words
from tests.unit.processor.builders import ANNA
from tests.unit.processor.summaries.requests import talk

SAID = talk(
    "The council in Bergen approved four hundred million for the tram in March 2019.",
    "I will send the plan to everyone on Monday, see https://example.org/plan for more.",
    "The workshop in Oslo needs space for twenty-two trams.",
    "We never agreed to close the old harbour line.",
)
TRANSCRIPT = Transcript(SAID, language="en")


def problems(text: str, *segments: int, **fields: object) -> list[str]:
    claim = Claim(text=text, segments=segments, **fields)  # type: ignore[arg-type]
    return problems_of(claim, TRANSCRIPT, range(4))


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("In March 2019 the council in Bergen approved 400 million for the tram.", (0,)),
        ("The council approved four hundred million.", (0,)),
        ("Speaker 2 will send the plan to everyone on Monday.", (1,)),
        ("The workshop needs space for 22 trams.", (2,)),
        ('Speaker 2 said that they "never agreed to close" the harbour line.', (3,)),
        ("The tram and its workshop in Oslo are planned.", (0, 2)),
        ("The plan is at https://example.org/plan and was sent to everyone.", (1,)),
    ],
)
def test_should_accept_what_its_segments_say(text: str, segments: tuple[int, ...]) -> None:
    assert problems(text, *segments) == []


@pytest.mark.parametrize(
    ("text", "segments", "problem"),
    [
        ("", (0,), "empty"),
        ("The council approved the tram.", (), "cites no segment"),
        ("The council approved the tram.", (9,), "no segment 9"),
        ("The council approved the tram.", (-1,), "no segment -1"),
        ("The council approved 500 million for the tram.", (0,), "number 500"),
        ("The council approved the tram in April 2019.", (0,), "date april"),
        ("The council in Oslo approved the tram.", (0,), "name Oslo"),
        ("Stockholm approved the tram of the council.", (0,), "name Stockholm"),
        ("Speaker 1 will send the plan to everyone.", (1,), "SPEAKER_00 does not speak"),
        ('The council said "we approve the tram".', (0,), "quote we approve the tram"),
        ("The plan is at https://example.net/plan for everyone.", (1,), "address"),
        ("The council approved the tram.", (2,), "something else"),
        ("The council never approved the tram.", (0,), "denies"),
        ("x" * 601, (0,), "more than 600"),
    ],
)
def test_should_reject_what_its_segments_do_not_say(
    text: str, segments: tuple[int, ...], problem: str
) -> None:
    assert problem in "; ".join(problems(text, *segments))


def test_should_reject_citations_outside_the_scope() -> None:
    claim = Claim(text="The workshop needs space for 22 trams.", segments=(2,))
    assert "outside" in problems_of(claim, TRANSCRIPT, range(2))[0]


def test_should_reject_a_sentence_that_cites_everything() -> None:
    said = talk(*["The tram is late."] * (MAX_CITATIONS + 1))
    claim = Claim(text="The tram is late.", segments=tuple(range(len(said))))
    assert problems_of(claim, Transcript(said, language="en"), range(99))


def test_should_reject_quotes_that_are_not_verbatim() -> None:
    assert problems("We never agreed to close the old line.", 3, quoted=True)
    assert problems("we never agreed to close the old harbour line", 3, quoted=True) == []


def test_should_check_who_does_a_task_and_when() -> None:
    text = "The plan is sent to everyone."
    assert problems(text, 1, owner="Speaker 2", due="on Monday") == []
    assert problems(text, 1, owner="Speaker 1")
    assert problems(text, 1, owner="Stockholm")
    assert problems(text, 1, due="on Friday")


def test_should_compare_a_translation_by_numbers_names_and_speakers() -> None:
    transcript = Transcript(SAID, language="en", is_translated=True)

    def found(text: str, *segments: int) -> list[str]:
        return problems_of(Claim(text=text, segments=segments), transcript, range(4))

    assert found("Der Rat in Bergen bewilligte 400 Millionen f\u00fcr die Bahn.", 0) == []
    assert found("Der Rat in Oslo bewilligte die Bahn.", 0)
    assert found("Der Rat bewilligte 401 Millionen.", 0)
    assert found("Speaker 1 schickt den Plan.", 1)


def test_should_compare_scripts_without_spaces() -> None:
    said = talk("\u4eca\u65e5\u306f\u6771\u4eac\u3067\u4f1a\u8b70\u3057\u307e\u3059\u3002")
    transcript = Transcript(said, language="ja")
    good = Claim(text="\u6771\u4eac\u3067\u4f1a\u8b70\u3057\u307e\u3059\u3002", segments=(0,))
    other = Claim(
        text="\u5927\u962a\u306b\u884c\u304d\u305f\u3044\u3068\u601d\u3046\u3002", segments=(0,)
    )
    assert problems_of(good, transcript, range(1)) == []
    assert problems_of(other, transcript, range(1))


def test_should_cite_in_order_of_time_and_each_passage_once() -> None:
    item = grounded_item(Claim(text=" Two  trams. ", segments=(2, 0, 2)), SAID)
    assert [c.segment for c in item.citations] == [0, 2]
    assert (item.text, item.first.speaker) == ("Two trams.", ANNA)


@pytest.mark.models
def test_should_reject_falsified_sentences_and_keep_good_ones(models: Path) -> None:
    good = good_sentences()
    ordinary = ordinary_words(models / "whisper-base")
    transcripts = {
        topic: Transcript(said, language="en", ordinary=ordinary)
        for topic, said in all_transcripts().items()
    }
    lost = [g for g in good if problems_of(g.claim, transcripts[g.topic], range(99))]
    assert len(lost) < 0.02 * len(good)
    falsified = mutations(500, seed=7)
    caught = [m for m in falsified if problems_of(m.claim, transcripts[m.good.topic], range(99))]
    assert len(caught) >= 0.95 * len(falsified)


@pytest.mark.models
def test_should_know_words_from_names(models: Path) -> None:
    ordinary = ordinary_words(models / "whisper-base")
    assert {"heavy", "taking", "nowadays", "added", "plusieurs"} <= ordinary
    assert not {"berlin", "maria", "ahmed", "fleming", "kepler", "oslo"} & ordinary


def test_should_know_no_words_without_a_vocabulary(tmp_path: Path) -> None:
    assert ordinary_words(tmp_path) == frozenset()
    claim = Claim(text="Taking the tram is quick.", segments=(0,))
    said = talk("You take the tram, which is quick.")
    assert problems_of(claim, Transcript(said, language="en"), range(1))
    known = Transcript(said, language="en", ordinary=frozenset({"taking"}))
    assert problems_of(claim, known, range(1)) == []


def test_should_accept_what_is_derived_from_a_name() -> None:
    transcript = Transcript(talk("Farmers in Colombia grow coffee."), language="en")
    good = Claim(text="Coffee is grown by Colombian farmers.", segments=(0,))
    false = Claim(text="Coffee is grown by Brazilian farmers.", segments=(0,))
    assert problems_of(good, transcript, range(1)) == []
    assert problems_of(false, transcript, range(1))


def test_should_deny_what_is_denied_in_other_words_or_left_open() -> None:
    said = talk("In fog the light is useless.", "Who gives the first speech?", "Run slowly enough.")
    transcript = Transcript(said, language="en")
    for segment, text in (
        (0, "In fog the light is not of use."),
        (1, "It is not settled who gives the first speech."),
        (2, "Do not run faster than slowly enough."),
    ):
        assert problems_of(Claim(text=text, segments=(segment,)), transcript, range(3)) == []


@given(st.text(max_size=80), st.lists(st.integers(-2, 6), max_size=4))
def test_should_judge_any_text(text: str, segments: list[int]) -> None:
    found = problems(text, *segments)
    assert found or all(0 <= segment < len(SAID) for segment in segments)
