"""`summary.md`: the result as a page for people."""

import re
from collections.abc import Iterable, Sequence

from runtime.core.contract import ResultFile
from runtime.core.languages import LANGUAGE_NAMES
from runtime.core.media import Chapter
from runtime.core.safe_text import one_line
from runtime.core.summary import EXTRACTIVE, SectionName, SummaryItem
from runtime.results.job_result import JobResult, Speaker
from runtime.results.render.text import clock, duration

_MARKUP = re.compile(r"([\\`*_\[\]<>|#~&])")


def markdown(result: JobResult) -> str:
    """Return the page: at a glance, summary with citations, chapters, speakers, how to read it."""
    sections = [
        f"# {_plain(result.title)}",
        _at_a_glance(result),
        *(f"> **Note:** {_plain(warning.message)}" for warning in result.warnings),
        *_summary(result),
        *_chapters(result.chapters),
        *_speakers(result.speakers),
        _how_to_read(result),
    ]
    return "\n\n".join(sections) + "\n"


def _at_a_glance(result: JobResult) -> str:
    video = result.media.video
    picture = (
        f"{video.width} x {video.height}, {_count(len(result.scenes), 'scene')}" if video else ""
    )
    languages = [LANGUAGE_NAMES.get(code, code) for code, _ in result.languages]
    facts = {
        "Length": duration(result.duration_seconds),
        "Language": ", ".join(languages),
        "Speakers": ", ".join(speaker.name for speaker in result.speakers),
        "Chapters": str(len(result.chapters) or ""),
        "Picture": picture,
    }
    names = [name for name, value in facts.items() if value]
    return _table(names, [[facts[name] for name in names]])


def _summary(result: JobResult) -> list[str]:
    parts = []
    for section in result.summary.sections:
        heading = "Summary" if section.name == SectionName.OVERVIEW else _plain(section.title)
        if section.name in _LISTED:
            body = ", ".join(
                f"{_plain(item.text)} {_cited(item, result)}" for item in section.items
            )
        else:
            body = "\n".join(_line(item, result) for item in section.items)
        parts += [f"## {heading}", body]
    return parts


_LISTED = (SectionName.KEYWORDS, SectionName.NAMES)
"""Sections of single words."""


def _line(item: SummaryItem, result: JobResult) -> str:
    notes = []
    if item.quoted:
        notes.append(result.name_of(item.first.speaker))
    if item.owner and item.owner != item.first.speaker:
        notes.append(f"who: {result.name_of(item.owner)}")
    if item.due:
        notes.append(f"when: {item.due}")
    text = f"- {_cited(item, result)} {_plain(item.text)}"
    return f"{text} *({_plain(', '.join(notes))})*" if notes else text


def _cited(item: SummaryItem, result: JobResult) -> str:
    """Return the times of what an item rests on, as links that seek where there is sound."""
    times = dict.fromkeys(int(citation.start_seconds) for citation in item.citations)
    if result.has_file(ResultFile.PLAYER_AUDIO):
        links = (f"[{clock(at)}]({ResultFile.PLAYER_AUDIO}#t={at})" for at in times)
    else:
        links = (f"[{clock(at)}]" for at in times)
    return "**" + " ".join(links) + "**"


def _chapters(chapters: Sequence[Chapter]) -> list[str]:
    if not chapters:
        return []
    rows = [
        [
            clock(chapter.start_seconds),
            _plain(chapter.title),
            # Between the times as shown, so that start and length add up for the reader.
            duration(int(chapter.end_seconds) - int(chapter.start_seconds)),
        ]
        for chapter in chapters
    ]
    return ["## Chapters", _table(["Start", "Chapter", "Length"], rows)]


def _speakers(speakers: Sequence[Speaker]) -> list[str]:
    if not speakers:
        return []
    total = sum(speaker.talk_time_seconds for speaker in speakers)
    rows = [
        [
            speaker.name,
            duration(speaker.talk_time_seconds),
            f"{speaker.talk_time_seconds / total:.0%}" if total else "",
            str(speaker.word_count),
            str(speaker.interruption_count),
        ]
        for speaker in speakers
    ]
    columns = ["Speaker", "Talk time", "Share", "Words", "Interruptions"]
    if not any(speaker.interruption_count for speaker in speakers):
        rows, columns = [row[:-1] for row in rows], columns[:-1]
    return ["## Speakers", _table(columns, rows)]


def _how_to_read(result: JobResult) -> str:
    files = {
        ResultFile.SUMMARY_JSON: "all of this page and more, for programs",
        ResultFile.TRANSCRIPT_JSON: "every word with its time, speaker and confidence "
        "(for people `transcript.txt`, for spreadsheets `transcript.tsv`)",
        ResultFile.CAPTIONS_VTT: "subtitles with speakers, for a player (also as `transcript.srt`)",
        ResultFile.SCENES_JSON: "where the picture cuts",
        ResultFile.CONTACT_SHEET: "the scenes at a glance (one by one in `thumbnails/`)",
        ResultFile.PLAYER_AUDIO: "the sound alone",
    }
    made = (ResultFile.CONTACT_SHEET, ResultFile.PLAYER_AUDIO)
    listed = "\n".join(
        f"- `{name}`: {what}"
        for name, what in files.items()
        if name not in made or result.has_file(name)
    )
    return (
        "## How to read this\n\n"
        f"{_origin(result)} Times count from the start of the video, and a click on one plays the "
        "sound from there. "
        "Speakers are told apart by voice and numbered in the order they are first heard; their "
        f"names are not known.{_interruptions_explained(result)}\n\n"
        f"Beside this page lie:\n\n{listed}"
    )


def _origin(result: JobResult) -> str:
    if result.summary.summarizer == EXTRACTIVE:
        return (
            "The summary is made of quotes: each line was said in these words, as the recogniser "
            "heard them, at the time in brackets. They are the sentences most central to all that "
            "was said, so one may miss what was said only once."
        )
    return (
        "A language model wrote the summary. A program compared each sentence with the passages "
        "at the times in brackets: names, numbers, dates, quotes and speakers that do not stand "
        "there were refused. It cannot see whether a conclusion is right."
    )


def _interruptions_explained(result: JobResult) -> str:
    if not result.interruptions:
        return ""
    return (
        " An interruption is counted where somebody begins while another speaks, both speak for "
        "half a second or more, and the other one stops first."
    )


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _plain(text: str) -> str:
    """Return the text on one line, with the characters of markup escaped."""
    return _MARKUP.sub(r"\\\1", one_line(text))
