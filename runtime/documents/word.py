"""`transcript.docx`: summary and transcript as a Word document."""

import re
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from runtime.core.safe_text import one_line
from runtime.core.summary import SectionName, SummaryItem
from runtime.results.job_result import JobResult
from runtime.results.render.text import clock, duration

if TYPE_CHECKING:
    from docx.document import Document

WORD_LISTS = (SectionName.KEYWORDS, SectionName.NAMES)
MADE_AT = datetime(2000, 1, 1, tzinfo=UTC)
"""The same for every document: the same result gives the same bytes."""

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_NOT_XML = re.compile("[\ufffe\uffff]")
LONGEST_SPEECH_WORDS = 120
"""A longer speech by one speaker is divided into paragraphs, each with its time."""


def word_document(result: JobResult) -> bytes:
    """Return the document: title, summary with citations, chapters, then all that was said.

    Times are text, because a document does not know where its video is.
    """
    import docx  # noqa: PLC0415 - takes a quarter of a second, and jobs without words need none

    document: Document = docx.Document()
    properties = document.core_properties
    properties.author, properties.title = "", _text(result.title)
    properties.created = properties.modified = MADE_AT
    properties.comments = ""
    document.add_heading(_text(result.title), level=0)
    facts = [duration(result.duration_seconds)]
    facts += [speaker.name for speaker in result.speakers]
    document.add_paragraph(_text(", ".join(facts)))
    for warning in result.warnings:
        document.add_paragraph(_text(warning.message), style="Intense Quote")
    _add_summary(document, result)
    _add_transcript(document, result)
    buffer = BytesIO()
    document.save(buffer)
    return _without_times(buffer.getvalue())


def _add_summary(document: "Document", result: JobResult) -> None:
    for section in result.summary.sections:
        document.add_heading(_text(section.title), level=1)
        if section.name in WORD_LISTS:
            document.add_paragraph(
                "; ".join(f"{_text(item.text)} ({_times(item)})" for item in section.items)
            )
            continue
        for item in section.items:
            paragraph = document.add_paragraph(style="List Bullet")
            paragraph.add_run(_text(item.text))
            paragraph.add_run(f" ({_text(', '.join(_notes(item, result)))})").italic = True


def _notes(item: SummaryItem, result: JobResult) -> Sequence[str]:
    notes = [_times(item)]
    if item.quoted:
        notes.append(result.name_of(item.first.speaker))
    if item.owner and item.owner != item.first.speaker:
        notes.append(f"who: {result.name_of(item.owner)}")
    if item.due:
        notes.append(f"when: {item.due}")
    return notes


def _times(item: SummaryItem) -> str:
    return ", ".join(dict.fromkeys(clock(each.start_seconds) for each in item.citations))


def _add_transcript(document: "Document", result: JobResult) -> None:
    for chapter in result.chapters:
        document.add_heading(f"{_text(chapter.title)} ({clock(chapter.start_seconds)})", level=1)
        speaker, words, paragraph = "", 0, None
        for sentence in chapter.sentences:
            if paragraph is None or sentence.speaker != speaker or words > LONGEST_SPEECH_WORDS:
                speaker, words = sentence.speaker, 0
                paragraph = document.add_paragraph()
                head = f"{result.name_of(speaker)} [{clock(sentence.start_seconds)}]"
                paragraph.add_run(_text(head)).bold = True
            words += len(sentence.words)
            paragraph.add_run(f" {_text(sentence.text)}")


def _text(text: str) -> str:
    """Return text that XML can hold, on one line."""
    return _NOT_XML.sub("\ufffd", one_line(text))


def _without_times(content: bytes) -> bytes:
    """Return a zip archive with the same files in the same order, all of the same time."""
    result = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(content)) as given,
        zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for info in given.infolist():
            fresh: Any = zipfile.ZipInfo(info.filename, date_time=_ZIP_TIME)
            fresh.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(fresh, given.read(info))
    return result.getvalue()
