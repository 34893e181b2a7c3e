"""Writes a job's summary: by a model where one is set up and answers, else by quoting."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runtime.core.contract import Metric
from runtime.core.log import Log
from runtime.core.media import Sentence
from runtime.core.metrics import Metrics
from runtime.core.ports import Progress
from runtime.core.summary import Summary
from runtime.processor.checkpoints.artifacts import StageOutput
from runtime.processor.summaries.extractive import ExtractiveSummarizer
from runtime.processor.summaries.port import ModelUnavailableError, Summarizer, SummaryRequest
from runtime.processor.summaries.template import Template, guess_kind, templates_of
from runtime.results.warnings import (
    SUMMARY_NOT_SUPPORTED,
    SUMMARY_UNKNOWN_KIND,
    WARNINGS,
    ResultWarning,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryWriter:
    """The summarizer of an environment and its templates; without a `model` it quotes.

    `identity` is all that a model's summary depends on besides its input.
    """

    model: Summarizer | None = None
    identity: str = ""
    templates: Mapping[str, Template] = field(default_factory=lambda: templates_of(""))

    def template_for(
        self, kind: str | None, sentences: Sequence[Sentence]
    ) -> tuple[Template, tuple[ResultWarning, ...]]:
        """Return the template of this kind of recording, guessed with a warning if unknown."""
        if kind is not None and kind in self.templates:
            return self.templates[kind], ()
        guessed = self.templates[guess_kind(sentences)]
        return guessed, (SUMMARY_UNKNOWN_KIND,) if kind else ()

    def write(
        self, request: SummaryRequest, *, on_progress: Progress, log: Log, metrics: Metrics
    ) -> StageOutput[Summary]:
        """Return the summary.

        A model that gives none costs no more than its time limit: the summary consists of quotes
        then, with a warning, and is made again when the job is processed again.
        """
        if self.model is None:
            return StageOutput(value=ExtractiveSummarizer().summarize(request, on_progress))
        try:
            summary = self.model.summarize(request, on_progress)
        except ModelUnavailableError as error:
            log.warning("summary.fell_back", code=error.code, reason=error.reason)
            metrics.put({Metric.SUMMARY_FALLBACKS: 1}, code=error.code)
            return StageOutput(
                value=ExtractiveSummarizer().summarize(request, on_progress),
                warnings=(WARNINGS[error.code],),
                is_fallback=True,
            )
        _report(summary, log, metrics)
        warnings = (SUMMARY_NOT_SUPPORTED,) if summary.rejected_sentences else ()
        return StageOutput(value=summary, warnings=warnings)


def _report(summary: Summary, log: Log, metrics: Metrics) -> None:
    usage = summary.usage
    if usage is None:
        return
    log.info(
        "summary.written",
        model=summary.model,
        requests=usage.requests,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cached_tokens=usage.cached_tokens,
        cost_usd=usage.cost_usd,
        rejected=summary.rejected_sentences,
    )
    metrics.put(
        {
            Metric.SUMMARY_USD: usage.cost_usd or 0.0,
            Metric.SUMMARY_SENTENCES_REJECTED: summary.rejected_sentences,
        }
    )


QUOTES_ONLY = SummaryWriter()
"""Calls no model."""
