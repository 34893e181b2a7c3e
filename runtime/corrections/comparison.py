"""Compares two revisions of one job's results."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from runtime.core.summary import Summary
from runtime.corrections.document import Document, EditableWord


@dataclass(frozen=True, slots=True, kw_only=True)
class WordDifference:
    """A word that is not the same in both; `before` is None for an added, `after` for a removed."""

    kind: Literal["added", "removed", "changed"]
    word: str
    start_seconds: float
    before: str | None
    after: str | None
    speaker_before: str | None
    speaker_after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDifference:
    """A text at a place (a speaker's label, a chapter's index, an item's indexes) in both."""

    place: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What differs; `sentences` are words that begin a sentence in one of the two only."""

    title: TextDifference | None
    names: tuple[TextDifference, ...]
    chapters: tuple[TextDifference, ...]
    summary: tuple[TextDifference, ...]
    words: tuple[WordDifference, ...]
    sentences: tuple[str, ...]


def compare(before: Document, after: Document, found: Summary) -> Comparison:
    """Return what has changed between two documents of the same findings."""
    old = {word.id: word for word in before.words}
    new = {word.id: word for word in after.words}
    words = [_word(old.get(word.id), word) for word in after.words]
    words += [_word(word, None) for word in before.words if word.id not in new]
    titles = [(None, before.title, after.title)]
    return Comparison(
        title=next(iter(_texts(titles)), None),
        names=_texts(
            (label, before.names.get(label), after.names.get(label))
            for label in sorted({*before.names, *after.names})
        ),
        chapters=_texts(
            (str(at), *pair)
            for at, pair in enumerate(zip(before.chapter_titles, after.chapter_titles, strict=True))
        ),
        summary=_texts(
            (f"{s}.{i}", _item(before, s, i, item.text), _item(after, s, i, item.text))
            for s, section in enumerate(found.sections)
            for i, item in enumerate(section.items)
        ),
        words=tuple(sorted(filter(None, words), key=lambda each: each.start_seconds)),
        sentences=tuple(
            word.id for word in after.words if word.id in old and old[word.id].first != word.first
        ),
    )


def _item(document: Document, section: int, item: int, text: str) -> str | None:
    return document.summary.get((section, item), text)


def _texts(
    places: Iterable[tuple[str | None, str | None, str | None]],
) -> tuple[TextDifference, ...]:
    return tuple(
        TextDifference(place=place or "", before=before, after=after)
        for place, before, after in places
        if before != after
    )


def _word(before: EditableWord | None, after: EditableWord | None) -> WordDifference | None:
    known = after or before
    if known is None:
        return None
    if before and after and (before.text, before.speaker) == (after.text, after.speaker):
        return None
    return WordDifference(
        kind="added" if before is None else "removed" if after is None else "changed",
        word=known.id,
        start_seconds=known.start_seconds,
        before=before.text if before else None,
        after=after.text if after else None,
        speaker_before=before.speaker if before else None,
        speaker_after=after.speaker if after else None,
    )
