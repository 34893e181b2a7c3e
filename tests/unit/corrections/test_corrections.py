"""Corrections: any edits keep times in order, and undone they give the original bytes."""

import json
from dataclasses import replace
from io import BytesIO
from itertools import pairwise
from typing import Any

import docx
import pysubs2
import pytest
import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.core.contract import ResultFile
from runtime.corrections import edits
from runtime.corrections.apply import _spans
from runtime.corrections.comparison import compare
from runtime.corrections.document import Document, document_of, sentences_of
from runtime.corrections.edits import Edit, EditRefusedError, edit_of, json_of
from runtime.corrections.journal import Action, Journal, journal_bytes, read_journal
from runtime.corrections.render import corrected
from runtime.documents.files import render_documents
from runtime.results.findings import UnreadableFindingsError, findings_bytes, read_findings
from runtime.results.job_result import JobResult
from runtime.results.render.files import render_files
from tests.golden.talk import FIRST, SECOND, TALK

FOUND = document_of(TALK)


def overlapping() -> JobResult:
    """Return the talk as two people say it at once: every word lasts beyond the next one."""
    chapters = tuple(
        replace(
            chapter,
            sentences=tuple(
                replace(
                    sentence,
                    words=tuple(
                        replace(
                            said, word=replace(said.word, end_seconds=said.word.end_seconds + 0.7)
                        )
                        for said in sentence.words
                    ),
                )
                for sentence in chapter.sentences
            ),
        )
        for chapter in TALK.chapters
    )
    return replace(TALK, chapters=chapters)


OVERLAPPING = document_of(overlapping())
ORIGINAL = render_files(TALK)

BEN: dict[str, Any] = {"author": "ben", "at": 9.0}

word_ids = st.sampled_from([word.id for word in FOUND.words])
labels = st.sampled_from([FIRST, SECOND, "SPEAKER_07"])
texts = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12
).map(lambda text: " ".join(text.split()) or "x")
phrases = st.lists(texts, min_size=1, max_size=3).map(" ".join)
any_edit: st.SearchStrategy[Edit] = st.one_of(
    st.builds(edits.RenameSpeaker, speaker=labels, name=st.one_of(st.just(""), phrases)),
    st.builds(edits.MergeSpeakers, speaker=labels, into=labels),
    st.builds(edits.SplitSpeaker, speaker=labels, word=word_ids, into=labels),
    st.builds(
        edits.ReassignWords,
        words=st.lists(word_ids, min_size=1, max_size=4, unique=True).map(tuple),
        speaker=labels,
    ),
    st.builds(edits.ChangeWord, word=word_ids, text=phrases),
    st.builds(edits.InsertWords, after=word_ids, text=phrases),
    st.builds(edits.DeleteWord, word=word_ids),
    st.builds(edits.JoinWords, word=word_ids),
    st.builds(edits.StartSentence, word=word_ids),
    st.builds(edits.ContinueSentence, word=word_ids),
    st.builds(edits.ChangeTitle, text=st.one_of(st.just(""), phrases)),
    st.builds(edits.ChangeChapter, chapter=st.integers(0, 2), text=phrases),
    st.builds(
        edits.ChangeSummary,
        section=st.integers(0, 1),
        item=st.integers(0, 2),
        text=st.one_of(st.just(""), phrases),
    ),
)


def edited(journal: Journal, edit: Edit, author: str = "ada") -> Journal:
    """Return the journal with an edit, without it where it does not fit (any more)."""
    longer = journal.appended([edit], author=author, at=1.0)
    try:
        longer.applied_to(FOUND)
    except EditRefusedError:
        return journal
    return longer


def one(*given_edits: Edit) -> Document:
    return Journal().appended(given_edits, author="ada", at=1.0).applied_to(FOUND)


def rendered(journal: Journal) -> dict[str, bytes]:
    return render_files(corrected(TALK, journal.applied_to(FOUND)))


def result_of(*given_edits: Edit) -> JobResult:
    return corrected(TALK, one(*given_edits))


def words_of(document: Document) -> list[str]:
    return [word.text for word in document.words]


@settings(max_examples=25)
@given(st.lists(any_edit, max_size=12))
def test_should_give_the_original_bytes_when_all_is_undone(made: list[Edit]) -> None:
    journal = Journal()
    for edit in made:
        journal = edited(journal, edit)
    changed = rendered(journal)
    undone = journal
    while undone.active:
        undone = undone.undone(author="ada", at=2.0)
    assert rendered(undone) == ORIGINAL
    redone = undone
    for _ in journal.active:
        redone = redone.redone(author="ada", at=2.0)
    assert rendered(redone) == changed


