"""What counts as personal data, and where it was found."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """A kind of personal data; the value is what stands in its place, in brackets."""

    CARD = "card"
    ACCOUNT = "account"
    MAIL = "mail"
    PHONE = "phone"
    IDENTITY = "identity"
    NAME = "name"


_ORDER = list(Kind)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of a text, by characters: `end` is the first one after it."""

    start: int
    end: int
    kind: Kind


def placeholder(kind: Kind) -> str:
    """Return what stands in place of personal data, as in `[card]`."""
    return f"[{kind}]"


def merged(spans: list[Span]) -> list[Span]:
    """Return the spans in order, those that overlap as one of the kind that `Kind` lists first."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start < found[-1].end:
            last = found[-1]
            kind = min(last.kind, span.kind, key=_ORDER.index)
            found[-1] = Span(last.start, max(last.end, span.end), kind)
        else:
            found.append(span)
    return found


def replaced(text: str, spans: list[Span]) -> str:
    """Return a text with its spans, in order and apart, replaced."""
    parts, at = [], 0
    for span in spans:
        parts += [text[at : span.start], placeholder(span.kind)]
        at = span.end
    return "".join([*parts, text[at:]])
