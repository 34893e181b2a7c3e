"""Kinds of recording as declarative templates: the project's own and those an environment adds."""

import json
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from runtime.core.media import Sentence
from runtime.core.summary import SectionName

_BUILT_IN = Path(__file__).with_name("templates.toml")
_FIELDS = {"name", "description", "tone", "length", "sections"}

TITLES: Mapping[SectionName, str] = {
    SectionName.OVERVIEW: "Overview",
    SectionName.KEY_POINTS: "Key points",
    SectionName.DECISIONS: "Decisions",
    SectionName.ACTION_ITEMS: "Action items",
    SectionName.OPEN_QUESTIONS: "Open questions",
    SectionName.QUOTES: "Notable quotes",
    SectionName.KEYWORDS: "Keywords",
    SectionName.NAMES: "Names and places",
}

LECTURER_SHARE = 0.85
"""Of the words, said by one speaker: more makes a recording a lecture."""

INTERVIEWED_SHARE = 0.65
"""Of the words, said by one of two speakers: more makes a conversation an interview."""

CONVERSATION_SPEAKERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A kind of recording: what its summary has, in which tone, and how long it is."""

    name: str
    description: str
    tone: str
    length: float
    sections: tuple[SectionName, ...]


class TemplateError(ValueError):
    """A template is invalid; the message says which and why."""


@cache
def built_in_templates() -> tuple[Template, ...]:
    """Return the project's own templates."""
    return tuple(_parsed(each) for each in tomllib.loads(_BUILT_IN.read_text())["template"])


def templates_of(added: str) -> dict[str, Template]:
    """Return all templates by name; `added` is a JSON list of an environment's own, or empty.

    Raise `TemplateError`.
    """
    try:
        documents = json.loads(added) if added else []
    except ValueError as error:
        raise TemplateError(f"the added templates are not JSON ({error})") from error
    if not isinstance(documents, list):
        raise TemplateError("the added templates are not a list")
    every = (*built_in_templates(), *(_parsed(each) for each in documents))
    return {template.name: template for template in every}


def _parsed(document: Any) -> Template:
    if not isinstance(document, Mapping) or set(document) != _FIELDS:
        raise TemplateError(f"a template has exactly the fields {', '.join(sorted(_FIELDS))}")
    unknown = [name for name in document["sections"] if name not in set(SectionName)]
    if unknown or not document["sections"]:
        raise TemplateError(
            f"template {document['name']!r} has the sections {unknown or 'none'}, not some of "
            f"{', '.join(SectionName)}"
        )
    return Template(
        name=str(document["name"]),
        description=str(document["description"]),
        tone=str(document["tone"]),
        length=float(document["length"]),
        sections=tuple(SectionName(name) for name in document["sections"]),
    )


def guess_kind(sentences: Sequence[Sentence]) -> str:
    """Return the kind of recording that the shares of its speakers suggest.

    Nearly all by one: a lecture. Two: an interview if one says most of it, else a call. More: a
    meeting. A podcast sounds like these, so it has to be asked for.
    """
    words: Counter[str] = Counter()
    for sentence in sentences:
        words[sentence.speaker] += len(sentence.words)
    total = sum(words.values())
    shares = sorted((count / total for count in words.values()), reverse=True)
    if not shares or shares[0] >= LECTURER_SHARE:
        return "lecture"
    if len(shares) > CONVERSATION_SPEAKERS:
        return "meeting"
    return "interview" if shares[0] >= INTERVIEWED_SHARE else "call"