@settings(max_examples=40)
@given(st.lists(any_edit, max_size=12))
def test_should_keep_times_in_order_and_every_format_readable(made: list[Edit]) -> None:
    journal = Journal()
    for edit in made:
        journal = edited(journal, edit)
    document = journal.applied_to(FOUND)
    for each in (document, journal.applied_to(OVERLAPPING)):
        for word in each.words:
            assert word.start_seconds <= word.end_seconds
        for before, after in pairwise(each.words):
            assert before.start_seconds <= after.start_seconds
    files = rendered(journal)
    pysubs2.SSAFile.from_string(files[ResultFile.CAPTIONS_SRT].decode())
    if document.words:
        webvtt.from_string(files[ResultFile.CAPTIONS_VTT].decode())
    transcript = json.loads(files[ResultFile.TRANSCRIPT_JSON])
    assert [word["text"] for word in transcript["words"]] == words_of(document)
    for section in json.loads(files[ResultFile.SUMMARY_JSON])["summary_sections"]:
        for item in section["items"]:
            for citation in item["citations"]:
                assert citation["segment"] < len(transcript["sentences"])


@settings(max_examples=25)
@given(any_edit, any_edit)
def test_should_end_alike_or_refuse_one_in_either_order(ours: Edit, theirs: Edit) -> None:
    """The later of two people sees an allowed outcome: both edits, or a refusal of the second."""
    for first, second in ((ours, theirs), (theirs, ours)):
        journal = edited(edited(Journal(), first, "ada"), second, "ben")
        assert [entry.edit for entry in journal.active] in (
            [first, second],
            [first],
            [second],
            [],
        )


@settings(max_examples=30)
@given(st.lists(any_edit, max_size=6))
def test_should_read_its_own_journal(made: list[Edit]) -> None:
    journal = Journal().appended(made, author="ada", at=2.5)
    if journal.entries:
        journal = journal.undone(author="ada", at=3.0)
    assert read_journal(journal_bytes(journal)) == journal
    for edit in made:
        assert edit_of(json.loads(json.dumps(json_of(edit)))) == edit


def test_should_change_nothing_without_edits() -> None:
    assert corrected(TALK, FOUND) == TALK
    assert read_findings(findings_bytes(TALK)) == TALK
    with pytest.raises(UnreadableFindingsError):
        read_findings(b"neither compressed nor JSON")


def test_should_show_a_name_everywhere() -> None:
    files = render_files(result_of(edits.RenameSpeaker(speaker=FIRST, name="Ada Byron")))
    for name in (
        ResultFile.SUMMARY_MARKDOWN,
        ResultFile.SUMMARY_JSON,
        ResultFile.TRANSCRIPT_TEXT,
        ResultFile.CAPTIONS_SRT,
        ResultFile.CAPTIONS_VTT,
    ):
        assert b"Ada Byron" in files[name]
        assert b"Speaker 1" not in files[name]


def test_should_merge_two_speakers_into_one() -> None:
    result = result_of(edits.MergeSpeakers(speaker=SECOND, into=FIRST))
    assert [speaker.label for speaker in result.speakers] == [FIRST]
    assert sum(speaker.word_count for speaker in result.speakers) == len(FOUND.words)


