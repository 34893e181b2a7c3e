import time
from dataclasses import replace
from io import BytesIO

import docx
import pytest

from runtime.core.media import Chapter
from runtime.documents.word import word_document
from runtime.results.warnings import NO_VIDEO
from tests.golden.talk import TALK, said


def paragraphs(content: bytes) -> list[str]:
    return [paragraph.text for paragraph in docx.Document(BytesIO(content)).paragraphs]


def test_should_hold_the_summary_with_its_times_and_all_that_was_said() -> None:
    text = paragraphs(word_document(replace(TALK, warnings=(NO_VIDEO,))))
    assert text[0] == TALK.title
    assert NO_VIDEO.message in text
    assert any(line.startswith("The railway came later") and "1:00:01" in line for line in text)
    everything = " ".join(text)
    for sentence in TALK.sentences:
        assert sentence.text in everything


def test_should_begin_a_paragraph_at_a_change_of_speaker() -> None:
    text = paragraphs(word_document(TALK))
    assert any(line.startswith("Speaker 2 [00:17] And are they") for line in text)


def test_should_divide_long_speeches() -> None:
    sentences = tuple(said("SPEAKER_00", 20.0 * i, "word " * 50) for i in range(9))
    chapter = Chapter(start_seconds=0.0, end_seconds=180.0, title="Words", sentences=sentences)
    text = paragraphs(word_document(replace(TALK, chapters=(chapter,))))
    assert sum(line.startswith("Speaker 1 [") for line in text) == 3


def test_should_give_the_same_bytes_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    first = word_document(TALK)
    later = time.localtime(2_000_000_000)
    monkeypatch.setattr(time, "localtime", lambda *_: later)
    assert word_document(TALK) == first


@pytest.mark.parametrize("text", ["a\x00b", "a\ufffeb", "\ud800", "<w:p/> & ]]>", "\u202eabc"])
def test_should_hold_any_text(text: str) -> None:
    result = replace(
        TALK, chapters=(replace(TALK.chapters[0], title=text, sentences=(said("X", 0.0, text),)),)
    )
    assert paragraphs(word_document(result))
