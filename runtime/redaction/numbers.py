"""Numbers whose check digits prove what they are: cards, accounts, identities.

A number is looked for in any run of digits, however a speaker or a recogniser groups it. The check
digits are those of `stdnum`.
"""

import re
from collections.abc import Callable, Iterator

from stdnum import iban, luhn
from stdnum.br import cpf
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.in_ import aadhaar
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.pl import pesel
from stdnum.us import ssn

from runtime.redaction.kinds import Kind, Span

Check = Callable[[str], bool]
NumberAt = Callable[[str, int, set[int]], tuple[int, Kind] | None]
"""Returns length and kind of the number that begins at a place and ends at one of these."""

_CARD_DIGITS = (19, 16, 15, 14, 13)
_ISSUERS = "23456"
"""First digits of cards: travel and entertainment, banks and others (ISO/IEC 7812)."""

_IDENTITIES: tuple[tuple[int, Check], ...] = (
    (13, nir.is_valid),
    (15, nir.is_valid),
    (12, aadhaar.is_valid),
    (11, idnr.is_valid),
    (11, cpf.is_valid),
    (11, pesel.is_valid),
    (10, nhs.is_valid),
    (9, bsn.is_valid),
)
"""Numbers of digits alone, each with its length and check, the longest first."""

_DIGITS = re.compile(r"\d(?:[ .,/\-\u00a0\u2010-\u2015]{0,3}\d){7,40}")
_LETTERS_TOO = re.compile(r"(?<!\w)[A-Z0-9](?:[ .\-]?[A-Z0-9]){7,40}(?!\w)", re.IGNORECASE)
_SOCIAL_SECURITY = re.compile(r"(?<!\d)\d{3}[- ]\d{2}[- ]\d{4}(?!\d)")
_IBAN_LENGTHS = range(15, 35)
_CODE_LENGTHS: tuple[tuple[int, Check], ...] = (
    (16, codicefiscale.is_valid),
    (9, dni.is_valid),
    (9, nie.is_valid),
)


def numbers(text: str) -> Iterator[Span]:
    """Yield the numbers of a text that their check digits prove."""
    for run in _DIGITS.finditer(text):
        yield from _in_run(run.start(), run[0], str.isdigit, _number_at)
    for run in _LETTERS_TOO.finditer(text):
        yield from _in_run(run.start(), run[0], str.isalnum, _code_at)
    for found in _SOCIAL_SECURITY.finditer(text):
        if ssn.is_valid(found[0]):
            yield Span(found.start(), found.end(), Kind.IDENTITY)


def _in_run(
    start: int, run: str, belongs: Callable[[str], bool], number_at: NumberAt
) -> Iterator[Span]:
    """Yield the numbers of a run; each begins and ends where a group of its characters does."""
    places = [at for at, character in enumerate(run) if belongs(character)]
    characters = "".join(run[at] for at in places).upper()
    begins = [at for at, place in enumerate(places) if not place or not belongs(run[place - 1])]
    ends = {*begins[1:], len(characters)}
    after = 0
    for begin in begins:
        found = number_at(characters, begin, ends) if begin >= after else None
        if found is not None:
            length, kind = found
            after = begin + length
            yield Span(start + places[begin], start + places[after - 1] + 1, kind)


def _number_at(digits: str, begin: int, ends: set[int]) -> tuple[int, Kind] | None:
    for length in _CARD_DIGITS:
        number = digits[begin : begin + length]
        if begin + length in ends and number[0] in _ISSUERS and luhn.is_valid(number):
            return length, Kind.CARD
    for length, is_valid in _IDENTITIES:
        if begin + length in ends and is_valid(digits[begin : begin + length]):
            return length, Kind.IDENTITY
    return None


def _code_at(code: str, begin: int, ends: set[int]) -> tuple[int, Kind] | None:
    """Return a code of letters and digits; an account begins with two letters and two digits."""
    if code[begin : begin + 2].isalpha() and code[begin + 2 : begin + 4].isdigit():
        for length in reversed(_IBAN_LENGTHS):
            number = code[begin : begin + length]
            if begin + length in ends and iban.is_valid(number, check_country=False):
                return length, Kind.ACCOUNT
    for length, is_valid in _CODE_LENGTHS:
        if begin + length in ends and is_valid(code[begin : begin + length]):
            return length, Kind.IDENTITY
    return None
