"""What single corrections make of a document, its journal and its files."""

import json
from io import BytesIO

import docx
import pytest

from runtime.core.contract import ResultFile
from runtime.corrections import edits
from runtime.corrections.apply import _spans
from runtime.corrections.comparison import compare
from runtime.corrections.document import sentences_of
from runtime.corrections.edits import EditRefusedError, edit_of
from runtime.corrections.journal import Action, Journal, journal_bytes, read_journal
from runtime.corrections.render import corrected
from runtime.documents.files import render_documents
from runtime.results.findings import UnreadableFindingsError, findings_bytes, read_findings
from runtime.results.render.files import render_files
from tests.golden.talk import FIRST, SECOND, TALK
from tests.unit.corrections.edited_talk import BEN, FOUND, one, result_of, words_of


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
