"""Whatever the findings, `summary.json` is as its schema says."""

import json
from pathlib import Path

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

import runtime.results.render
from runtime.core.contract import ResultFile
from runtime.core.media import (
    UNKNOWN_SPEAKER,
    AttributedWord,
    Chapter,
    PublishedFile,
    Scene,
    Sentence,
    Turn,
    Word,
)
from runtime.core.summary import (
    Citation,
    ModelUsage,
    SectionName,
    Summary,
    SummaryItem,
    SummarySection,
)
from runtime.results.job_result import JobResult
from runtime.results.render.files import render_files
from runtime.results.warnings import WARNINGS
from tests.golden.talk import TALK

SCHEMA = json.loads(
    (Path(runtime.results.render.__file__).parent / "schema" / "summary.schema.json").read_text()
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

seconds = st.floats(0, 12 * 3600)
speakers = st.sampled_from(["SPEAKER_00", "SPEAKER_07", "SPEAKER_123", UNKNOWN_SPEAKER])
texts = st.text(min_size=1, max_size=8).filter(str.strip).map(str.strip)
words = st.builds(
    AttributedWord,
    word=st.builds(
        Word,
        start_seconds=seconds,
        end_seconds=seconds,
        text=texts,
        probability=st.floats(0, 1),
    ),
    speaker=speakers,
    confidence=st.floats(0, 1),
    overlap=st.booleans(),
)
sentences = st.builds(
    Sentence, speaker=speakers, words=st.lists(words, min_size=1, max_size=4).map(tuple)
)
chapters = st.builds(
    Chapter,
    start_seconds=seconds,
    end_seconds=seconds,
    title=texts,
    sentences=st.lists(sentences, max_size=3).map(tuple),
)
citations = st.builds(
    Citation,
    segment=st.integers(0, 9000),
    start_seconds=seconds,
    end_seconds=seconds,
    speaker=speakers,
)
items = st.builds(
    SummaryItem,
    text=texts,
    citations=st.lists(citations, min_size=1, max_size=3).map(tuple),
    quoted=st.booleans(),
    owner=st.none() | texts,
    due=st.none() | texts,
)
sections = st.builds(
    SummarySection,
    name=st.sampled_from(list(SectionName)).map(str),
    title=texts,
    items=st.lists(items, min_size=1, max_size=3).map(tuple),
)
counts = st.integers(0, 10**9)
summaries = st.builds(
    Summary,
    sections=st.lists(sections, max_size=3).map(tuple),
    kind=texts,
    language=st.none() | st.just("en"),
    summarizer=st.sampled_from(["extractive", "bedrock", "openai"]),
    model=st.none() | texts,
    rejected_sentences=counts,
    usage=st.none()
    | st.builds(
        ModelUsage,
        requests=counts,
        input_tokens=counts,
        cached_tokens=counts,
        cache_write_tokens=counts,
        output_tokens=counts,
        cost_usd=st.none() | st.floats(0, 100),
    ),
)
turns = st.builds(
    lambda start, length, speaker: Turn(
        start_seconds=start, end_seconds=start + length, speaker=speaker
    ),
    seconds,
    st.floats(0, 600),
    speakers,
)
results = st.builds(
    JobResult,
    source=st.just(TALK.source),
    media=st.just(TALK.media),
    duration_seconds=seconds,
    language=st.none() | st.sampled_from(["en", "yue"]),
    turns=st.lists(turns, max_size=6).map(tuple),
    chapters=st.lists(chapters, max_size=3).map(tuple),
    summary=summaries,
    scenes=st.lists(
        st.builds(Scene, index=st.integers(0, 20000), start_seconds=seconds, end_seconds=seconds),
        max_size=4,
    ).map(tuple),
    warnings=st.lists(st.sampled_from(list(WARNINGS.values())), max_size=3).map(tuple),
    models=st.just(TALK.models),
    media_files=st.lists(
        st.builds(
            PublishedFile,
            name=st.sampled_from(["audio.m4a", "contact-sheet.jpg", "thumbnails/scene-0001.webp"]),
            size_bytes=st.integers(0),
            sha256=st.just("00" * 32),
        ),
        max_size=3,
    ).map(tuple),
)


@settings(max_examples=60, deadline=None)
@given(results)
def test_should_follow_the_schema_whatever_was_found(result: JobResult) -> None:
    VALIDATOR.validate(json.loads(render_files(result)[ResultFile.SUMMARY_JSON]))
