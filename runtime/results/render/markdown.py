"""`summary.md`: the result as a page for people."""

import re
from collections.abc import Iterable, Sequence

from runtime.core.contract import ResultFile
from runtime.core.media import Chapter, SummarySentence
from runtime.core.safe_text import one_line
from runtime.results.job_result import JobResult, Speaker, speaker_name
from runtime.results.render.text import clock, duration

_LANGUAGES = {
    "ar": "Arabic",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}
_MARKUP = re.compile(r"([\\`*_\[\]<>|#~&])")


def markdown(result: JobResult) -> str:
    """Return the page: at a glance, summary with citations, chapters, speakers, how to read it."""
    sections = [
        f"# {_plain(result.title)}",
        _at_a_glance(result),
        *(f"> **Note:** {_plain(warning.message)}" for warning in result.warnings),
        *_summary(result.summary.sentences),
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
    language = result.language and _LANGUAGES.get(result.language, result.language)
    facts = {
        "Length": duration(result.duration_seconds),
        "Language": language or "",
        "Speakers": ", ".join(speaker.name for speaker in result.speakers),
        "Chapters": str(len(result.chapters) or ""),
        "Picture": picture,
    }
    names = [name for name, value in facts.items() if value]
    return _table(names, [[facts[name] for name in names]])


def _summary(sentences: Sequence[SummarySentence]) -> list[str]:
    if not sentences:
        return []
    lines = [
        f"- **[{clock(sentence.start_seconds)}]** {_plain(sentence.text)} "
        f"*({speaker_name(sentence.speaker)})*"
        for sentence in sentences
    ]
    return ["## Summary", "\n".join(lines)]


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
        "The summary is made of quotes: each line was said in these words, as the recogniser heard "
        "them, at the time in brackets. They are the sentences most central to all that was said, "
        "so one may miss what was said only once. Times count from the start of the video. "
        "Speakers are told apart by voice and numbered in the order they are first heard; their "
        f"names are not known.{_interruptions_explained(result)}\n\n"
        f"Beside this page lie:\n\n{listed}"
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
