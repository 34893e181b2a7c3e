import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.core.media import Sentence
from runtime.core.summary import SectionName, Summary
from runtime.processor.summaries.extractive import ExtractiveSummarizer, summary_length
from tests.unit.processor.builders import ANNA, BEN
from tests.unit.processor.summaries.requests import request_of, talk


def summary_of(said: tuple[Sentence, ...], *starts: int, **given: object) -> Summary:
    request = request_of(said, *starts, **given)  # type: ignore[arg-type]
    return ExtractiveSummarizer().summarize(request, lambda _: None)


def overview(said: tuple[Sentence, ...], *starts: int, **given: object) -> list[str]:
    return [item.text for item in summary_of(said, *starts, **given).overview]


def texts(summary: Summary, name: SectionName) -> list[str]:
    return [item.text for item in summary.section(name)]


CENTRAL = "The harbour walls protect the harbour boats."
SAID = talk(
    "The boats lie in the harbour.",
    "Lunch was rather late again today.",
    CENTRAL,
    "Somebody left this green umbrella behind.",
    "The walls protect what is inside.",
)


def test_should_choose_the_sentence_that_the_others_are_about() -> None:
    assert overview(SAID) == [CENTRAL]


def test_should_cite_where_and_by_whom_it_was_said() -> None:
    (item,) = summary_of(SAID).overview
    (cited,) = item.citations
    said = SAID[2]
    assert item.quoted
    assert (cited.segment, cited.start_seconds, cited.end_seconds, cited.speaker) == (
        2,
        said.start_seconds,
        said.end_seconds,
        said.speaker,
    )


def test_should_not_repeat_itself() -> None:
    railway = "The railway carries slate to the coast."
    said = talk(CENTRAL, CENTRAL, CENTRAL, railway, "The coast buys slate.", railway)
    chosen = overview(said)
    assert chosen.count(CENTRAL) == 1
    assert len(set(chosen)) == len(chosen) == 2


def test_should_prefer_what_says_more_among_equals() -> None:
    telling = "Fishermen built granite harbour walls against heavy winter storms."
    said = talk(telling, "Well, as it was said, there it is then.", "So it is.")
    assert overview(said) == [telling]


def test_should_quote_no_courtesies_and_no_fillers() -> None:
    said = talk(
        "Thank you very much for the harbour tour today.",
        "The harbour walls keep the boats safe.",
        "I think so, that is how it is.",
    )
    assert overview(said) == [said[1].text]


def test_should_cover_every_chapter() -> None:
    railway = "The railway carries slate from the hills."
    said = talk(
        *(f"The harbour has {age} boats and walls." for age in ("old", "new", "worn", "fine")),
        "The harbour has wide boats and walls.",
        railway,
    )
    assert railway in overview(said, 5)


def test_should_write_in_order_of_time() -> None:
    said = talk(*(f"The harbour number {i} has walls of stone {i * 7}." for i in range(30)))
    starts = [item.first.start_seconds for item in summary_of(said, seconds=1200.0).overview]
    assert starts == sorted(starts)


@pytest.mark.parametrize(
    "fragment",
    ["The harbour walls.", "of the harbour walls and harbour boats.", "The harbour walls and the"],
)
def test_should_prefer_whole_sentences(fragment: str) -> None:
    said = talk(fragment, "The harbour is old and grey.", fragment, "The harbour walls are strong.")
    assert fragment not in overview(said)


def test_should_take_fragments_where_there_is_nothing_else() -> None:
    assert overview(talk("and so", "well")) != []


@pytest.mark.parametrize(
    ("minutes", "sentences", "expected"),
    [(2, 100, 5), (15, 100, 9), (60, 500, 15), (60, 9, 3), (1, 2, 1), (1, 1, 1), (1, 0, 0)],
)
def test_should_grow_with_the_video_but_slowly(
    minutes: float, sentences: int, expected: int
) -> None:
    assert summary_length(minutes * 60, sentences) == expected


@given(st.lists(st.text("ab ", min_size=1).filter(str.strip), min_size=1, max_size=20))
def test_should_print_only_what_was_said_there(said: list[str]) -> None:
    sentences = talk(*said)
    summary = summary_of(sentences)
    assert summary.overview
    for section in summary.sections:
        for item in section.items:
            assert item.citations
            if item.quoted:
                assert item.text == sentences[item.first.segment].text


def test_should_find_decisions_and_tasks_with_who_and_when() -> None:
    said = talk(
        "We agreed to freeze the new contracts.",
        "I will send the corrected plan by Friday.",
        "The weather on the coast was fine.",
    )
    summary = summary_of(said)
    assert texts(summary, SectionName.DECISIONS) == [said[0].text]
    (task,) = summary.section(SectionName.ACTION_ITEMS)
    assert (task.text, task.owner, task.due) == (said[1].text, BEN, "by Friday")


def test_should_list_questions_that_say_something() -> None:
    said = talk(
        "Really?", "Who approves the invoices in August?", "The controller approves every invoice."
    )
    assert texts(summary_of(said), SectionName.OPEN_QUESTIONS) == [said[1].text]


def test_should_list_names_with_their_mentions() -> None:
    said = talk(
        "We sailed from Port Ellen to Oslo.",
        "The harbour of Port Ellen is old.",
        "Slate is mined there.",
        "We like slate.",
    )
    names = summary_of(said).section(SectionName.NAMES)
    assert [(name.text, [c.segment for c in name.citations]) for name in names] == [
        ("Port Ellen", [0, 1]),
        ("Oslo", [0]),
    ]


def test_should_find_no_names_in_german_nouns() -> None:
    said = talk("Wir sahen den Hafen und die Burg.", "Dann kam der Zug.")
    assert texts(summary_of(said, language="de"), SectionName.NAMES) == []


def test_should_quote_the_one_who_is_interviewed() -> None:
    said = talk(
        *("The slate of the quarry is heavy and grey.", "And the railway, when was it built?") * 1,
        *("The railway came in the year of the storm.", "Was it expensive to build it then?"),
        *("Nine hundred workers laid the rails in winter.", "What happened to the old harbour?"),
        *("Boats carried the slate across the bay before.", "How long did that journey take them?"),
    )
    quotes = summary_of(said, kind="interview", seconds=30.0).section(SectionName.QUOTES)
    assert quotes
    assert {quote.first.speaker for quote in quotes} == {ANNA}


def test_should_show_a_sentence_in_one_section_only() -> None:
    said = talk("We agreed to build the harbour walls.", "They did.", "So be it.")
    summary = summary_of(said)
    assert texts(summary, SectionName.OVERVIEW) == [said[0].text]
    assert texts(summary, SectionName.DECISIONS) == []


def test_should_summarize_silence_by_nothing() -> None:
    summary = summary_of(())
    assert (summary.sections, summary.kind) == ((), "")
