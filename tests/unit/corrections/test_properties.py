"""Any edits keep times in order, and undone they give the original bytes."""

import json
from itertools import pairwise

import pysubs2
import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.core.contract import ResultFile
from runtime.corrections.edits import Edit, edit_of, json_of
from runtime.corrections.journal import Journal, journal_bytes, read_journal
from tests.unit.corrections.edited_talk import (
    FOUND,
    ORIGINAL,
    OVERLAPPING,
    any_edit,
    edited,
    rendered,
    words_of,
)


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
