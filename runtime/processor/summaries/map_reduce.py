"""Summarizes by a model: points of every part of the recording, then an overview of the points.

Each answer is checked; what is not supported is asked for once more with the reasons, then dropped
and counted.
"""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace

from runtime.core.chat import Answer, ChatModel, ModelError, Question
from runtime.core.clock import MonotonicClock
from runtime.core.errors import LifestreamError
from runtime.core.ports import Progress
from runtime.core.summary import ModelUsage, SectionName, Summary, SummaryItem, SummarySection
from runtime.processor.summaries.budget import Budget, Prices, SpendLedger, added, estimate
from runtime.processor.summaries.extractive import summary_length
from runtime.processor.summaries.found import spread
from runtime.processor.summaries.grounding import Claim, Transcript, grounded_item, problems_of
from runtime.processor.summaries.port import (
    ModelUnavailableError,
    SummaryRequest,
    chapter_starts,
)
from runtime.processor.summaries.prompt import (
    POINT_SECTIONS,
    REDUCE_OUTPUT_TOKENS,
    Part,
    claims_in,
    corrected,
    map_question,
    parts_of,
    reduce_question,
)
from runtime.processor.summaries.template import TITLES

MODEL_FAILED = "summary.model_failed"
OVER_BUDGET = "summary.over_budget"
MAX_ITEMS = {
    SectionName.KEY_POINTS: 24,
    SectionName.QUOTES: 5,
    SectionName.KEYWORDS: 12,
    SectionName.NAMES: 20,
}
"""The most items of a section in the whole summary; the others have no bound."""

