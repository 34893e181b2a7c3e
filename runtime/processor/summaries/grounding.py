"""Checks what a model wrote against the passages that it cites; no model is asked.

A sentence is rejected that cites nothing, or what does not exist, or what it was not given; that
holds numbers, dates, names, addresses or quotes which do not stand there, or speakers who do not
speak there; or that has hardly a word in common with it. Whether a conclusion follows cannot be
seen by this.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property

from runtime.core.media import Sentence
from runtime.core.summary import SummaryItem
from runtime.processor.stages.function_words import NUMBER_WORDS, function_words
from runtime.processor.summaries.facts import (
    addresses_in,
    as_said,
    names_in,
    quotes_in,
    speakers_in,
    stems_of,
    words_in,
)
from runtime.processor.summaries.phrases import every_language, folded, is_question, phrases_of
from runtime.processor.summaries.port import citation
from runtime.processor.summaries.spoken_numbers import SCALES, numbers_in

MAX_CITATIONS = 12
"""A sentence that rests on more passages cannot be checked by reading them."""

MAX_CHARACTERS = 600
LEAST_SUPPORT = 0.4
"""The share of a sentence's content words that must stand in what it cites."""

_START_LETTERS = 4
_OF_PLACES = ("an", "ans", "ese", "ish", "ic", "er", "ers")
WITHOUT_NAMES = frozenset({"de", "lb"})
"""Languages that capitalize every noun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A sentence as a model wrote it, not yet trusted."""

    text: str
    segments: tuple[int, ...]
    quoted: bool = False
    owner: str | None = None
    due: str | None = None


@dataclass(frozen=True, eq=False)
class Transcript:
    """The sentences that claims are checked against.

    `is_translated`: claims are in another language than the transcript, so that only numbers in
    digits, names, quotes, addresses and speakers can be compared. `ordinary`: words that are no
    names where a sentence begins with them.
    """

    sentences: Sequence[Sentence]
    _: KW_ONLY
    language: str | None
    is_translated: bool = False
    ordinary: frozenset[str] = frozenset()

    @cached_property
    def ignored(self) -> frozenset[str]:
        """Function words of its language."""
        return function_words(self.language, [sentence.text for sentence in self.sentences])

    @cached_property
    def small_words(self) -> set[str]:
        """Words that are also written small, so that a capital letter makes them no name."""
        return {
            word
            for sentence in self.sentences
            for token in sentence.text.split()
            if token[:1].islower()
            for word in words_in([token])
        }

    @cached_property
    def names(self) -> set[str]:
        """Words that are only written with a capital letter, inside sentences."""
        found = {
            folded(word)
            for sentence in self.sentences
            for word, begins in names_in(sentence.text)
            if not begins
        }
        return found - self.small_words


def problems_of(claim: Claim, transcript: Transcript, scope: Collection[int]) -> list[str]:
    """Return why a claim is not supported, nothing if it is; it may cite segments of `scope`."""
    text = claim.text.strip()
    if formal := _formal_problem(text, claim.segments, len(transcript.sentences), scope):
        return [formal]
    cited = [transcript.sentences[segment] for segment in claim.segments]
    passage = " ".join(sentence.text for sentence in cited)
    speakers = {sentence.speaker for sentence in cited}
    found = [*_fact_problems(claim, passage, transcript), *_speaker_problems(claim, speakers)]
    if claim.quoted and as_said(text) not in as_said(passage):
        found.append("it is not verbatim")
    if not found and not claim.quoted and not transcript.is_translated:
        found += _support_problems(text, passage, transcript)
    return found


def _formal_problem(
    text: str, segments: Sequence[int], count: int, scope: Collection[int]
) -> str | None:
    unknown = [segment for segment in segments if not 0 <= segment < count]
    outside = [segment for segment in segments if segment not in scope]
    checks = (
        (not text, "it is empty"),
        (len(text) > MAX_CHARACTERS, f"it has more than {MAX_CHARACTERS} characters"),
        (not segments, "it cites no segment"),
        (unknown, f"there is no segment {', '.join(map(str, unknown))}"),
        (outside, f"segment {', '.join(map(str, outside))} is outside what was asked about"),
        (len(set(segments)) > MAX_CITATIONS, f"it cites more than {MAX_CITATIONS} segments"),
    )
    return next((problem for is_so, problem in checks if is_so), None)


