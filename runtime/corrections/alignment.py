"""Aligns an edited text with the words of a document: what stays, and what was written instead.

A text is compared in units: a word, or a character of a script that puts no spaces between words.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rapidfuzz.distance import Levenshtein

from runtime.core.word_spacing import is_unspaced
from runtime.corrections.captions import Said, clean

MOST_PAIRS = 2_500
"""A block of more pairs of words is paired in order, not by likeness."""

SKIP_COST = 0.6
"""Less than half of what two unlike words cost, so that they are paired rather than skipped."""

# Captions in SubRip have other characters for these.
_SAME = str.maketrans("<>{}", "\u2039\u203a()")


@dataclass(frozen=True, slots=True)
class Token:
    """A written word and the part of the text that it is of."""

    text: str
    said: Said


@dataclass(frozen=True, slots=True)
class Block:
    """Words from `start` up to `end` of the document, and what is written in their place."""

    start: int
    end: int
    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Alignment:
    """`kept` pairs the index of a word that is written as it was with its token."""

    kept: tuple[tuple[int, Token], ...]
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class _Unit:
    """`glued`: no space stands before it."""

    text: str
    said: Said
    glued: bool

    @property
    def key(self) -> str:
        return key_of(self.text)


@lru_cache(maxsize=1 << 16)
def key_of(text: str) -> str:
    """Return a text as it is compared: one form of each character, none that captions lack."""
    return unicodedata.normalize("NFC", clean(text)).translate(_SAME)


def align(words: Sequence[str], said: Iterable[Said]) -> Alignment:
    """Return which words are kept, and the blocks between them that differ."""
    units = [unit for each in said for unit in _units(each)]
    owner, old = _of_words(words)
    pairs: dict[int, int] = {}
    for code in Levenshtein.opcodes(old, [unit.key for unit in units]):
        if code.tag == "equal":
            length = code.src_end - code.src_start
            pairs.update((code.src_start + n, code.dest_start + n) for n in range(length))
    kept = list(_kept(len(words), owner, pairs, units))
    edges = [(-1, 0, 0), *kept, (len(words), len(units), len(units))]
    blocks = [
        Block(before[0] + 1, after[0], tuple(_tokens(units[before[2] : after[1]])))
        for before, after in pairwise(edges)
    ]
    return Alignment(
        kept=tuple((at, next(_tokens(units[start:end]))) for at, start, end in kept),
        blocks=tuple(block for block in blocks if block.tokens or block.end > block.start),
    )


def pair(words: Sequence[str], tokens: Sequence[str]) -> list[tuple[int, int]]:
    """Return pairs of indexes, in order, of words and what is written for them.

    As many as there are of the fewer; of all ways, the one whose pairs are most alike.
    """
    if len(words) * len(tokens) > MOST_PAIRS:
        return [(at, at) for at in range(min(len(words), len(tokens)))]
    costs = [[0.0] * (len(tokens) + 1) for _ in range(len(words) + 1)]
    for i in range(len(words), -1, -1):
        for j in range(len(tokens), -1, -1):
            costs[i][j] = min(_ways(words, tokens, costs, i, j), default=(0.0, ""))[0]
    found, i, j = [], 0, 0
    while i < len(words) and j < len(tokens):
        _, way = min(_ways(words, tokens, costs, i, j))
        if way == "pair":
            found.append((i, j))
        i += way != "token"
        j += way != "word"
    return found


def _ways(
    words: Sequence[str], tokens: Sequence[str], costs: Sequence[Sequence[float]], i: int, j: int
) -> list[tuple[float, str]]:
    ways = []
    if i < len(words) and j < len(tokens):
        unlike = Levenshtein.normalized_distance(words[i].casefold(), tokens[j].casefold())
        ways.append((costs[i + 1][j + 1] + unlike, "pair"))
    if i < len(words):
        ways.append((costs[i + 1][j] + SKIP_COST, "word"))
    if j < len(tokens):
        ways.append((costs[i][j + 1] + SKIP_COST, "token"))
    return ways


def _units(said: Said) -> Iterator[_Unit]:
    for token in said.text.split():
        for at, part in enumerate(_parts(token)):
            yield _Unit(part, said, glued=at > 0)


def _parts(token: str) -> Iterator[str]:
    """Divide a token into characters of unspaced scripts and the stretches between them."""
    stretch = ""
    for character in token:
        if not is_unspaced(character):
            stretch += character
            continue
        if stretch:
            yield stretch
            stretch = ""
        yield character
    if stretch:
        yield stretch


def _of_words(words: Sequence[str]) -> tuple[list[range], list[str]]:
    """Return the range of units of each word, and the units."""
    ranges: list[range] = []
    units: list[str] = []
    for word in words:
        start = len(units)
        units += [key_of(part) for token in clean(word).split() for part in _parts(token)]
        ranges.append(range(start, len(units)))
    return ranges, units


def _kept(
    count: int, owner: Sequence[range], pairs: dict[int, int], units: Sequence[_Unit]
) -> Iterator[tuple[int, int, int]]:
    """Yield index, first and last unit of each word that is written as it was."""
    for at in range(count):
        new = [pairs[unit] for unit in owner[at] if unit in pairs]
        if not new or len(new) < len(owner[at]):
            continue
        start, end = new[0], new[0] + len(new)
        together = new == list(range(start, end))
        if together and not _touches(units, start) and not _touches(units, end):
            yield at, start, end


def _touches(units: Sequence[_Unit], at: int) -> bool:
    """Return whether a word of a spaced script goes on here."""
    if not 0 < at < len(units) or not units[at].glued:
        return False
    return not (is_unspaced(units[at - 1].text[-1]) and is_unspaced(units[at].text[0]))


def _tokens(units: Sequence[_Unit]) -> Iterator[Token]:
    text, said = "", None
    for unit in units:
        if said is not None and not unit.glued:
            yield Token(text, said)
            text, said = "", None
        text += unit.text
        said = said or unit.said
    if said is not None:
        yield Token(text, said)
