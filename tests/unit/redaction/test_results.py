"""A result without personal data: rendered by the same code, with the same times."""

import json
from dataclasses import replace

from runtime.core.media import Chapter, Sentence
from runtime.core.summary import Summary, SummarySection
from runtime.redaction.results import MARGIN_SECONDS, Redacted, redacted
from runtime.results.job_result import Corrections, JobResult
from runtime.results.render.files import render_files
from tests.golden.talk import FIRST, SECOND, TALK, quote, said

CARD = said(FIRST, 10.0, "My card is 4111 1111.", each=0.5)
REST = said(FIRST, 13.0, "1111 1111, and thanks.", each=0.5)
ANSWER = said(SECOND, 20.0, "Ada is at ada@example.com today.", each=0.5)
SECRETS = ("4111", "1111", "ada@example.com")


def result(*sentences: Sentence, title: str = "Any title 4111 1111") -> JobResult:
    chapter = Chapter(start_seconds=0.0, end_seconds=60.0, title=title, sentences=sentences)
    items = tuple(quote(at, sentence) for at, sentence in enumerate(sentences))
    section = SummarySection(name="overview", title="Overview", items=items)
    return replace(TALK, chapters=(chapter,), summary=Summary(sections=(section,)), turns=())


def texts(made: Redacted) -> list[str]:
    return [sentence.text for sentence in made.result.sentences]


def test_should_find_a_number_across_sentences_and_keep_their_places() -> None:
    made = redacted(result(CARD, REST, ANSWER))
    assert texts(made) == ["My card is [card],", "and thanks.", "Ada is at [mail] today."]
    assert made.counts == {"card": 1, "mail": 1}
    first, second = made.times
    assert first.start_seconds == 11.5 - MARGIN_SECONDS
    assert first.end_seconds == 14.0 - 0.02 + MARGIN_SECONDS
    assert second.start_seconds == 21.5 - MARGIN_SECONDS


def test_should_leave_nothing_in_any_rendered_file() -> None:
    files = render_files(redacted(result(CARD, REST, ANSWER)).result)
    for name, content in files.items():
        assert [secret for secret in SECRETS if secret.encode() in content] == [], name
    document = json.loads(files["transcript.json"])
    starts = [each["start_seconds"] for each in document["sentences"]]
    assert starts == sorted(starts)


def test_should_keep_a_sentence_of_which_nothing_is_left() -> None:
    alone = said(FIRST, 13.0, "1111 1111", each=0.5)
    made = redacted(result(CARD, alone, ANSWER))
    assert texts(made)[1] == "\u2026"
    assert len(made.result.sentences) == 3, "citations keep their indexes"


def test_should_not_name_people() -> None:
    named = replace(
        result(ANSWER), corrections=Corrections(names={SECOND: "Ada"}, title="Talk with Ada")
    )
    made = redacted(named)
    assert texts(made) == ["[name] is at [mail] today."]
    assert made.result.title == "Talk with [name]"
    assert made.result.name_of(SECOND) == "Speaker 2"


def test_should_change_nothing_where_there_is_nothing() -> None:
    plain = result(said(FIRST, 1.0, "Nothing to hide here."), title="Plain")
    made = redacted(plain)
    assert (made.times, made.counts) == ((), {})
    assert made.result.chapters == plain.chapters
