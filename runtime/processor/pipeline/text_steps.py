"""Steps that work on words: attribution to speakers, chapters and summary."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.core.contract import Stage
from runtime.core.media import Chapter, Sentence
from runtime.core.ports import Progress
from runtime.core.summary import NO_SUMMARY, Summary
from runtime.processor.checkpoints.artifacts import (
    CHAPTERS,
    SENTENCES,
    SUMMARY,
    Artifact,
    StageOutput,
)
from runtime.processor.models.sentence_embedder import SentenceEmbedder
from runtime.processor.pipeline.graph import StageOutputs, Step
from runtime.processor.pipeline.media_steps import duration_seconds
from runtime.processor.pipeline.toolkit import JobContext
from runtime.processor.stages.attribute import attribute
from runtime.processor.stages.chunk import divide_into_chapters
from runtime.processor.stages.sentences import split_sentences
from runtime.processor.stages.shortening import texts_to_embed
from runtime.processor.summaries.port import SummaryRequest

_PROGRESS_SECONDS = 1.0
_BATCH_SENTENCES = 2048
"""More than an hour of talk has: sentences embedded together share their padding."""


def text_steps(job: JobContext, *, has_pictures: bool) -> list[Step]:
    """Return the steps that attribute words, divide into chapters and summarize."""
    embeddings = SentenceEmbeddings(job.toolkit.load_embedder)
    timing = (Stage.AUDIO, Stage.SCENES) if has_pictures else (Stage.AUDIO,)
    needs = (Stage.TRANSCRIBE, Stage.ATTRIBUTE, *timing)

    def run_attribute(given: StageOutputs, _: Progress) -> StageOutput[tuple[Sentence, ...]]:
        words = given[Stage.TRANSCRIBE].words
        return StageOutput(value=split_sentences(attribute(words, given[Stage.DIARIZE])))

    def run_chunk(given: StageOutputs, on_progress: Progress) -> StageOutput[tuple[Chapter, ...]]:
        sentences = given[Stage.ATTRIBUTE]
        if not sentences:
            return StageOutput(value=())
        chapters = divide_into_chapters(
            sentences,
            embeddings.of(sentences, on_progress),
            embed=embeddings.embed,
            language=given[Stage.TRANSCRIBE].language,
            duration_seconds=duration_seconds(given),
            scenes=given.get(Stage.SCENES, ()),
        )
        return StageOutput(value=chapters)

    def run_summarize(given: StageOutputs, on_progress: Progress) -> StageOutput[Summary]:
        sentences = given[Stage.ATTRIBUTE]
        if not sentences:
            return StageOutput(value=NO_SUMMARY)
        options, writer = job.options, job.toolkit.summaries
        template, doubts = writer.template_for(options.summary_kind, sentences)
        request = SummaryRequest(
            job_id=job.source.job_id,
            sentences=sentences,
            vectors=embeddings.of(sentences, on_progress),
            chapters=given[Stage.CHUNK],
            template=template,
            language=given[Stage.TRANSCRIBE].language,
            output_language=options.summary_language,
            duration_seconds=duration_seconds(given),
        )
        output = writer.write(
            request,
            on_progress=on_progress,
            log=job.telemetry.log,
            metrics=job.telemetry.metrics,
        )
        return replace(output, warnings=(*doubts, *output.warnings))

    def step(stage: Stage, run: Any, needs: tuple[Stage, ...], artifact: Artifact[Any]) -> Step:
        cost = job.toolkit.cost(stage)
        return Step(stage=stage, run=run, needs=needs, artifact=artifact, cost=cost)

    return [
        step(Stage.ATTRIBUTE, run_attribute, (Stage.TRANSCRIBE, Stage.DIARIZE), SENTENCES),
        step(Stage.CHUNK, run_chunk, needs, CHAPTERS),
        step(Stage.SUMMARIZE, run_summarize, (*needs, Stage.CHUNK), SUMMARY),
    ]


class SentenceEmbeddings:
    """The embeddings of a job's sentences, computed at the first call and shared between steps."""

    def __init__(self, load_embedder: Callable[[], SentenceEmbedder]) -> None:
        self._load_embedder = load_embedder
        self._lock = threading.Lock()
        self._vectors: NDArray[np.float32] | None = None

    @cached_property
    def embed(self) -> SentenceEmbedder:
        """The embedder."""
        return self._load_embedder()

    def of(self, sentences: tuple[Sentence, ...], on_progress: Progress) -> NDArray[np.float32]:
        """Return a unit row for each sentence; every call must pass the same sentences.

        Twelve hours of talk take minutes: the thread that computes and those that wait all call
        `on_progress`, so that none counts as hung.
        """
        while not self._lock.acquire(timeout=_PROGRESS_SECONDS):
            on_progress(0.0)
        try:
            if self._vectors is None:
                self._vectors = self._compute(texts_to_embed(sentences), on_progress)
            return self._vectors
        finally:
            self._lock.release()

    def _compute(self, texts: Sequence[str], on_progress: Progress) -> NDArray[np.float32]:
        batches = []
        for first in range(0, len(texts), _BATCH_SENTENCES):
            on_progress(0.0)
            batches.append(self.embed(texts[first : first + _BATCH_SENTENCES]))
        return np.concatenate(batches)
