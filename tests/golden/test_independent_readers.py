"""Each published text format, read back by a library that is not ours."""

import csv
import html
import json
from itertools import pairwise

import pysubs2
import pytest
import webvtt

from runtime.core.contract import ResultFile
from runtime.results.render.cues import build_cues
from tests.golden.talk import FIRST, SECOND, TALK
from tests.golden.test_rendered_files import EXPECTED

CUES = build_cues(TALK.sentences)


@pytest.mark.parametrize("name", [ResultFile.CAPTIONS_SRT, ResultFile.CAPTIONS_VTT])
def test_should_be_subtitles_for_pysubs2(name: ResultFile) -> None:
    subtitles = pysubs2.load(str(EXPECTED / name))
    assert [(event.start, event.end) for event in subtitles] == [
        (round(cue.start_seconds * 1000), round(cue.end_seconds * 1000)) for cue in CUES
    ]
    assert all(a.end <= b.start for a, b in pairwise(subtitles))


def test_should_be_subtitles_for_webvtt_py() -> None:
    captions = webvtt.read(str(EXPECTED / ResultFile.CAPTIONS_VTT)).captions
    assert [seconds(caption.start) for caption in captions] == [
        pytest.approx(cue.start_seconds, abs=0.0006) for cue in CUES
    ]
    assert [caption.voice for caption in captions] == [
        {FIRST: "Speaker 1", SECOND: "Speaker 2"}[cue.speaker] for cue in CUES
    ]
    shown = " ".join(captions[-3].text.split())
    assert shown == " ".join(CUES[-3].lines)


def test_should_be_a_track_of_chapters_for_webvtt_py() -> None:
    chapters = webvtt.read(str(EXPECTED / ResultFile.CHAPTERS_VTT)).captions
    assert [chapter.text for chapter in chapters] == [chapter.title for chapter in TALK.chapters]
    assert [chapter.start for chapter in chapters] == ["00:00:00.000", "01:00:01.250"]


def test_should_be_turns_for_pyannote_database() -> None:
    # Loads pandas and matplotlib.
    from pyannote.core import Segment  # noqa: PLC0415
    from pyannote.database.util import load_rttm  # noqa: PLC0415

    (annotation,) = load_rttm(EXPECTED / ResultFile.SPEAKERS_RTTM).values()
    assert annotation.uri == TALK.source.job_id
    read = sorted(
        (s.start, s.end, label) for s, _, label in annotation.itertracks(yield_label=True)
    )
    expected = sorted((t.start_seconds, t.end_seconds, t.speaker) for t in TALK.turns)
    assert [label for _, _, label in read] == [label for _, _, label in expected]
    for (start, end, _), (true_start, true_end, _) in zip(read, expected, strict=True):
        assert Segment(start, end) == Segment(
            pytest.approx(true_start, abs=0.001), pytest.approx(true_end, abs=0.002)
        )


def test_should_be_a_table_for_the_csv_module() -> None:
    with (EXPECTED / ResultFile.TRANSCRIPT_TSV).open(newline="") as file:
        rows = list(csv.DictReader(file, dialect="excel-tab"))
    assert [row["text"] for row in rows] == [sentence.text for sentence in TALK.sentences]
    assert float(rows[0]["start_seconds"]) == TALK.sentences[0].start_seconds
    assert [row["speaker"] for row in rows] == [sentence.speaker for sentence in TALK.sentences]


def test_should_say_the_same_in_all_transcripts() -> None:
    document = json.loads((EXPECTED / ResultFile.TRANSCRIPT_JSON).read_text())
    words = [word["text"] for word in document["words"]]
    paragraphs = (EXPECTED / ResultFile.TRANSCRIPT_TEXT).read_text().split("\n\n")
    assert " ".join(p.split("\n", 1)[1] for p in paragraphs).split() == words
    captions = webvtt.read(str(EXPECTED / ResultFile.CAPTIONS_VTT)).captions
    assert " ".join(html.unescape(caption.text) for caption in captions).split() == words
    # SubRip has no way to write these two, which players take for the edges of a tag.
    subtitles = pysubs2.load(str(EXPECTED / ResultFile.CAPTIONS_SRT))
    lines = [line for event in subtitles for line in event.plaintext.splitlines()]
    spoken = " ".join(line for line in lines if not line.startswith("["))
    assert spoken.replace("\u2039", "<").replace("\u203a", ">").split() == words


def seconds(written: str) -> float:
    hours, minutes, rest = written.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)