def test_should_split_a_speaker_from_a_word_on() -> None:
    own = [word for word in FOUND.words if word.speaker == FIRST]
    at = own[len(own) // 2]
    document = one(edits.SplitSpeaker(speaker=FIRST, word=at.id, into="SPEAKER_07"))
    labels = [word.speaker for word in document.words if word.speaker in {FIRST, "SPEAKER_07"}]
    assert labels == [FIRST] * (len(own) // 2) + ["SPEAKER_07"] * (len(own) - len(own) // 2)
    assert {word.speaker_author for word in document.words} == {None, "ada"}
    before, after = (result_of(edits.ChangeTitle(text="x")), corrected(TALK, document))
    talked = {speaker.label: speaker.talk_time_seconds for speaker in after.speakers}
    (whole,) = [each for each in before.speakers if each.label == FIRST]
    assert talked[FIRST] + talked["SPEAKER_07"] == pytest.approx(whole.talk_time_seconds)


def test_should_split_a_sentence_that_two_people_said() -> None:
    words = FOUND.words[2:4]
    result = result_of(
        edits.ReassignWords(words=tuple(word.id for word in words), speaker="SPEAKER_07")
    )
    said = [sentence for sentence in result.sentences if sentence.speaker == "SPEAKER_07"]
    assert [sentence.text for sentence in said] == [" ".join(word.text for word in words)]
    (speaker,) = [each for each in result.speakers if each.label == "SPEAKER_07"]
    assert speaker.talk_time_seconds == pytest.approx(
        words[-1].end_seconds - words[0].start_seconds
    )


def test_should_share_a_words_time_between_what_replaces_it() -> None:
    old = FOUND.words[3]
    document = one(edits.ChangeWord(word=old.id, text="har bour"))
    first, second = document.words[3:5]
    assert (first.text, second.text) == ("har", "bour")
    assert (first.start_seconds, second.end_seconds) == (old.start_seconds, old.end_seconds)
    assert first.end_seconds == second.start_seconds
    assert [first.edited, second.edited, document.words[5].edited] == [True, True, False]


def test_should_say_which_words_a_person_wrote() -> None:
    files = render_files(result_of(edits.ChangeWord(word="3", text="harbor")))
    words = json.loads(files[ResultFile.TRANSCRIPT_JSON])["words"]
    assert [at for at, word in enumerate(words) if word.get("edited")] == [3]


def test_should_insert_words_in_the_time_until_the_next() -> None:
    document = one(edits.InsertWords(after="1", text="old stone"))
    before, first, second, after = document.words[1:5]
    assert before.end_seconds <= first.start_seconds <= second.start_seconds
    assert second.end_seconds <= after.start_seconds
    assert [first.id, second.id] == ["1.0", "1.1"]


def test_should_join_words_and_move_the_start_of_a_sentence() -> None:
    joined = one(edits.JoinWords(word="0"))
    assert joined.words[0].text == FOUND.words[0].text + FOUND.words[1].text
    more = one(edits.StartSentence(word="2"))
    assert len(sentences_of(more)) == len(sentences_of(FOUND)) + 1
    back = one(edits.StartSentence(word="2"), edits.ContinueSentence(word="2"))
    assert back == FOUND


def test_should_begin_the_sentence_with_the_next_word_when_its_first_is_deleted() -> None:
    document = one(edits.DeleteWord(word="0"))
    assert document.words[0].first
    assert words_of(document) == words_of(FOUND)[1:]


def test_should_requote_and_mark_what_the_summary_rests_on() -> None:
    overview = TALK.summary.overview
    (segment,) = {citation.segment for citation in overview[0].citations}
    at = sum(len(sentence.words) for sentence in TALK.sentences[:segment])
    result = result_of(edits.ChangeWord(word=str(at), text="CORRECTED"))
    codes = {warning.code for warning in result.warnings}
    item = result.summary.overview[0]
    assert item.quoted
    assert "CORRECTED" in item.text
    assert "summary.before_corrections" in codes  # another item rests on it in its own words


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"kind": "explode"}, "edits.invalid"),
        ({"kind": "delete_word"}, "edits.invalid"),
        ({"kind": "delete_word", "word": 3}, "edits.invalid"),
        ({"kind": "change_word", "word": "0", "text": "a\u202eb"}, "edits.invalid"),
        ({"kind": "change_word", "word": "0", "text": " "}, "edits.empty"),
        ({"kind": "change_word", "word": "99999", "text": "x"}, "edits.no_such_word"),
        ({"kind": "rename_speaker", "speaker": "SPEAKER_99", "name": "x"}, "edits.no_such_speaker"),
        ({"kind": "merge_speakers", "speaker": FIRST, "into": FIRST}, "edits.same_speaker"),
        ({"kind": "reassign_words", "words": ["0"], "speaker": "x y"}, "edits.bad_speaker"),
        ({"kind": "change_chapter", "chapter": 99, "text": "x"}, "edits.no_such_chapter"),
        (
            {"kind": "change_summary", "section": 99, "item": 0, "text": "x"},
            "edits.no_such_item",
        ),
        (
            {"kind": "change_summary", "section": 0, "item": 99, "text": "x"},
            "edits.no_such_item",
        ),
        (
            {"kind": "split_speaker", "speaker": FIRST, "word": "0", "into": FIRST},
            "edits.same_speaker",
        ),
        (
            {"kind": "split_speaker", "speaker": FIRST, "word": "0", "into": "Ada"},
            "edits.bad_speaker",
        ),
    ],
)
def test_should_refuse_what_does_not_fit(wrong: dict[str, object], code: str) -> None:
    with pytest.raises(EditRefusedError) as refused:
        one(edit_of(wrong))
    assert refused.value.code == code