_WAKE_SECONDS = 0.5
_LEAST_OVERVIEW_SHARE = 0.3
"""Of the wanted sentences of the overview; with fewer it does not stand for the recording."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLimits:
    """How many questions are asked at once, and how long all of them may take together."""

    concurrency: int = 4
    seconds: float = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """Supported items by section, and how many sentences were rejected for good."""

    items: Mapping[SectionName, tuple[SummaryItem, ...]]
    rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSummarizer:
    """Asks a model, within a budget of money and time.

    `ordinary_words` returns words that are no names, for the check of what it writes.
    """

    model: ChatModel
    prices: Prices
    budget: Budget
    ledger: SpendLedger
    clock: MonotonicClock
    limits: ModelLimits = ModelLimits()
    ordinary_words: Callable[[], frozenset[str]] = frozenset

    def summarize(self, request: SummaryRequest, on_progress: Progress) -> Summary:
        """Return the summary; raise `ModelUnavailableError` with the reason for another way."""
        parts = parts_of(request.sentences, chapter_starts(request.chapters))
        questions = [
            map_question(part, request.sentences, request.template, request.output_language)
            for part in parts
        ]
        reserved = self._reserve(questions)
        job = _Job(self.model, self.clock, self.clock.monotonic() + self.limits.seconds)
        try:
            return self._run(request, parts, questions, job, on_progress)
        except ModelError as error:
            raise ModelUnavailableError(MODEL_FAILED, str(error)) from error
        finally:
            # What cannot be settled stays reserved, so that the month's limit still holds.
            with suppress(LifestreamError):
                self.ledger.settle(reserved, self.prices.cost(job.usage))

    def _reserve(self, questions: Sequence[Question]) -> float:
        most = self.prices.cost(estimate(questions, overview_tokens=REDUCE_OUTPUT_TOKENS))
        if most > self.budget.job_usd:
            raise ModelUnavailableError(
                OVER_BUDGET, f"it may cost ${most:.4f}, a job at most ${self.budget.job_usd:.4f}"
            )
        month = self.budget.month_usd
        try:
            reserved = self.ledger.reserve(most, limit_usd=month)
        except LifestreamError as error:
            raise ModelUnavailableError(MODEL_FAILED, f"the ledger: {error.summary}") from error
        if not reserved:
            raise ModelUnavailableError(
                OVER_BUDGET, f"it may cost ${most:.4f}, and this month's ${month:.2f} are spent"
            )
        return most

    def _run(
        self,
        request: SummaryRequest,
        parts: Sequence[Part],
        questions: Sequence[Question],
        job: "_Job",
        on_progress: Progress,
    ) -> Summary:
        transcript = Transcript(
            request.sentences,
            language=request.language,
            is_translated=request.output_language not in {None, request.language},
            ordinary=self.ordinary_words(),
        )
        work = [
            _Work(question=question, scope=part.segments, sections=POINT_SECTIONS)
            for part, question in zip(parts, questions, strict=True)
        ]
        checked = self._ask_all(work, transcript, job, on_progress)
        by_section: dict[SectionName, tuple[SummaryItem, ...]] = {
            name: tuple(item for each in checked for item in each.items[name])
            for name in POINT_SECTIONS
        }
        points = [*by_section[SectionName.KEY_POINTS], *by_section[SectionName.DECISIONS]]
        points.sort(key=lambda point: point.first.segment)
        if not points:
            raise ModelError("malformed", "no supported point in any answer")
        wanted = summary_length(
            request.duration_seconds, len(request.sentences), request.template.length
        )
        question = reduce_question(points, request.template, request.output_language, wanted=wanted)
        scope = {citation.segment for point in points for citation in point.citations}
        last = _Work(question=question, scope=scope, sections=(SectionName.OVERVIEW,))
        (overview,) = self._ask_all([last], transcript, job, on_progress)
        items = overview.items[SectionName.OVERVIEW]
        if len(items) < max(1, round(_LEAST_OVERVIEW_SHARE * wanted)):
            raise ModelError("malformed", f"{len(items)} supported sentences of {wanted}")
        by_section[SectionName.OVERVIEW] = items
        usage = replace(job.usage, cost_usd=self.prices.cost(job.usage))
        return Summary(
            sections=tuple(
                SummarySection(name=str(name), title=TITLES[name], items=shown)
                for name in request.template.sections
                if (shown := _shown(name, by_section[name]))
            ),
            kind=request.template.name,
            language=request.output_language or request.language,
            summarizer=self.model.service,
            model=self.model.model,
            rejected_sentences=overview.rejected + sum(each.rejected for each in checked),
            usage=usage,
        )

    def _ask_all(
        self, work: Sequence["_Work"], transcript: Transcript, job: "_Job", on_progress: Progress
    ) -> list[_Checked]:
        """Return the checked answers in order; the first failure ends the others and is raised.

        It does not wait for calls that are still open: they end by their own timeouts.
        """
        pool = ThreadPoolExecutor(self.limits.concurrency, thread_name_prefix="summary")
        try:
            futures = [pool.submit(_ask_checked, each, transcript, job) for each in work]
            pending: set[Future[_Checked]] = set(futures)
            while pending:
                on_progress(0.9 * (len(futures) - len(pending)) / len(futures))
                job.check()
                done, pending = wait(pending, _WAKE_SECONDS, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
            return [future.result() for future in futures]
        except BaseException:
            job.stop()
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """A question, the segments that its answer may cite, and the sections that it has."""

    question: Question
    scope: Collection[int]
    sections: Sequence[SectionName]


class _Job:
    """The questions of one job: what they used, until when they may be asked."""

    def __init__(self, model: ChatModel, clock: MonotonicClock, deadline: float) -> None:
        self._model = model
        self._clock = clock
        self._deadline = deadline
        self._lock = threading.Lock()
        self._stopped = False
        self.usage = ModelUsage()

    def stop(self) -> None:
        """Ask no more."""
        self._stopped = True

    def ask(self, question: Question) -> Answer:
        """Ask, a second time where the first answer was malformed; raise `ModelError`."""
        try:
            return self._ask(question)
        except ModelError as error:
            if not error.may_pass:
                raise
            return self._ask(question)

    def check(self) -> None:
        """Raise `ModelError` when no more may be asked."""
        if self._stopped:
            raise ModelError("timeout", "another question of this job failed")
        if self._clock.monotonic() >= self._deadline:
            raise ModelError("timeout", "the time for all questions of a job has passed")

    def _ask(self, question: Question) -> Answer:
        self.check()
        try:
            answer = self._model.ask(question)
        except ModelError as error:
            self._count(error.usage)
            raise
        except Exception as error:
            # Whatever a client library raises costs the model's summary, never the job.
            raise ModelError("invalid", repr(error)) from error
        self._count(answer.usage)
        return answer

    def _count(self, usage: ModelUsage) -> None:
        with self._lock:
            self.usage = added(self.usage, usage)


def _ask_checked(work: _Work, transcript: Transcript, job: _Job) -> _Checked:
    """Ask, check every sentence, and ask once more for those that are not supported."""
    supported, rejected = _check(job.ask(work.question), transcript, work)
    if not rejected:
        return _Checked(items=supported, rejected=0)
    again = corrected(work.question, [pair for pairs in rejected.values() for pair in pairs])
    mended, _ = _check(job.ask(again), transcript, work)
    # No more than were rejected: the question was for these alone.
    kept = {name: mended[name][: len(rejected.get(name, ()))] for name in work.sections}
    asked, saved = sum(map(len, rejected.values())), sum(map(len, kept.values()))
    return _Checked(
        items={name: (*supported[name], *kept[name]) for name in work.sections},
        rejected=asked - saved,
    )


_Rejected = dict[SectionName, list[tuple[Claim, list[str]]]]


def _check(
    answer: Answer, transcript: Transcript, work: _Work
) -> tuple[dict[SectionName, tuple[SummaryItem, ...]], _Rejected]:
    supported: dict[SectionName, tuple[SummaryItem, ...]] = {}
    rejected: _Rejected = {}
    for name in work.sections:
        good = []
        for claim in claims_in(answer.document, name):
            problems = problems_of(claim, transcript, work.scope)
            if problems:
                rejected.setdefault(name, []).append((claim, problems))
            else:
                good.append(grounded_item(claim, transcript.sentences))
        supported[name] = tuple(good)
    return supported, rejected


def _shown(name: SectionName, items: Sequence[SummaryItem]) -> tuple[SummaryItem, ...]:
    """Return a section's items, each text once, and of very many evenly spread ones."""
    merged: dict[str, SummaryItem] = {}
    for item in items:
        key = item.text.casefold()
        known = merged.get(key)
        citations = item.citations if known is None else (*known.citations, *item.citations)
        unique = {citation.segment: citation for citation in citations}
        merged[key] = replace(known or item, citations=tuple(unique.values()))
    return tuple(spread(list(merged.values()), MAX_ITEMS.get(name, len(merged))))
