"""The summary of a recording: sections of sentences that cite where they rest on the transcript."""

from dataclasses import dataclass
from enum import StrEnum


class SectionName(StrEnum):
    """The sections that a kind of recording may have."""

    OVERVIEW = "overview"
    KEY_POINTS = "key_points"
    DECISIONS = "decisions"
    ACTION_ITEMS = "action_items"
    OPEN_QUESTIONS = "open_questions"
    QUOTES = "quotes"
    KEYWORDS = "keywords"
    NAMES = "names"


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A sentence of the transcript; `segment` is its index there, from 0."""

    segment: int
    start_seconds: float
    end_seconds: float
    speaker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryItem:
    """A printed sentence, word or name with one citation or more, in order of time.

    `quoted`: the text was said in these words. `owner` and `due` are who does an action item and
    until when, as said.
    """

    text: str
    citations: tuple[Citation, ...]
    quoted: bool = False
    owner: str | None = None
    due: str | None = None

    @property
    def first(self) -> Citation:
        """The first passage that it rests on."""
        return self.citations[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class SummarySection:
    """A section; `name` is one of `SectionName`, `title` its heading."""

    name: str
    title: str
    items: tuple[SummaryItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUsage:
    """What a model was asked and what it costs; `cost_usd` is None where prices are unknown."""

    requests: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None


EXTRACTIVE = "extractive"
"""The summarizer that quotes and calls no model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The summary of a recording of this `kind`, written in `language`.

    `rejected_sentences` were written by the model and not supported by what they cite, so they are
    not printed.
    """

    sections: tuple[SummarySection, ...] = ()
    kind: str = ""
    language: str | None = None
    summarizer: str = EXTRACTIVE
    model: str | None = None
    rejected_sentences: int = 0
    usage: ModelUsage | None = None

    @property
    def overview(self) -> tuple[SummaryItem, ...]:
        """The sentences that stand for the whole recording."""
        return self.section(SectionName.OVERVIEW)

    def section(self, name: SectionName) -> tuple[SummaryItem, ...]:
        """Return a section's items, none where there is no such section."""
        return tuple(item for each in self.sections if each.name == name for item in each.items)


NO_SUMMARY = Summary()
