"""What can be found in a transcript by its words: decisions, tasks, questions, keywords, names.

Decisions and tasks are recognised by phrases of the sentence's language, if it has a table, names
by capital letters inside sentences (not in German, which capitalizes every noun). What is found is
quoted.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from runtime.core.media import Sentence
from runtime.core.summary import SummaryItem
from runtime.processor.stages.function_words import function_words, words_of
from runtime.processor.summaries.phrases import Phrases, is_question, phrases_of
from runtime.processor.summaries.port import SummaryRequest, citation

T = TypeVar("T")
MAX_ITEMS = 10
MAX_KEYWORDS = 8
MAX_CITATIONS = 3
FEWEST_QUESTION_WORDS = 5
FEWEST_MENTIONS = 2
_KEYWORD_LETTERS = 4

_NAME = re.compile(r"\b[A-Z\u00c0-\u00de][\w'\u2019\u00c0-\u024f-]*[a-z\u00df-\u024f0-9][\w-]*\b")
_CAPITALIZED = """
I I'm I'll I've I'd OK Okay Mr Mrs Ms Dr God Monday Tuesday Wednesday Thursday Friday Saturday
Sunday January February March April May June July August September October November December
"""
_NOT_NAMES = frozenset(_CAPITALIZED.split())


def find_decisions(request: SummaryRequest) -> Sequence[SummaryItem]:
    """Return the sentences that state a decision; what asks or denies states none."""
    found = [
        i
        for i, phrases in _readable(request)
        if _decides(request.sentences[i].text, phrases)
        and not is_question(request.sentences[i].text)
    ]
    return [quote(request, i) for i in spread(found)]


def _decides(text: str, phrases: Phrases) -> bool:
    match = phrases.decision.search(text)
    if match is None:
        return False
    # A denial stands in between, as in German, or right before, as in Spanish.
    before = text[: match.start()].split()[-1:]
    return not phrases.is_negated(" ".join([*before, match.group()]))


def find_action_items(request: SummaryRequest) -> Sequence[SummaryItem]:
    """Return the sentences that state a task, with the one who takes it as its owner."""
    found = [
        (i, phrases)
        for i, phrases in _readable(request)
        if phrases.task.search(request.sentences[i].text)
    ]
    items = []
    for i, phrases in spread(found):
        sentence = request.sentences[i]
        due = phrases.due.search(sentence.text)
        owner = sentence.speaker if phrases.own_task.search(sentence.text) else None
        items.append(replace(quote(request, i), owner=owner, due=due.group() if due else None))
    return items


def _readable(request: SummaryRequest) -> Iterator[tuple[int, Phrases]]:
    """Yield the sentences of five words or more whose language has a table."""
    for i, sentence in enumerate(request.sentences):
        phrases = phrases_of(sentence.language or request.language)
        if phrases and len(sentence.words) >= FEWEST_QUESTION_WORDS:
            yield i, phrases


def find_questions(request: SummaryRequest) -> Sequence[SummaryItem]:
    """Return the questions of five words or more."""
    asked = [
        i
        for i, sentence in enumerate(request.sentences)
        if is_question(sentence.text) and len(sentence.words) >= FEWEST_QUESTION_WORDS
    ]
    return [quote(request, i) for i in spread(asked)]


def spread(found: Sequence[T], most: int = MAX_ITEMS) -> list[T]:
    """Return up to `most`, evenly spread over the recording."""
    count = min(most, len(found))
    return [found[i * len(found) // count] for i in range(count)]


def quote(request: SummaryRequest, index: int) -> SummaryItem:
    """Return a sentence as it was said."""
    return SummaryItem(
        text=request.sentences[index].text,
        citations=(citation(request.sentences, index),),
        quoted=True,
    )


def find_keywords(request: SummaryRequest) -> Sequence[SummaryItem]:
    """Return the words of content that stand in most sentences, with their first mentions."""
    ignored = function_words(request.language, [s.text for s in request.sentences])
    mentions: defaultdict[str, list[int]] = defaultdict(list)
    for index, sentence in enumerate(request.sentences):
        for word in set(words_of(sentence.text)):
            if word not in ignored and len(word) >= _KEYWORD_LETTERS:
                mentions[word].append(index)
    ranked = sorted(
        (word for word, where in mentions.items() if len(where) >= FEWEST_MENTIONS),
        key=lambda word: (-len(mentions[word]), mentions[word][0], word),
    )
    return [_mentioned(request, word, mentions[word]) for word in ranked[:MAX_KEYWORDS]]


def find_names(request: SummaryRequest) -> Sequence[SummaryItem]:
    """Return names of persons and places by capital letters, those mentioned most first."""
    if request.language == "de":
        return []
    mentions: defaultdict[str, list[int]] = defaultdict(list)
    written_small = Counter(w for s in request.sentences for w in s.text.split() if w.islower())
    for index, sentence in enumerate(request.sentences):
        for name in names_in(sentence):
            if not written_small[name.lower()]:
                mentions[name].append(index)
    ranked = sorted(mentions, key=lambda name: (-len(mentions[name]), mentions[name][0], name))
    return [_mentioned(request, name, mentions[name]) for name in ranked[:MAX_ITEMS]]


def names_in(sentence: Sentence) -> list[str]:
    """Return the capitalized words inside a sentence, neighbours as one name; not the first."""
    names: list[list[str]] = []
    follows = False
    for attributed in sentence.words[1:]:
        text = attributed.word.text.strip("\"'“”‘’()[]")  # noqa: RUF001 - as written
        match = _NAME.match(text)
        if match is None or match.group().partition("'")[0] in _NOT_NAMES:
            follows = False
            continue
        bare = re.sub(r"['\u2019]s$", "", match.group())
        if follows:
            names[-1].append(bare)
        else:
            names.append([bare])
        follows = match.end() == len(text)
    return list(dict.fromkeys(" ".join(parts) for parts in names))


def _mentioned(request: SummaryRequest, text: str, where: Sequence[int]) -> SummaryItem:
    return SummaryItem(
        text=text,
        citations=tuple(citation(request.sentences, index) for index in where[:MAX_CITATIONS]),
    )
