"""Edited captions and transcripts, back onto the words: exported, edited, imported."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.core.contract import ResultFile
from runtime.core.media import AttributedWord, Sentence, Word
from runtime.corrections import edits
from runtime.corrections.alignment import pair
from runtime.corrections.captions import Format
from runtime.corrections.document import Document, document_of
from runtime.corrections.edits import Edit, EditRefusedError
from runtime.corrections.imports import import_edits
from runtime.corrections.journal import Journal
from runtime.corrections.render import corrected
from runtime.results.job_result import JobResult
from runtime.results.render.captions import srt, vtt
from runtime.results.render.text import json_bytes
from runtime.results.render.transcript import transcript_document
from tests.golden.talk import FIRST, SECOND, TALK

EXPORT: dict[Format, Callable[[JobResult], bytes]] = {
    Format.SRT: lambda result: srt(result).encode(),
    Format.VTT: lambda result: vtt(result).encode(),
    Format.JSON: lambda result: json_bytes(transcript_document(result)),
}
FOUND = document_of(TALK)
formats = pytest.mark.parametrize("form", Format)


def imported(content: bytes, form: Format, result: JobResult = TALK) -> list[Edit]:
    return import_edits(document_of(result), content, form, first_number=1, name_of=result.name_of)


def applied(made: list[Edit], result: JobResult = TALK) -> Document:
    journal = Journal().appended(made, author="ada", at=1.0)
    return journal.applied_to(document_of(result))


def edited(form: Format, *changes: tuple[str, str]) -> Document:
    """Return the document after text was replaced in an exported file."""
    text = EXPORT[form](TALK).decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return applied(imported(text.encode(), form))


def saying(*texts: str, speaker: str = FIRST) -> JobResult:
    """Return a recording of one sentence of these words."""
    words = tuple(
        AttributedWord(
            word=Word(start_seconds=float(at), end_seconds=at + 0.5, text=text, probability=0.5),
            speaker=speaker,
            confidence=1.0,
            overlap=False,
        )
        for at, text in enumerate(texts)
    )
    chapter = replace(TALK.chapters[0], sentences=(Sentence(speaker=speaker, words=words),))
    return replace(TALK, chapters=(chapter,), duration_seconds=len(texts) + 1.0)


@formats
def test_should_make_no_edit_of_an_untouched_file(form: Format) -> None:
    assert imported(EXPORT[form](TALK), form) == []
    windows = EXPORT[form](TALK).replace(b"\n", b"\r\n")
    assert imported(b"\xef\xbb\xbf" + windows, form) == []


@formats
@settings(max_examples=10, deadline=None)
@given(
    made=st.lists(
        st.tuples(
            st.integers(0, len(FOUND.words) - 1),
            st.sampled_from(["change", "delete", "insert"]),
            st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=8),
        ),
        max_size=6,
    )
)
def test_should_say_what_the_edited_file_says(
    form: Format, made: list[tuple[int, str, str]]
) -> None:
    """Edits made elsewhere, exported, are imported onto the found words as what they say."""
    journal = Journal()
    for at, kind, text in made:
        own = FOUND.words[at].id
        kinds: dict[str, Edit] = {
            "change": edits.ChangeWord(word=own, text=text),
            "delete": edits.DeleteWord(word=own),
            "insert": edits.InsertWords(after=own, text=text),
        }
        edit = kinds[kind]
        longer = journal.appended([edit], author="ada", at=1.0)
        try:
            longer.applied_to(FOUND)
        except EditRefusedError:
            continue
        journal = longer
    wanted = journal.applied_to(FOUND)
    result = corrected(TALK, wanted)
    got = applied(imported(EXPORT[form](result), form))
    assert plain(got) == plain(wanted)
    spoken = [word.speaker for word in got.words]
    assert spoken == [word.speaker for word in wanted.words]
    for word in got.words:
        assert word.start_seconds <= word.end_seconds
    for before, after in pairwise(got.words):
        assert before.start_seconds <= after.start_seconds
    found = {word.id: word for word in FOUND.words}
    for word in got.words:
        if word.id in found and not word.edited:
            assert word.found.word == found[word.id].found.word


def plain(document: Document) -> str:
    """Return what is said, without the spaces, which scripts without them do not have."""
    return "".join(word.text for word in document.words)


@pytest.mark.parametrize("form", [Format.SRT, Format.VTT])
def test_should_keep_the_time_of_a_word_that_is_written_otherwise(form: Format) -> None:
    word = FOUND.words[3]
    document = edited(form, (word.text, "hArBoR"))
    assert document.words[3].text == "hArBoR"
    assert document.words[3].author == "ada"
    assert document.words[3].start_seconds == word.start_seconds
    assert document.words[3].end_seconds == word.end_seconds
    assert document.words[:3] == FOUND.words[:3]
    assert document.words[4:] == FOUND.words[4:]


@formats
def test_should_rename_a_speaker_that_has_another_name_everywhere(form: Format) -> None:
    text = EXPORT[form](TALK).decode()
    if form is Format.JSON:
        text = text.replace(f'"{FIRST}"', f'"{SECOND}"')
        assert {word.speaker for word in applied(imported(text.encode(), form)).words} == {SECOND}
        return
    text = text.replace(TALK.name_of(FIRST), "Ada Byron & <Co>".replace("<", "(").replace(">", ")"))
    assert imported(text.encode(), form) == [
        edits.RenameSpeaker(speaker=FIRST, name="Ada Byron & (Co)")
    ]


def test_should_give_a_cue_to_a_speaker_who_is_new() -> None:
    text = EXPORT[Format.VTT](TALK).decode()
    head = f"<v {TALK.name_of(FIRST)}>"
    assert text.count(head) > 1
    document = applied(imported(text.replace(head, "<v Grace>", 1).encode(), Format.VTT))
    (label,) = [label for label, name in document.names.items() if name == "Grace"]
    assert label not in FOUND.speakers
    said = [word for word in document.words if word.speaker == label]
    cue = re.search(r"<v Grace>([^<]*)</v>", text.replace(head, "<v Grace>", 1))
    assert cue is not None
    assert [word.text for word in said] == cue[1].split()


def test_should_give_words_to_the_speaker_of_the_cue() -> None:
    text = EXPORT[Format.VTT](TALK).decode()
    first, second = (f"<v {TALK.name_of(label)}>" for label in (FIRST, SECOND))
    document = applied(imported(text.replace(first, second, 1).encode(), Format.VTT))
    assert document.words[0].speaker == SECOND
    assert document.words[0].speaker_author == "ada"
    assert not document.words[0].edited


def test_should_take_a_bracketed_line_of_the_transcript_for_words() -> None:
    result = saying("[laughs]", "so", "it", "was")
    text = srt(result).replace("[laughs] so", "[laughs]\nso")
    assert imported(text.encode(), Format.SRT, result) == []


def test_should_correct_words_of_a_script_without_spaces() -> None:
    result = saying("今天", "天气", "很好", "我们", "走吧")
    for form in (Format.SRT, Format.VTT):
        text = EXPORT[form](result).decode()
        assert imported(text.encode(), form, result) == []
        changed = imported(text.replace("天气", "心情").encode(), form, result)
        assert changed == [edits.ChangeWord(word="1", text="心情")]


def test_should_insert_a_sentence_after_the_word_before_it() -> None:
    result = saying("one", "two", "three")
    text = srt(result).replace("two", "two and then a lot more of it")
    document = applied(imported(text.encode(), Format.SRT, result), result)
    said = "one two and then a lot more of it three"
    assert [word.text for word in document.words] == said.split()
    assert document.words[1] == document_of(result).words[1]
    assert document.words[2].start_seconds >= document.words[1].end_seconds
    assert document.words[-2].end_seconds <= document.words[-1].start_seconds


def test_should_write_before_the_first_word_in_its_time() -> None:
    result = saying("one", "two")
    text = srt(result).replace("one", "well one")
    document = applied(imported(text.encode(), Format.SRT, result), result)
    assert [word.text for word in document.words] == ["well", "one", "two"]
    assert document.words[0].start_seconds == 0.0


def test_should_take_edited_sentences_or_edited_words_of_json() -> None:
    document = transcript_document(TALK)
    document["words"][0]["text"] = "WORD"
    sentence = document["sentences"][1]
    place = sentence["first_word"]
    sentence["text"] = "SENTENCE " + sentence["text"].split(" ", 1)[1]
    words = applied(imported(json_bytes(document), Format.JSON)).words
    assert (words[0].text, words[place].text) == ("WORD", "SENTENCE")
    assert sum(word.edited for word in words) == 2


def test_should_pair_words_that_are_alike() -> None:
    assert pair(["hous", "bild"], ["the", "house", "build"]) == [(0, 1), (1, 2)]
    assert pair(["a", "b"], ["c"]) in ([(0, 0)], [(1, 0)])
    assert pair(["x"] * 60, ["y"] * 60) == [(at, at) for at in range(60)]


@pytest.mark.parametrize(
    ("content", "form", "code"),
    [
        (b"", Format.SRT, "edits.unreadable_file"),
        (b"\xff\xfe", Format.SRT, "edits.unreadable_file"),
        (b"no captions", Format.VTT, "edits.unreadable_file"),
        (b"{}", Format.JSON, "edits.unreadable_file"),
        (b'{"words": [7]}', Format.JSON, "edits.unreadable_file"),
        (b'{"words": [{"text": "a", "speaker": "x"}]}', Format.JSON, "edits.bad_speaker"),
        (b'{"words": ' + b"[" * 100_000, Format.JSON, "edits.unreadable_file"),
    ],
)
def test_should_refuse_what_is_no_transcript(content: bytes, form: Format, code: str) -> None:
    with pytest.raises(EditRefusedError) as refused:
        imported(content, form)
    assert refused.value.code == code


def test_should_refuse_a_text_of_another_recording() -> None:
    words = [{"text": f"w{n}", "speaker": FIRST} for n in range(20_000)]
    long = saying(*(f"x{n}" for n in range(6_000)))
    with pytest.raises(EditRefusedError) as refused:
        imported(json.dumps({"words": words}).encode(), Format.JSON, long)
    assert refused.value.code == "edits.too_many"


def test_should_export_what_it_imports() -> None:
    assert {f"transcript.{form}" for form in Format} <= set(ResultFile)