def _fact_problems(claim: Claim, passage: str, transcript: Transcript) -> list[str]:
    text = " ".join(filter(None, (claim.text, claim.owner, claim.due)))
    without_speakers = _without_speakers(text)
    missing: Mapping[str, Collection[object]] = {
        "number": _missing_numbers(without_speakers, passage, transcript),
        "date": _missing_dates(text, passage, transcript),
        "name": _missing_names(text, passage, transcript),
        "address": addresses_in(text) - addresses_in(passage),
        "quote": [q for q in quotes_in(text) if as_said(q) not in as_said(passage)],
    }
    return [
        f"the {kind} {', '.join(sorted(_shown(value) for value in values))} is not in its segments"
        for kind, values in missing.items()
        if values
    ]


def _missing_dates(text: str, passage: str, transcript: Transcript) -> set[str]:
    phrases = phrases_of(transcript.language)
    if phrases is None or transcript.is_translated:
        return set()
    return phrases.dates_in(text) - phrases.dates_in(passage)


def _without_speakers(text: str) -> str:
    for label in speakers_in(text):
        number = int(label.rpartition("_")[2])
        for shown in (label, f"Speaker {number + 1}", f"speaker {number + 1}"):
            text = text.replace(shown, "")
    return text


def _missing_numbers(text: str, passage: str, transcript: Transcript) -> set[float]:
    said = numbers_in(passage)
    missing = numbers_in(text) - said
    if not transcript.is_translated:
        return missing
    # Only English number words are read: "400 Millionen" is 400, and "vierhundert" is none.
    if not said and transcript.language != "en":
        return set()
    return {n for n in missing if not any(n * scale in said for scale in SCALES.values())}


def _missing_names(text: str, passage: str, transcript: Transcript) -> set[str]:
    there = words_in([passage])
    by_case = transcript.language not in WITHOUT_NAMES and not transcript.is_translated
    missing = set()
    for word, begins in names_in(text):
        parts = words_in([word])
        if parts <= there or _is_derived(word, passage):
            continue
        if parts & transcript.names or (
            by_case
            and not parts <= transcript.small_words
            and (not begins or _is_unknown(parts, there, transcript))
        ):
            missing.add(word)
    return missing


def _is_derived(word: str, passage: str) -> bool:
    """Return whether a word is of a name that was said, as "Colombian" is of "Colombia"."""
    return word.endswith(_OF_PLACES) and any(
        name != word
        and len(name) >= _START_LETTERS
        and name[:_START_LETTERS] == word[:_START_LETTERS]
        for name, _ in names_in(passage)
    )


def _is_unknown(parts: set[str], there: set[str], transcript: Transcript) -> bool:
    """Return whether the first word of a sentence may be a name: nothing else explains it."""
    known = {word[:_START_LETTERS] for word in there}
    ordinary = transcript.ignored | NUMBER_WORDS | transcript.ordinary
    phrases = phrases_of(transcript.language) or every_language()["en"]
    return not any(
        part in ordinary or part in phrases.starters or part[:_START_LETTERS] in known
        for part in parts
    )


def _speaker_problems(claim: Claim, speakers: Collection[str]) -> list[str]:
    named = speakers_in(" ".join(filter(None, (claim.text, claim.owner))))
    absent = named - set(speakers)
    return [f"{label} does not speak in its segments" for label in sorted(absent)]


def _support_problems(text: str, passage: str, transcript: Transcript) -> list[str]:
    stems = stems_of(_without_speakers(text), transcript.ignored)
    shared = stems & stems_of(passage, transcript.ignored)
    if stems and len(shared) < LEAST_SUPPORT * len(stems):
        return ["its segments are about something else"]
    phrases = phrases_of(transcript.language)
    # A question may be open, and a comparison may be turned round: neither is denied.
    if (
        phrases
        and phrases.is_negated(text)
        and not phrases.may_deny(passage)
        and not phrases.compares(text)
        and not is_question(passage)
    ):
        return ["it denies what its segments do not deny"]
    return []


def _shown(value: object) -> str:
    return f"{value:,.12g}" if isinstance(value, float) else str(value)


def grounded_item(claim: Claim, sentences: Sequence[Sentence]) -> SummaryItem:
    """Return a supported claim as an item of the summary, its citations in order of time."""
    return SummaryItem(
        text=" ".join(claim.text.split()),
        citations=tuple(citation(sentences, segment) for segment in sorted(set(claim.segments))),
        quoted=claim.quoted,
        owner=claim.owner,
        due=claim.due,
    )
