import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

import runtime.results.render
from runtime.core.contract import ResultFile
from runtime.core.jobs import Source
from runtime.core.summary import NO_SUMMARY
from runtime.results.job_result import JobResult, speaker_name
from runtime.results.render.captions import srt, vtt
from runtime.results.render.files import render_files, render_manifest
from runtime.results.render.markdown import markdown
from runtime.results.render.summary_json import summary_document
from runtime.results.render.text import clock, duration, timestamp
from runtime.results.render.transcript import transcript_document
from runtime.results.warnings import NO_AUDIO, NO_VIDEO, WARNINGS, ResultWarning
from tests.golden.talk import TALK

SCHEMA = json.loads(
    (Path(runtime.results.render.__file__).parent / "schema" / "summary.schema.json").read_text()
)
SILENT = replace(
    TALK,
    media=replace(TALK.media, audio=None),
    language=None,
    turns=(),
    chapters=(),
    summary=NO_SUMMARY,
    warnings=(NO_AUDIO,),
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
BLIND = replace(TALK, media=replace(TALK.media, video=None), scenes=(), warnings=(NO_VIDEO,))


@pytest.mark.parametrize("result", [TALK, SILENT, BLIND], ids=["whole", "silent", "blind"])
def test_should_write_summaries_that_the_schema_allows(result: JobResult) -> None:
    VALIDATOR.check_schema(SCHEMA)
    document = json.loads(render_files(result)[ResultFile.SUMMARY_JSON])
    VALIDATOR.validate(document)


@pytest.mark.parametrize("warning", WARNINGS.values(), ids=WARNINGS)
def test_should_know_every_warning_in_the_schema(warning: ResultWarning) -> None:
    document = summary_document(replace(TALK, warnings=(warning,)))
    VALIDATOR.validate(document)
    codes = SCHEMA["properties"]["warnings"]["items"]["properties"]["code"]["enum"]
    assert sorted(codes) == sorted(WARNINGS)


def test_should_describe_every_field_it_writes() -> None:
    document = summary_document(TALK)
    assert SCHEMA["required"] == list(document)


def test_should_point_from_sentences_into_words() -> None:
    document = transcript_document(TALK)
    for sentence in document["sentences"]:
        first = sentence["first_word"]
        words = document["words"][first : first + sentence["word_count"]]
        assert " ".join(word["text"] for word in words) == sentence["text"]
        assert words[0]["start_seconds"] == sentence["start_seconds"]
        assert words[-1]["end_seconds"] == sentence["end_seconds"]


def test_should_name_the_language_of_each_sentence_and_all_of_the_recording() -> None:
    first, *others = TALK.chapters[0].sentences
    french = tuple(replace(w, word=replace(w.word, language="fr")) for w in first.words)
    chapter = replace(TALK.chapters[0], sentences=(replace(first, words=french), *others))
    result = replace(TALK, chapters=(chapter, *TALK.chapters[1:]))
    languages = [sentence["language"] for sentence in transcript_document(result)["sentences"]]
    assert languages == ["fr"] + ["en"] * (len(languages) - 1)
    total = sum(len(sentence.words) for sentence in TALK.sentences)
    assert summary_document(result)["languages"] == [
        {"language": "en", "word_count": total - len(french)},
        {"language": "fr", "word_count": len(french)},
    ]
    assert "English, French" in markdown(result)


def test_should_list_every_other_file_in_the_manifest() -> None:
    files = render_files(TALK)
    manifest = json.loads(render_manifest(TALK, files))
    listed = {file["name"]: file for file in manifest["files"]}
    made = {file.name: file for file in TALK.media_files}
    assert set(listed) == {*files, *made}
    for name, content in files.items():
        assert listed[name]["size_bytes"] == len(content)
        assert listed[name]["sha256"] == hashlib.sha256(content).hexdigest()
    for name, file in made.items():
        assert listed[name]["size_bytes"] == file.size_bytes
        assert listed[name]["sha256"] == file.sha256


def test_should_list_what_varies_between_runs_without_its_digest() -> None:
    manifest = json.loads(render_manifest(TALK, render_files(TALK)))
    assert manifest["varying"] == [{"name": "metrics.json", "content_type": "application/json"}]


def test_should_name_only_pictures_and_sound_that_were_made() -> None:
    document = summary_document(TALK)
    assert [scene["thumbnail"] for scene in document["scenes"]] == [
        "thumbnails/scene-0001.webp",
        None,
    ]
    assert (document["contact_sheet"], document["player_audio"]) == (
        "contact-sheet.jpg",
        "audio.m4a",
    )
    nothing = summary_document(replace(TALK, media_files=()))
    assert (nothing["contact_sheet"], nothing["player_audio"]) == (None, None)
    assert "audio.m4a" not in markdown(replace(TALK, media_files=()))


def test_should_count_interruptions_for_both_sides() -> None:
    first, second = TALK.speakers
    assert (first.interruption_count, first.interrupted_count) == (0, 1)
    assert (second.interruption_count, second.interrupted_count) == (1, 0)
    assert summary_document(TALK)["interruptions"] == [
        {"at_seconds": 17.1, "by": "SPEAKER_01", "of": "SPEAKER_00"}
    ]


def test_should_name_the_speaker_in_subtitles_only_when_it_changes() -> None:
    named = re.findall(r"^\[(.+)\]$", srt(TALK), re.MULTILINE)
    assert named == ["Speaker 1", "Speaker 2", "Speaker 1", "Speaker 2"]


def test_should_escape_what_subtitles_take_for_markup() -> None:
    rendered = vtt(TALK)
    assert "&lt;still&gt;" in rendered
    assert "ice house &amp;" in rendered


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "00:00"), (59.99, "00:59"), (61, "01:01"), (3600, "1:00:00"), (36061.5, "10:01:01")],
)
def test_should_write_times_as_people_do(seconds: float, expected: str) -> None:
    assert clock(seconds) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.0, "00:00:00.000"), (59.9996, "00:01:00.000"), (36061.5, "10:01:01.500")],
)
def test_should_write_subtitle_times(seconds: float, expected: str) -> None:
    assert timestamp(seconds, decimal=".") == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.4, "0 s"),
        (59.6, "1 min"),
        (104.4, "1 min 44 s"),
        (3599.7, "1 h"),
        (3900, "1 h 5 min"),
    ],
)
def test_should_write_lengths_as_people_do(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("SPEAKER_00", "Speaker 1"),
        ("SPEAKER_11", "Speaker 12"),
        ("UNKNOWN", "Unknown speaker"),
        ("narrator", "narrator"),
    ],
)
def test_should_name_speakers_as_people_count(label: str, expected: str) -> None:
    assert speaker_name(label) == expected


def test_should_escape_what_markdown_takes_for_markup() -> None:
    source = replace(TALK.source, key="uploads/*a* [b](c) <d> | #1_2.mp4")
    heading = markdown(replace(TALK, source=source)).splitlines()[0]
    assert heading == r"# \*a\* \[b\](c) \<d\> \| \#1\_2"


def test_should_leave_out_sections_that_would_be_empty() -> None:
    page = markdown(SILENT)
    assert NO_AUDIO.message in page
    assert not any(name in page for name in ("## Summary", "## Chapters", "## Speakers"))


def test_should_count_talk_time_from_turns_and_words_from_sentences() -> None:
    first, second = TALK.speakers
    assert (first.label, second.label) == ("SPEAKER_00", "SPEAKER_01")
    assert first.talk_time_seconds == pytest.approx(16.2 + 0.7 + 0.65)
    assert second.word_count == 5 + 9 + 3


def test_should_title_a_result_by_its_file() -> None:
    source = Source(bucket="any", key="uploads/a/b.c.mp4", etag="any", size_bytes=1)
    assert replace(TALK, source=source).title == "b.c"
