"""What can be found in a transcript by its words: decisions, tasks, questions, keywords, names.

Decisions and tasks are recognised by English phrases, names by capital letters inside sentences
(not in German, which capitalizes every noun). What is found is quoted.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from runtime.core.media import Sentence
from runtime.core.summary import SummaryItem
from runtime.processor.stages.function_words import function_words, words_of
from runtime.processor.summaries.port import SummaryRequest, citation

MAX_ITEMS = 10
MAX_KEYWORDS = 8
MAX_CITATIONS = 3
FEWEST_QUESTION_WORDS = 5
FEWEST_MENTIONS = 2
_KEYWORD_LETTERS = 4

_DECISION = re.compile(
    r"\b(we|they|i|board|council|team|committee)\s+(have\s+|has\s+)?(all\s+)?"
    r"(decided|agreed|approved|voted)\b|\bthe decision (is|was)\b|\bit (is|was) (decided|agreed)\b",
    re.IGNORECASE,
)
_TASK = re.compile(
    r"\b(i|we)(\s+will|'ll|\u2019ll)\s+(?!be\b|see\b|have\b|get\b|never\b|not\b)[a-z]+|"
    r"\bplease\s+[a-z]+|\b(can|could|would) you\b|\baction item\b|\bneeds? to be\b|"
    r"\b(will|is going to) (send|write|check|prepare|call|ask|fix|update|review|book)\b",
    re.IGNORECASE,
)
_OWN_TASK = re.compile(r"\bI(\s+will|'ll|\u2019ll)\b")
_DUE = re.compile(
    r"\b(by|on|until|before|next|this)\s+((the\s+)?end of (the\s+)?(day|week|month|quarter|year)|"
    r"(next\s+)?(monday|tuesday|wednesday|thursday|friday|saturday|sunday|week|month|quarter|year)|"
    r"tomorrow|tonight|noon|january|february|march|april|june|july|august|september|october|"
    r"november|december)\b|\btomorrow\b|\btonight\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"\b[A-Z\u00c0-\u00de][\w'\u2019\u00c0-\u024f-]*[a-z\u00df-\u024f0-9][\w-]*\b")
_CAPITALIZED = """
I I'm I'll I've I'd OK Okay Mr Mrs Ms Dr God Monday Tuesday Wednesday Thursday Friday Saturday
Sunday January February March April May June July August September October November December
"""
_NOT_NAMES = frozenset(_CAPITALIZED.split())


def find_decisions(request: SummaryRequest) -> Sequence[SummaryItem]:
    """Return the sentences that state a decision, in English recordings."""
    return _matching(request, _DECISION)


def find_action_items(request: SummaryRequest) -> Sequence[SummaryItem]:
    """Return the sentences that state a task, with its speaker as the owner of "I will"."""
    return _matching(request, _TASK, is_task=True)


def find_questions(request: SummaryRequest) -> Sequence[SummaryItem]:
    """Return the questions of five words or more."""
    asked = [
        i
        for i, sentence in enumerate(request.sentences)
        if sentence.text.rstrip("\"'”’»)")[-1:] in {"?", "？", "؟"}  # noqa: RUF001 - as written
        and len(sentence.words) >= FEWEST_QUESTION_WORDS
    ]
    return [_quote(request, i) for i in _spread(asked)]


def _matching(
    request: SummaryRequest, pattern: re.Pattern[str], *, is_task: bool = False
) -> list[SummaryItem]:
    if request.language != "en":
        return []
    found = [
        i
        for i, sentence in enumerate(request.sentences)
        if pattern.search(sentence.text) and len(sentence.words) >= FEWEST_QUESTION_WORDS
    ]
    return [_quote(request, i, is_task=is_task) for i in _spread(found)]


def _spread(found: Sequence[int]) -> list[int]:
    """Return up to `MAX_ITEMS`, evenly spread over the recording."""
    if len(found) <= MAX_ITEMS:
        return list(found)
    return [found[i * len(found) // MAX_ITEMS] for i in range(MAX_ITEMS)]


def _quote(request: SummaryRequest, index: int, *, is_task: bool = False) -> SummaryItem:
    sentence = request.sentences[index]
    due = _DUE.search(sentence.text) if is_task else None
    own = is_task and _OWN_TASK.search(sentence.text) is not None
    return SummaryItem(
        text=sentence.text,
        citations=(citation(request.sentences, index),),
        quoted=True,
        owner=sentence.speaker if own else None,
        due=due.group() if due else None,
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
