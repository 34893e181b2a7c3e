"""Corrections over a later run: what fits is carried, what does not is kept as a note."""

from dataclasses import replace
from typing import Any

import pytest

from runtime.corrections import edits
from runtime.corrections.carrying import carry
from runtime.corrections.document import Document, document_of
from runtime.corrections.edits import Edit, EditRefusedError
from runtime.corrections.journal import Action, Journal
from runtime.results.job_result import JobResult
from tests.golden.talk import FIRST, SECOND, TALK

FOUND = document_of(TALK)
ADA: dict[str, Any] = {"author": "ada", "at": 1.0}
BEN: dict[str, Any] = {"author": "ben", "at": 2.0}

MADE: list[Edit] = [
    edits.RenameSpeaker(speaker=FIRST, name="Ada"),
    edits.ChangeWord(word="1", text="old stone"),
    edits.InsertWords(after="1.0", text="grey"),
    edits.DeleteWord(word="5"),
    edits.ChangeTitle(text="At sea"),
]
# The second word of the change gets the number of its edit.
MADE[2] = edits.InsertWords(after="2.0", text="grey")


def later(
    *, first: str | None = None, labels: tuple[str, str] = (FIRST, SECOND), shift: float = 0.0
) -> JobResult:
    """Return what a later run found: another first word, swapped labels, other times."""
    swap = dict(zip((FIRST, SECOND), labels, strict=True))
    at = -1
    chapters = []
    for chapter in TALK.chapters:
        sentences = []
        for sentence in chapter.sentences:
            words = []
            for said in sentence.words:
                at += 1
                word = replace(
                    said.word,
                    text=first if first and at == 0 else said.word.text,
                    start_seconds=said.word.start_seconds + shift,
                    end_seconds=said.word.end_seconds + shift,
                )
                words.append(replace(said, word=word, speaker=swap[said.speaker]))
            sentences.append(replace(sentence, speaker=swap[sentence.speaker], words=tuple(words)))
        chapters.append(replace(chapter, sentences=tuple(sentences)))
    turns = tuple(replace(turn, speaker=swap[turn.speaker]) for turn in TALK.turns)
    return replace(TALK, chapters=tuple(chapters), turns=turns)


def texts(document: Document) -> list[str]:
    return [word.text for word in document.words]


def corrected() -> Journal:
    return Journal().appended(MADE, **ADA)


def test_should_carry_everything_where_the_same_was_found() -> None:
    carried = carry(Journal(), corrected(), TALK, later(), **BEN)
    assert texts(carried.applied_to(FOUND)) == texts(corrected().applied_to(FOUND))
    assert [entry.author for entry in carried.entries] == ["ada"] * len(MADE)
    assert carried.history[-1].action is Action.CARRY
    assert carried.history[-1].author == "ben"
    assert carried.undone(**BEN).applied_to(FOUND) == FOUND


def test_should_follow_words_and_speakers_to_where_they_are() -> None:
    found = later(first="Another word,", labels=(SECOND, FIRST))
    earlier = corrected()
    own = Journal().appended([edits.ChangeTitle(text="Mine")], **BEN).undone(**BEN)
    carried = carry(own, earlier, TALK, found, **BEN)
    document = carried.applied_to(document_of(found))
    assert document.names == {SECOND: "Ada"}
    assert "old stone grey" in " ".join(texts(document))
    assert not any(entry.dropped for entry in carried.entries)


def test_should_note_what_does_not_fit_any_more() -> None:
    first = edits.ChangeWord(word="0", text="x")
    after = edits.InsertWords(after="0", text="y")
    earlier = Journal().appended([first, after, MADE[0]], **ADA)
    carried = carry(Journal(), earlier, TALK, later(first="Entirely-other"), **BEN)
    assert [(entry.edit, entry.dropped) for entry in carried.entries] == [
        (first, True),
        (after, True),
        (MADE[0], False),
    ]
    assert [entry.edit for entry in carried.active] == [MADE[0]]
    assert carried.undone(**BEN).redone(**BEN).active == carried.active


def test_should_not_take_a_word_for_the_same_at_another_time() -> None:
    carried = carry(Journal(), corrected(), TALK, later(shift=30.0), **BEN)
    dropped = [entry.edit for entry in carried.entries if entry.dropped]
    assert dropped == [MADE[1], MADE[2], MADE[3]]


def test_should_refuse_to_carry_nothing() -> None:
    with pytest.raises(EditRefusedError) as refused:
        carry(Journal(), corrected().as_of(Journal(), **ADA), TALK, TALK, **BEN)
    assert refused.value.code == "edits.nothing_to_carry"
