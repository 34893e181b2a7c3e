"""Any edits of the golden talk, and what they make of it."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from runtime.corrections import edits
from runtime.corrections.document import Document, document_of
from runtime.corrections.edits import Edit, EditRefusedError
from runtime.corrections.journal import Journal
from runtime.corrections.render import corrected
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
