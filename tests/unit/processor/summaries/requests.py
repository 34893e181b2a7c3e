"""Requests for summaries of what was said, ten seconds a sentence, by two speakers in turn."""

from collections.abc import Sequence
from itertools import pairwise

from runtime.core.media import Chapter, Sentence
from runtime.processor.summaries.port import SummaryRequest
from runtime.processor.summaries.template import built_in_templates
from tests.unit.processor.builders import ANNA, BEN, embed, sentence

TEMPLATES = {template.name: template for template in built_in_templates()}


def talk(*texts: str, speakers: Sequence[str] = (ANNA, BEN)) -> tuple[Sentence, ...]:
    return tuple(
        sentence(text, start=10.0 * i, speaker=speakers[i % len(speakers)])
        for i, text in enumerate(texts)
    )


def chaptered(said: Sequence[Sentence], *starts: int) -> tuple[Chapter, ...]:
    edges = [0, *starts, len(said)]
    return tuple(
        Chapter(
            start_seconds=said[a].start_seconds,
            end_seconds=said[b - 1].end_seconds,
            title=f"Chapter {i}",
            sentences=tuple(said[a:b]),
        )
        for i, (a, b) in enumerate(pairwise(edges))
        if a < b
    )


def request_of(
    said: Sequence[Sentence],
    *starts: int,
    kind: str = "meeting",
    seconds: float = 60.0,
    language: str | None = "en",
    output_language: str | None = None,
) -> SummaryRequest:
    return SummaryRequest(
        job_id="any-job",
        sentences=said,
        vectors=embed([s.text for s in said]),
        chapters=chaptered(said, *starts),
        template=TEMPLATES[kind],
        language=language,
        output_language=output_language,
        duration_seconds=seconds,
    )
