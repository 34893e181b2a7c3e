"""The port of summarizers: what they are given, and what they raise when they cannot answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from runtime.core.media import Chapter, Sentence
from runtime.core.ports import Progress
from runtime.core.summary import Citation, Summary
from runtime.processor.summaries.template import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryRequest:
    """A recording to summarize in `output_language` (ISO 639-1), by its template.

    `vectors` holds a unit row for each sentence of the transcript. `chapters` hold the same
    sentences in the same order. `language` is what was spoken.
    """

    job_id: str
    sentences: Sequence[Sentence]
    vectors: NDArray[np.float32]
    chapters: Sequence[Chapter]
    template: Template
    language: str | None
    output_language: str | None
    duration_seconds: float


class Summarizer(Protocol):
    """Summarizes a recording; every sentence cites what it rests on."""

    def summarize(self, request: SummaryRequest, on_progress: Progress) -> Summary:
        """Return the summary; raise `ModelUnavailableError` when a model gives none."""


class ModelUnavailableError(Exception):
    """No summary by a model: `code` is a warning's code, `reason` says why in the log."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def citation(sentences: Sequence[Sentence], segment: int) -> Citation:
    """Return the citation of a sentence of the transcript."""
    cited = sentences[segment]
    return Citation(
        segment=segment,
        start_seconds=cited.start_seconds,
        end_seconds=cited.end_seconds,
        speaker=cited.speaker,
    )


def chapter_starts(chapters: Sequence[Chapter]) -> list[int]:
    """Return the index of each chapter's first sentence."""
    starts, count = [], 0
    for chapter in chapters:
        starts.append(count)
        count += len(chapter.sentences)
    return starts
