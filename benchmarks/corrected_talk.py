"""A long talk to be corrected, random edits of it, and readers of every format."""

import csv
import io
import json
import random
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import docx
import pysubs2
import webvtt
from pyannote.core import Annotation, Segment

from runtime.core.contract import ResultFile
from runtime.core.media import AttributedWord, Chapter, Sentence, Turn, Word
from runtime.corrections import edits
from runtime.corrections.document import Document
from runtime.corrections.edits import Edit
from runtime.results.job_result import JobResult
from tests.golden.talk import TALK

SPOKEN = "the harbour was quiet when we came and no boat had been seen since the winter began"
SPEAKERS, CHAPTERS, WORD_SECONDS, PAUSE_SECONDS = 4, 60, 0.38, 0.3


def long_talk(hours: float) -> JobResult:
    """Return a result of so many hours of talk by four people, in chapters."""
    sentences: list[Sentence] = []
    at = 0.0
    while at < hours * 3600:
        speaker = f"SPEAKER_{len(sentences) // 3 % SPEAKERS:02d}"
        words = []
        for text in SPOKEN.split():
            word = Word(
                start_seconds=round(at, 3),
                end_seconds=round(at + WORD_SECONDS - 0.02, 3),
                text=text,
                probability=0.9,
                language="en",
            )
            words.append(AttributedWord(word=word, speaker=speaker, confidence=0.9, overlap=False))
            at += WORD_SECONDS
        sentences.append(Sentence(speaker=speaker, words=tuple(words)))
        at += PAUSE_SECONDS
    each = -(-len(sentences) // CHAPTERS)
    parts = [tuple(sentences[n : n + each]) for n in range(0, len(sentences), each)]
    return replace(
        TALK,
        duration_seconds=at,
        turns=tuple(
            Turn(start_seconds=s.start_seconds, end_seconds=s.end_seconds, speaker=s.speaker)
            for s in sentences
        ),
        chapters=tuple(
            Chapter(
                start_seconds=part[0].start_seconds,
                end_seconds=part[-1].end_seconds,
                title=f"Chapter {number}",
                sentences=part,
            )
            for number, part in enumerate(parts, start=1)
        ),
        media_files=(),
        scenes=(),
    )


def random_edit(document: Document, choice: random.Random) -> Edit:
    """Return an edit of any kind; it may not fit."""
    word = choice.choice(document.words).id
    label = choice.choice([*document.speakers, "SPEAKER_07"])
    other = choice.choice([*document.speakers, "SPEAKER_08"])
    text = " ".join(
        choice.choice(["boat", "<b>", "--> x", "{i}", "[A]", "&amp;", "=1+1", "海", "é", "a:b"])
        for _ in range(choice.randint(1, 3))
    )
    made: list[Edit] = [
        edits.RenameSpeaker(speaker=label, name=text),
        edits.SplitSpeaker(speaker=label, word=word, into=other),
        edits.ReassignWords(words=(word,), speaker=label),
        edits.ChangeWord(word=word, text=text),
        edits.InsertWords(after=word, text=text),
        edits.InsertWords(after=word, text="more"),
        edits.DeleteWord(word=word),
        edits.JoinWords(word=word),
        edits.StartSentence(word=word),
        edits.ContinueSentence(word=word),
        edits.ChangeTitle(text=text),
        edits.ChangeChapter(chapter=choice.randint(0, 3), text=text),
        edits.ChangeSummary(section=choice.randint(0, 3), item=choice.randint(0, 3), text=text),
    ]
    if choice.random() < 0.05:  # noqa: PLR2004 - else few speakers are left
        made = [edits.MergeSpeakers(speaker=label, into=other)]
    return choice.choice(made)


def check_files(document: Document, files: Mapping[str, bytes]) -> None:
    """Read every format with a reader that is not ours; raise where one does not agree."""
    for before, after in pairwise(document.words):
        _require(before.start_seconds <= after.start_seconds, "times in order")
    texts = [word.text for word in document.words]
    transcript = json.loads(files[ResultFile.TRANSCRIPT_JSON])
    _require([word["text"] for word in transcript["words"]] == texts, "words of the JSON")
    srt = pysubs2.SSAFile.from_string(files[ResultFile.CAPTIONS_SRT].decode(), format_="srt")
    vtt = webvtt.from_string(files[ResultFile.CAPTIONS_VTT].decode()).captions
    _require(len(srt.events) == len(vtt) > 0, "cues of both captions")
    for first, second in pairwise(vtt):
        _require(first.end_in_seconds <= second.start_in_seconds + 1, "cues in order")
    for name in (ResultFile.SUMMARY_JSON, ResultFile.SCENES_JSON):
        json.loads(files[name])
    rows = list(csv.reader(io.StringIO(files[ResultFile.TRANSCRIPT_TSV].decode()), "excel-tab"))
    _require(len(rows) == 1 + len(transcript["sentences"]), "rows of the table")
    _require({len(row) for row in rows} == {4}, "columns of the table")
    turns = Annotation()
    for line in files[ResultFile.SPEAKERS_RTTM].decode().splitlines():
        fields = line.split()
        start, seconds = float(fields[3]), float(fields[4])
        turns[Segment(start, start + seconds)] = fields[7]
    _require(len(turns.labels()) > 0, "speakers of the turns")
    _require(len(webvtt.from_string(files[ResultFile.CHAPTERS_VTT].decode()).captions) > 0, "marks")
    docx.Document(io.BytesIO(files[ResultFile.TRANSCRIPT_WORD]))


def _require(holds: bool, what: str) -> None:  # noqa: FBT001 - a condition
    if not holds:
        raise AssertionError(what)
