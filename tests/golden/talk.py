"""A small fixed result with everything in it that a renderer must get right."""

from dataclasses import replace

from runtime.core.contract import Stage
from runtime.core.jobs import Source
from runtime.core.media import (
    AttributedWord,
    AudioStream,
    Chapter,
    MediaInfo,
    PublishedFile,
    Scene,
    Sentence,
    Turn,
    VideoStream,
    Word,
)
from runtime.core.summary import Citation, Summary, SummaryItem, SummarySection
from runtime.results.job_result import JobResult

FIRST, SECOND = "SPEAKER_00", "SPEAKER_01"


def said(speaker: str, start: float, text: str, *, each: float = 0.35) -> Sentence:
    words = tuple(
        AttributedWord(
            word=Word(
                start_seconds=start + i * each,
                end_seconds=start + (i + 1) * each - 0.02,
                text=word,
                probability=0.9312345,
            ),
            speaker=speaker,
            confidence=1.0,
            overlap=False,
        )
        for i, word in enumerate(text.split())
    )
    return Sentence(speaker=speaker, words=words)


def doubtful(sentence: Sentence) -> Sentence:
    """The same sentence, its first word spoken over and its speaker uncertain."""
    first = replace(sentence.words[0], confidence=0.61239, overlap=True)
    return replace(sentence, words=(first, *sentence.words[1:]))


GREETING = said(FIRST, 0.8, "Welcome to the harbour of Port Ellen!")
WALLS = said(
    FIRST,
    4.0,
    "The stone walls were built by fishermen in the spring of 1846, after the third winter storm "
    "in a row had taken the wooden pier, the ice house & half of the boats that lay behind it.",
)
QUESTION = doubtful(said(SECOND, 17.2, "And are they <still> standing?"))
ANSWER = said(FIRST, 19.5, "Mostly.", each=0.5)
RAILWAY = said(SECOND, 3601.25, "The railway came later, with slate from the *hills*.")
LONG_VOWEL = said(SECOND, 3606.0, "So it was.", each=4.0)


def cited(segment: int, sentence: Sentence) -> Citation:
    return Citation(
        segment=segment,
        start_seconds=sentence.start_seconds,
        end_seconds=sentence.end_seconds,
        speaker=sentence.speaker,
    )


def quote(segment: int, sentence: Sentence) -> SummaryItem:
    return SummaryItem(text=sentence.text, citations=(cited(segment, sentence),), quoted=True)


TALK = JobResult(
    source=Source(
        bucket="any-media-bucket",
        key="uploads/2024/Port Ellen \u2013 caf\u00e9 [take_2].mov",
        etag="9b2cf535f27731c974343645a3985328-3",
        size_bytes=48_211_907,
    ),
    media=MediaInfo(
        container="mov",
        duration_seconds=3600.0,
        size_bytes=48_211_907,
        video=VideoStream(
            index=0,
            codec="h264",
            width=1080,
            height=1920,
            frames_per_second=30000 / 1001,
            rotation_degrees=90,
        ),
        audio=AudioStream(index=1, codec="aac", sample_rate=48000, channels=2, language="eng"),
    ),
    duration_seconds=3618.4567,
    language="en",
    turns=(
        Turn(start_seconds=0.7, end_seconds=16.9, speaker=FIRST),
        Turn(start_seconds=17.1, end_seconds=19.4, speaker=SECOND),
        Turn(start_seconds=17.0, end_seconds=17.7, speaker=FIRST),
        Turn(start_seconds=19.45, end_seconds=20.1, speaker=FIRST),
        Turn(start_seconds=3601.2, end_seconds=3618.0, speaker=SECOND),
    ),
    chapters=(
        Chapter(
            start_seconds=0.0,
            end_seconds=3601.25,
            title="Harbour of Port Ellen",
            sentences=(GREETING, WALLS, QUESTION, ANSWER),
        ),
        Chapter(
            start_seconds=3601.25,
            end_seconds=3618.4567,
            title="Slate from the *hills*",
            sentences=(RAILWAY, LONG_VOWEL),
        ),
    ),
    summary=Summary(
        kind="interview",
        language="en",
        sections=(
            SummarySection(
                name="overview", title="Overview", items=(quote(1, WALLS), quote(4, RAILWAY))
            ),
            SummarySection(
                name="names",
                title="Names and places",
                items=(
                    SummaryItem(
                        text="Port Ellen [sic]", citations=(cited(0, GREETING), cited(1, WALLS))
                    ),
                ),
            ),
        ),
    ),
    scenes=(
        Scene(index=0, start_seconds=0.0, end_seconds=12.345678),
        Scene(index=1, start_seconds=12.345678, end_seconds=3618.4567),
    ),
    warnings=(),
    models={
        Stage.TRANSCRIBE: "any-recogniser",
        Stage.DIARIZE: "any-diarizer",
        Stage.CHUNK: "any-embedder",
        Stage.SUMMARIZE: "any-embedder",
    },
    media_files=tuple(
        PublishedFile(name=name, size_bytes=size, sha256=digest * 32)
        for name, size, digest in (
            ("audio.m4a", 58_000_000, "0a"),
            ("contact-sheet.jpg", 31_000, "0b"),
            ("thumbnails/scene-0001.webp", 9_000, "0c"),
        )
    ),
)
