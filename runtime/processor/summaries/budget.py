"""What a summary by a model may cost, and the month's ledger that jobs share."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Protocol

from runtime.core.chat import Question
from runtime.core.summary import ModelUsage
from runtime.processor.summaries.prompt import tokens_of

ANSWERS_AGAIN = 1.5
"""Questions for each first one: some sentences are rejected and asked for again."""

PER = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """US dollars for a million tokens, as the environment gives them."""

    input_usd: float = 0.0
    output_usd: float = 0.0
    cache_read_usd: float = 0.0
    cache_write_usd: float = 0.0

    def cost(self, usage: ModelUsage) -> float:
        """Return what was used in dollars; `input_tokens` do not include those of the cache."""
        return (
            usage.input_tokens * self.input_usd
            + usage.output_tokens * self.output_usd
            + usage.cached_tokens * self.cache_read_usd
            + usage.cache_write_tokens * self.cache_write_usd
        ) / PER


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The most that one job and all jobs of a calendar month (UTC) may cost, in US dollars."""

    job_usd: float
    month_usd: float


class SpendLedger(Protocol):
    """What summaries cost this month, shared by all jobs of an environment."""

    def reserve(self, usd: float, *, limit_usd: float) -> bool:
        """Add an amount unless the month's sum would pass the limit; return whether it was added.

        Raise `LifestreamError` when the ledger cannot be reached.
        """

    def settle(self, reserved_usd: float, spent_usd: float) -> None:
        """Replace a reserved amount by what was spent; raise `LifestreamError` likewise."""


def estimate(questions: Sequence[Question], *, overview_tokens: int) -> ModelUsage:
    """Return the most tokens that these questions, their corrections and the overview may use."""
    asked = sum(
        tokens_of(q.system) + tokens_of(q.text) + tokens_of(str(q.schema)) for q in questions
    )
    answered = sum(question.max_output_tokens for question in questions)
    # The points of all answers are read again for the overview.
    return ModelUsage(
        requests=round(ANSWERS_AGAIN * (len(questions) + 1)),
        input_tokens=round(ANSWERS_AGAIN * (asked + answered)),
        output_tokens=round(ANSWERS_AGAIN * (answered + overview_tokens)),
    )


def added(one: ModelUsage, other: ModelUsage) -> ModelUsage:
    """Return the sum of what was used, without a price."""
    counts = (each.name for each in fields(ModelUsage) if each.name != "cost_usd")
    return ModelUsage(**{name: getattr(one, name) + getattr(other, name) for name in counts})
