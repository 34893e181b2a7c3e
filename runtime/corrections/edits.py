"""The edits that people make, as values; `edit_of` reads one from JSON."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, get_args, get_type_hints

from runtime.core.safe_text import one_line

MAX_TEXT = 2_000
MAX_WORDS = 500
"""Words that one edit may concern."""


class EditRefusedError(ValueError):
    """An edit is invalid, or does not fit the document (any more).

    `code` is stable: `edits.invalid`, `edits.no_such_word`, `edits.no_such_speaker`, ...
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameSpeaker:
    """Give a speaker a name, everywhere; an empty one takes it back."""

    speaker: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeSpeakers:
    """All that `speaker` said was said by `into`."""

    speaker: str
    into: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitSpeaker:
    """From this word on, what `speaker` said was said by `into`, who may be new."""

    speaker: str
    word: str
    into: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReassignWords:
    """The words were said by `speaker`, who may be new."""

    words: tuple[str, ...]
    speaker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeWord:
    """Write a word differently; several words share its time by their length."""

    word: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertWords:
    """Words that were said after this one, in the time until the next."""

    after: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteWord:
    """A word that was not said."""

    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinWords:
    """A word and the next of its sentence are one."""

    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartSentence:
    """A sentence begins with this word."""

    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinueSentence:
    """No sentence begins with this word: it continues the one before."""

    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTitle:
    """The recording's title; an empty one takes it back."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeChapter:
    """The title of a chapter, by index."""

    chapter: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSummary:
    """The text of a summary's item by the indexes of section and item; an empty one removes it."""

    section: int
    item: int
    text: str


Edit = (
    RenameSpeaker
    | MergeSpeakers
    | SplitSpeaker
    | ReassignWords
    | ChangeWord
    | InsertWords
    | DeleteWord
    | JoinWords
    | StartSentence
    | ContinueSentence
    | ChangeTitle
    | ChangeChapter
    | ChangeSummary
)

KINDS: Mapping[str, type[Edit]] = {
    re.sub(r"\B(?=[A-Z])", "_", kind.__name__).lower(): kind for kind in get_args(Edit)
}
"""By the names of kinds in JSON, as in `rename_speaker`: those of the classes."""

_NAMES = {kind: name for name, kind in KINDS.items()}


def edit_of(given: Any) -> Edit:
    """Read `{"kind": ..., fields}`; raise `EditRefusedError` with what is wrong."""
    if not isinstance(given, Mapping) or given.get("kind") not in KINDS:
        raise _invalid(f"an edit has a kind, one of {', '.join(KINDS)}")
    kind = KINDS[given["kind"]]
    names = {each.name for each in fields(kind)}
    if given.keys() != {"kind", *names}:
        raise _invalid(f"{given['kind']} has the fields {', '.join(sorted(names))}")
    hints = get_type_hints(kind)
    return kind(**{name: _value(name, hints[name], given[name]) for name in names})


def json_of(edit: Edit) -> dict[str, Any]:
    """Return the edit as `edit_of` reads it."""
    values = asdict(edit)
    if isinstance(edit, ReassignWords):
        values["words"] = list(edit.words)
    return {"kind": _NAMES[type(edit)], **values}


def _value(name: str, hint: Any, value: Any) -> Any:
    if hint is int:
        if type(value) is not int or value < 0:
            raise _invalid(f"{name} is an index from 0")
        return value
    if hint is str:
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            raise _invalid(f"{name} is a text of at most {MAX_TEXT} characters")
        text = " ".join(value.split())
        if one_line(text) != text:
            raise _invalid(f"{name} has control characters or marks of direction")
        return text
    if not isinstance(value, list) or not 0 < len(value) <= MAX_WORDS:
        raise _invalid(f"{name} is a list of 1 to {MAX_WORDS} ids of words")
    if not all(isinstance(each, str) for each in value):
        raise _invalid(f"{name} is a list of ids of words")
    return tuple(dict.fromkeys(value))


def _invalid(message: str) -> EditRefusedError:
    return EditRefusedError("edits.invalid", f"The edit is invalid: {message}.")