def test_should_have_nothing_to_undo_or_redo_at_first() -> None:
    for step in (Journal().undone, Journal().redone):
        with pytest.raises(EditRefusedError):
            step(**BEN)


def test_should_not_redo_after_another_edit() -> None:
    title = edits.ChangeTitle(text="a")
    journal = Journal().appended([title], author="ada", at=1.0).undone(**BEN)
    journal = journal.appended([edits.ChangeTitle(text="b")], author="ada", at=2.0).undone(**BEN)
    assert journal.redone(**BEN).applied_to(FOUND).title == "b"
    with pytest.raises(EditRefusedError):
        journal.redone(**BEN).redone(**BEN)


def test_should_return_to_an_earlier_revision() -> None:
    first = Journal().appended([edits.ChangeTitle(text="a")], author="ada", at=1.0)
    second = first.appended([edits.ChangeTitle(text="b")], author="ben", at=2.0)
    restored = second.as_of(first, **BEN)
    assert restored.applied_to(FOUND).title == "a"
    assert restored.revision == 3
    assert len(restored.entries) == 2


def test_should_not_let_rounding_lead_out_of_a_stretch_without_length() -> None:
    start = 4.680000000000001  # rounds to less than itself
    assert _spans(["a", "b"], start, start) == [(start, start), (start, start)]


def test_should_know_who_wrote_each_word_and_who_said_whose_it_is() -> None:
    journal = Journal().appended([edits.ChangeWord(word="0", text="x")], author="ada", at=1.0)
    words = (FOUND.words[1].id,)
    journal = journal.appended(
        [edits.ReassignWords(words=words, speaker="SPEAKER_07")], author="ben", at=2.0
    )
    first, second, third = journal.applied_to(FOUND).words[:3]
    assert (first.author, first.speaker_author) == ("ada", None)
    assert (second.author, second.speaker_author) == (None, "ben")
    assert (third.author, third.speaker_author) == (None, None)


def test_should_undo_and_redo_an_import_as_one() -> None:
    titles = [edits.ChangeTitle(text=text) for text in ("a", "b", "c")]
    journal = Journal().appended(titles[:1], author="ada", at=1.0)
    journal = journal.appended(titles[1:], author="ada", at=2.0, action=Action.IMPORT)
    undone = journal.undone(**BEN)
    assert undone.applied_to(FOUND).title == "a"
    redone = undone.redone(**BEN)
    assert redone.applied_to(FOUND).title == "c"
    assert not redone.can_redo
    assert [(change.action, change.author, change.edits) for change in redone.history] == [
        (Action.EDITS, "ada", 1),
        (Action.IMPORT, "ada", 3),
        (Action.UNDO, "ben", 1),
        (Action.REDO, "ben", 3),
    ]


def test_should_read_a_journal_of_before_history_was_kept() -> None:
    document = json.loads(journal_bytes(Journal().appended([], author="ada", at=1.0)))
    del document["history"]
    assert read_journal(json.dumps(document).encode()).history == ()


def test_should_compare_two_documents() -> None:
    changed = one(
        edits.RenameSpeaker(speaker=FIRST, name="Ada"),
        edits.ChangeTitle(text="At sea"),
        edits.ChangeWord(word="0", text="Harbour"),
        edits.InsertWords(after="1", text="old"),
        edits.DeleteWord(word="4"),
        edits.StartSentence(word="3"),
        edits.ChangeSummary(section=0, item=0, text=""),
    )
    found = compare(FOUND, changed, TALK.summary)
    assert found.title is not None
    assert (found.title.before, found.title.after) == (None, "At sea")
    assert [(each.place, each.before, each.after) for each in found.names] == [(FIRST, None, "Ada")]
    assert [(each.kind, each.word) for each in found.words] == [
        ("changed", "0"),
        ("added", "4.0"),
        ("removed", "4"),
    ]
    assert found.sentences == ("3",)
    assert [(each.place, each.after) for each in found.summary] == [("0.0", None)]
    assert compare(changed, changed, TALK.summary).words == ()


def test_should_name_speakers_in_the_word_document() -> None:
    files = render_documents(result_of(edits.RenameSpeaker(speaker=FIRST, name="Ada Byron")))
    text = "\n".join(
        each.text for each in docx.Document(BytesIO(files[ResultFile.TRANSCRIPT_WORD])).paragraphs
    )
    assert "Ada Byron" in text
    assert "Speaker 1" not in text
    assert render_documents(corrected(TALK, FOUND)) == render_documents(TALK)
