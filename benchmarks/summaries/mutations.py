"""Falsifies good sentences of a summary in one fact each: what a check must notice."""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from benchmarks.summaries.recordings import HERE, read_topics, said
from runtime.core.media import Sentence
from runtime.processor.summaries.grounding import Claim, Transcript

NAMES = (
    *("Berlin", "Lisbon", "Oslo", "Newton", "Curie", "Madrid", "Darwin", "Prague", "Galileo"),
    *("Warsaw", "Hamburg", "Dublin", "Einstein", "Toronto", "Nairobi", "Kepler", "Mozart"),
)
MONTHS = (
    *("January", "February", "March", "April", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SEASONS = ("spring", "summer", "autumn", "winter")
WORDS = (
    *("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("fourteen", "eighteen", "twenty", "thirty", "fifty", "sixty", "ninety"),
)
_AUXILIARY = re.compile(r"\b(is|are|was|were|has|have|had|can|will|must|should|could|may)\b")
_NUMBER = re.compile(r"\b\d[\d,.]*\d\b|\b\d\b|\b(?:" + "|".join(WORDS) + r")\b")
_DATE = re.compile(r"\b(?:" + "|".join((*MONTHS, *DAYS, *SEASONS)) + r")\b|\b(?:1[89]|20)\d\d\b")
_NAME = re.compile(r"\b(?!Speaker)[A-Z][a-z]{2,}\b")
SPEAKERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodSentence:
    """A faithful claim, and the transcript of its topic."""

    topic: str
    claim: Claim
    sentences: tuple[Sentence, ...]
    kind: str = "plain"


def transcript_of(lines: Sequence[str]) -> tuple[Sentence, ...]:
    """Return a topic's lines as spoken by three speakers in turn."""
    clock, sentences = 0.5, []
    for i, line in enumerate(lines):
        sentences.append(said(line, start=clock, speaker=f"SPEAKER_{i % SPEAKERS:02d}"))
        clock = sentences[-1].end_seconds + 0.4
    return tuple(sentences)


@cache
def all_transcripts() -> dict[str, tuple[Sentence, ...]]:
    """Return the transcripts of all topics by their titles."""
    topics = {**read_topics("topics.txt"), **read_topics("one_topic.txt")}
    return {title: transcript_of(lines) for title, lines in topics.items()}


def good_sentences() -> list[GoodSentence]:
    """Return the faithful sentences with which the check was made."""
    return [*_plain_sentences(), *_sentences_with_kinds("written_freely.txt")]


def held_out_sentences() -> list[GoodSentence]:
    """Return faithful sentences that were written when the check was finished."""
    return _sentences_with_kinds("held_out.txt")


def _plain_sentences() -> list[GoodSentence]:
    """Return sentences, half of which are attributed to the speaker of the passage."""
    found = [_good("plain", *row) for row in _rows("good.txt")]
    return [
        _attributed(good) if number % 2 and len(good.claim.segments) == 1 else good
        for number, good in enumerate(found)
    ]


def _sentences_with_kinds(name: str) -> list[GoodSentence]:
    found = [_good(*row) for row in _rows(name)]
    return [_attributed(good) if good.kind == "speaker" else good for good in found]


def _good(kind: str, topic: str, cited: str, text: str) -> GoodSentence:
    claim = Claim(text=text, segments=tuple(int(index) for index in cited.split(",")))
    return GoodSentence(topic=topic, claim=claim, sentences=all_transcripts()[topic], kind=kind)


def _attributed(good: GoodSentence) -> GoodSentence:
    claim = good.claim
    speaker = int(good.sentences[claim.segments[0]].speaker.rpartition("_")[2]) + 1
    return replace(good, claim=replace(claim, text=f"Speaker {speaker} says: {claim.text}"))


def _rows(name: str) -> list[list[str]]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    rows = (line for line in lines if line and not line.startswith("#"))
    return [[part.strip() for part in row.split("|")] for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """A falsified sentence, and which kind of fact was changed."""

    kind: str
    good: GoodSentence
    claim: Claim


def mutations(
    count: int, *, seed: int, good: Sequence[GoodSentence] | None = None
) -> list[Mutation]:
    """Return `count` falsified sentences, of each kind about as many."""
    rng = random.Random(seed)  # noqa: S311 - a seed must give the same everywhere
    good = good_sentences() if good is None else good
    found: list[Mutation] = []
    kinds = list(_KINDS)
    while len(found) < count:
        kind = kinds[len(found) % len(kinds)]
        chosen = rng.choice(good)
        claim = _KINDS[kind](chosen, rng)
        if claim is not None and claim != chosen.claim:
            found.append(Mutation(kind=kind, good=chosen, claim=claim))
    return found


def _replaced(
    good: GoodSentence, rng: random.Random, pattern: re.Pattern[str], other: Callable[[str], str]
) -> Claim | None:
    matches = [m for m in pattern.finditer(good.claim.text) if not _in_speaker(good, m.start())]
    if not matches:
        return None
    match = rng.choice(matches)
    text = good.claim.text
    changed = text[: match.start()] + other(match.group()) + text[match.end() :]
    return replace(good.claim, text=changed)


def _in_speaker(good: GoodSentence, at: int) -> bool:
    return good.claim.text[:at].endswith("Speaker ")


def _swap_number(good: GoodSentence, rng: random.Random) -> Claim | None:
    def other(value: str) -> str:
        if not value[0].isdigit():
            return rng.choice([word for word in WORDS if word != value])
        digits = value.replace(",", "")
        return f"{int(digits) + rng.choice([1, 2, 5, 10, 30]):,}" if digits.isdigit() else "77"

    return _replaced(good, rng, _NUMBER, other)


def _swap_date(good: GoodSentence, rng: random.Random) -> Claim | None:
    def other(value: str) -> str:
        if value.isdigit():
            return str(int(value) + rng.choice([-20, -3, 1, 4, 11]))
        group = next(g for g in (MONTHS, DAYS, SEASONS) if value in g)
        return rng.choice([word for word in group if word != value])

    return _replaced(good, rng, _DATE, other)


def _swap_name(good: GoodSentence, rng: random.Random) -> Claim | None:
    """Replace a name of the sentence by one from elsewhere, or by one that never was said."""
    own = Transcript(good.sentences, language="en").names
    names = [name for name in _NAME.findall(good.claim.text) if name.lower() in own]
    if not names:
        return None
    elsewhere = rng.choice(topic_names())
    pool = sorted({*NAMES, *elsewhere} - set(_NAME.findall(good.claim.text)))
    name = rng.choice(names)
    text = re.sub(rf"\b{name}\b", rng.choice(pool), good.claim.text, count=1)
    return replace(good.claim, text=text)


@cache
def topic_names() -> tuple[tuple[str, ...], ...]:
    """Return the names that are said in each topic."""
    found = []
    for sentences in all_transcripts().values():
        names = Transcript(sentences, language="en").names
        found.append(tuple(sorted(name.capitalize() for name in names)))
    return tuple(names for names in found if names)


def _swap_speaker(good: GoodSentence, rng: random.Random) -> Claim | None:
    speakers = {good.sentences[segment].speaker for segment in good.claim.segments}
    absent = [n for n in range(SPEAKERS) if f"SPEAKER_{n:02d}" not in speakers]
    if not absent:
        return None
    wrong = rng.choice(absent) + 1
    if good.claim.text.startswith("Speaker "):
        return replace(good.claim, text=re.sub(r"^Speaker \d", f"Speaker {wrong}", good.claim.text))
    return replace(good.claim, text=f"Speaker {wrong} says: {good.claim.text}")


def _swap_time(good: GoodSentence, rng: random.Random) -> Claim | None:
    others = [i for i in range(len(good.sentences)) if i not in good.claim.segments]
    return replace(good.claim, segments=(rng.choice(others),))


_KINDS: dict[str, Callable[[GoodSentence, random.Random], Claim | None]] = {
    "speaker": _swap_speaker,
    "number": _swap_number,
    "name": _swap_name,
    "date": _swap_date,
    "timestamp": _swap_time,
}


def denied(good: GoodSentence) -> Claim | None:
    """Return the claim with a "not" after its first auxiliary verb, None if it has neither."""
    text = _AUXILIARY.sub(r"\1 not", good.claim.text, count=1)
    return None if text == good.claim.text or " not not" in text else replace(good.claim, text=text)
