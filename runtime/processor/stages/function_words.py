"""Separates content words from function words."""

import re
from collections import Counter
from collections.abc import Sequence

from runtime.core.word_spacing import width

CONNECTORS = frozenset({"of", "and", "the", "in", "for", "to", "on", "at", "a", "an", "with"})
"""Function words that may stand inside a title, as in "Theory of the firm"."""

ARTICLES = frozenset({"a", "an", "the"})
PREPOSITIONS = frozenset({"of", "in", "for", "to", "on", "at", "with", "and"})
"""Connectors that an article may follow inside a title."""

_BEFORE_VERBS = """
to i we you they he she it who will would can could shall should must may might not let
"""
BEFORE_VERBS = frozenset(_BEFORE_VERBS.split())
"""English words after which a verb stands."""

_NUMBERS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred
hundreds thousand thousands million millions billion percent half first second third
"""
NUMBER_WORDS = frozenset(_NUMBERS.split())
"""English words for numbers, which name no topic."""

_ENGLISH_WORDS = """
a able about above across actually after again against all almost along already also although
always am among an and another any anybody anyone anything anyway are aren't around as ask at
away back basically be became because become been before being below between bit both but by
call came can can't cannot come comes coming could couldn't did didn't do does doesn't doing
don't done down each either else enough even ever every everybody everyone everything exactly
far few find first for from gave get gets getting give given go goes going gone gonna good got
had hadn't has hasn't have haven't having he he's hence her here here's hers herself hey him
himself his how however i i'd i'll i'm i've if in indeed instead into is isn't it it's its
itself just keep kind knew know known last least less let let's like likely little long look lot
made make makes making many may maybe me mean might mine more most much must my myself neither
never new next no nobody none nor not nothing now of off often oh okay on once one only onto or
other others our ours ourselves out over own perhaps please pretty put quite rather really right
said same saw say saying says second see seem seemed seems seen several shall she she's should
shouldn't since so some somebody someone something sometimes soon sort still such sure take
taken tell than thank thanks that that's the their theirs them themselves then there there's
therefore these they they'd they'll they're they've thing things think this those though thought
through thus to together told too took toward towards tried try trying two uh um under until up
upon us use used using very want wanted was wasn't way we we'd we'll we're we've well went were
weren't what what's whatever when where whether which while who who's whole whom whose why will
wish with within without won't would wouldn't yeah yes yet you you'd you'll you're you've your
yours yourself
"""
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
_WORD = re.compile(r"[^\W\d_][\w'\u2019]*")

SHORT_WORD_LETTERS = 3
"""A Chinese character is as wide as 2.6 letters, so words of one are short and words of two not."""

COMMON_SHARE, COMMON_COUNT = 0.15, 2
"""In languages without a list, a word in more sentences than both is a function word."""


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case, without punctuation and numbers."""
    return _WORD.findall(text.lower())


def function_words(language: str | None, sentences: Sequence[str]) -> frozenset[str]:
    """Return the lower-case function words of a language (ISO 639-1), or of these sentences.

    English has a list. Elsewhere they are the words of up to three letters and those that stand
    in more than a seventh of the sentences: Zipf's law puts function words there. A word that
    comes twice proves nothing, or a short recording would have no other words.
    """
    if language == "en":
        return _ENGLISH
    present = [set(words_of(sentence)) for sentence in sentences]
    frequency = Counter(word for words in present for word in words)
    return frozenset(
        word
        for word, count in frequency.items()
        if width(word) <= SHORT_WORD_LETTERS
        or count > max(COMMON_COUNT, COMMON_SHARE * len(sentences))
    )
