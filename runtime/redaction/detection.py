"""Finds personal data in a text by all detectors."""

import re
from collections.abc import Iterable, Iterator

from phonenumbers import Leniency, PhoneNumberMatcher

from runtime.redaction.kinds import Kind, Span, merged
from runtime.redaction.numbers import numbers

REGIONS = {
    "de": ("DE", "AT", "CH"),
    "en": ("US", "GB"),
    "es": ("ES", "MX"),
    "fr": ("FR", "BE"),
    "hi": ("IN",),
    "it": ("IT",),
    "ja": ("JP",),
    "nl": ("NL", "BE"),
    "pl": ("PL",),
    "pt": ("BR", "PT"),
}
"""Countries whose national numbers are looked for where a language is spoken."""

_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_SPOKEN_MAIL = re.compile(
    r"[\w+-]+(?:\s+(?:dot|punkt|point|punto|ponto)\s+[\w+-]+)*"
    r"\s+(?:at|ät|arroba|arobase|chiocciola)\s+"
    r"[\w-]+(?:(?:\s+(?:dot|punkt|point|punto|ponto)\s+|\.)[\w-]+)*"
    r"(?:\s+(?:dot|punkt|point|punto|ponto)\s+|\.)"
    r"(?:com|org|net|edu|gov|info|eu|io|co|uk|us|ca|au|in|de|at|ch|fr|be|it|es|mx|pt|br|nl|pl|jp)\b",
    re.IGNORECASE,
)


_READ_OUT = re.compile(r"(?<!\d)(\d)[,.](?= \d(?!\d))")
"""The comma between digits that were read one by one, as recognition writes them."""


def personal_data(
    text: str, *, languages: Iterable[str] = (), names: Iterable[str] = ()
) -> list[Span]:
    """Return the personal data of a text, in order, without overlaps.

    `names` are those that people gave: of speakers, and terms to expect.
    """
    return merged(
        [
            *numbers(text),
            *_mails(text),
            *_phones(text, languages),
            *_names(text, names),
        ]
    )


def _mails(text: str) -> Iterator[Span]:
    for pattern in (_MAIL, _SPOKEN_MAIL):
        yield from (Span(*found.span(), Kind.MAIL) for found in pattern.finditer(text))


def _phones(text: str, languages: Iterable[str]) -> Iterator[Span]:
    regions = {region for language in languages for region in REGIONS.get(language, ())}
    for region in [None, *sorted(regions)]:
        # As long as the text, so that the places are the same.
        plain = _READ_OUT.sub(r"\1 ", text)
        for found in PhoneNumberMatcher(plain, region, leniency=Leniency.VALID):
            yield Span(found.start, found.end, Kind.PHONE)


def _names(text: str, names: Iterable[str]) -> Iterator[Span]:
    for name in names:
        if name.strip():
            pattern = rf"(?<!\w){re.escape(name.strip())}(?!\w)"
            for found in re.finditer(pattern, text, re.IGNORECASE):
                yield Span(*found.span(), Kind.NAME)
