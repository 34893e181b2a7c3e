"""The summarizers that are compared, and the ways to choose sentences that came before."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.summaries.recordings import Recording
from runtime.core.clock import SystemClock
from runtime.core.media import Scene, Sentence
from runtime.processor.models.sentence_embedder import SentenceEmbedder
from runtime.processor.stages.chunk import divide_into_chapters
from runtime.processor.summaries.budget import Budget, Prices
from runtime.processor.summaries.extractive import summary_length
from runtime.processor.summaries.map_reduce import ModelLimits, ModelSummarizer
from runtime.processor.summaries.openai_chat import OpenAIChatModel
from runtime.processor.summaries.port import ModelUnavailableError, Summarizer, SummaryRequest
from runtime.processor.summaries.ranking import lexrank
from runtime.processor.summaries.template import guess_kind, templates_of

Vectors = NDArray[np.float32]
Shown = list[tuple[str, tuple[int, ...]]]
"""The sentences of an overview, each with the segments that it cites."""

Summaries = Callable[[Recording, Vectors, SentenceEmbedder], Shown]
NOVELTY = 0.4
UNLIMITED = 1e9


def request_of(
    sentences: Sequence[Sentence],
    vectors: Vectors,
    embed: SentenceEmbedder,
    *,
    seconds: float,
    scenes: Sequence[Scene] = (),
) -> SummaryRequest:
    """Return the request for a recording, after dividing it into chapters."""
    chapters = divide_into_chapters(
        sentences,
        vectors,
        embed=embed,
        language="en",
        duration_seconds=seconds,
        scenes=scenes,
    )
    return SummaryRequest(
        job_id="any",
        sentences=sentences,
        vectors=vectors,
        chapters=chapters,
        template=templates_of("")[guess_kind(sentences)],
        language="en",
        output_language=None,
        duration_seconds=seconds,
    )


def chosen_evenly(recording: Recording, _: Vectors, __: SentenceEmbedder) -> Shown:
    """Return evenly spaced sentences."""
    count = len(recording.sentences)
    wanted = summary_length(recording.duration_seconds, count)
    return _quoted(recording, [i * count // wanted for i in range(wanted)])


def chosen_first_method(recording: Recording, vectors: Vectors, _: SentenceEmbedder) -> Shown:
    """Return central sentences by maximal marginal relevance, as this project's first method."""
    relevance = lexrank(vectors).astype(np.float64)
    relevance /= relevance.max()
    repetition = np.zeros(len(vectors))
    chosen: list[int] = []
    while len(chosen) < summary_length(recording.duration_seconds, len(vectors)):
        scores = (1 - NOVELTY) * relevance - NOVELTY * repetition
        scores[chosen] = -np.inf
        chosen.append(int(np.argmax(scores)))
        repetition = np.maximum(repetition, vectors @ vectors[chosen[-1]])
    return _quoted(recording, sorted(chosen))


def chosen_by(summarizer: Summarizer) -> Summaries:
    """Return the overviews of a summarizer, none where its model is unavailable."""

    def chosen(recording: Recording, vectors: Vectors, embed: SentenceEmbedder) -> Shown:
        request = request_of(
            recording.sentences,
            vectors,
            embed,
            seconds=recording.duration_seconds,
            scenes=recording.scenes,
        )
        try:
            overview = summarizer.summarize(request, lambda _: None).overview
        except ModelUnavailableError as error:
            print(f"    {error.reason}")
            return []
        return [(item.text, tuple(cited.segment for cited in item.citations)) for item in overview]

    return chosen


def _quoted(recording: Recording, indices: Sequence[int]) -> Shown:
    return [(recording.sentences[i].text, (i,)) for i in indices]


def summarizer_of(endpoint: str, model: str) -> Summarizer:
    """Return a summarizer by a model server, with no limit to what it spends."""
    return ModelSummarizer(
        model=OpenAIChatModel(endpoint=endpoint, api_key=None, model=model, timeout_seconds=300),
        prices=Prices(),
        budget=Budget(job_usd=UNLIMITED, month_usd=UNLIMITED),
        ledger=_NoLedger(),
        clock=SystemClock(),
        limits=ModelLimits(seconds=UNLIMITED),
    )


class _NoLedger:
    """Admits everything."""

    def reserve(self, usd: float, *, limit_usd: float) -> bool:
        return usd <= limit_usd

    def settle(self, reserved_usd: float, spent_usd: float) -> None:
        """Do nothing."""
