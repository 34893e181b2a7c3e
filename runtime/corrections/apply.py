"""Applies one edit to a document: a pure function, whose times stay in order."""

import re
from collections.abc import Sequence
from dataclasses import replace

from runtime.core.media import Turn
from runtime.corrections import edits
from runtime.corrections.document import Document, EditableWord, new_word
from runtime.corrections.edits import Edit, EditRefusedError

LABEL = re.compile(r"[A-Z][A-Z0-9]*_\d{2,3}|UNKNOWN")
WORD_SECONDS = 0.3
"""How long an inserted word lasts where nothing follows it."""


def apply_edit(document: Document, edit: Edit, *, number: int) -> Document:  # noqa: C901, PLR0911 - a line a kind
    """Return the edited document; `number` of the edit makes the ids of inserted words.

    Raises `EditRefusedError` where the edit names what the document does not have.
    """
    match edit:
        case edits.RenameSpeaker():
            return _rename(document, edit)
        case edits.MergeSpeakers():
            return _merge(document, edit)
        case edits.ReassignWords():
            return _reassign(document, edit)
        case edits.ChangeWord():
            at = _position(document, edit.word)
            return _write(document, at, 1, _tokens(edit.text), number)
        case edits.InsertWords():
            return _insert(document, edit, number)
        case edits.DeleteWord():
            return _delete(document, _position(document, edit.word))
        case edits.JoinWords():
            return _join(document, _position(document, edit.word), number)
        case edits.StartSentence() | edits.ContinueSentence():
            at = _position(document, edit.word)
            starts = isinstance(edit, edits.StartSentence)
            return _put(document, at, replace(document.words[at], first=starts or at == 0))
        case edits.ChangeTitle():
            return replace(document, title=edit.text or None)
        case edits.ChangeChapter():
            return _change_chapter(document, edit)
        case edits.ChangeSummary():
            place = (edit.section, edit.item)
            return replace(document, summary={**document.summary, place: edit.text or None})


def _rename(document: Document, edit: edits.RenameSpeaker) -> Document:
    _known(document, edit.speaker)
    names = {**document.names, edit.speaker: edit.name}
    return replace(document, names={label: name for label, name in names.items() if name})


def _merge(document: Document, edit: edits.MergeSpeakers) -> Document:
    _known(document, edit.speaker)
    _known(document, edit.into)
    if edit.speaker == edit.into:
        raise EditRefusedError("edits.same_speaker", "A speaker cannot be merged with itself.")
    words = tuple(
        word.spoken_by(edit.into) if word.speaker == edit.speaker else word
        for word in document.words
    )
    turns = tuple(
        replace(turn, speaker=edit.into) if turn.speaker == edit.speaker else turn
        for turn in document.turns
    )
    names = {label: name for label, name in document.names.items() if label != edit.speaker}
    return replace(document, words=words, turns=turns, names=names)


def _reassign(document: Document, edit: edits.ReassignWords) -> Document:
    if LABEL.fullmatch(edit.speaker) is None:
        raise EditRefusedError(
            "edits.bad_speaker", "A new speaker's label has the form SPEAKER_02."
        )
    places = sorted(_position(document, word) for word in edit.words)
    words = list(document.words)
    turns = document.turns
    for run in _runs(places):
        first, last = words[run[0]], words[run[-1]]
        old = {words[at].speaker for at in run}
        for at in run:
            words[at] = words[at].spoken_by(edit.speaker)
        turns = _cut(turns, old, first.start_seconds, last.end_seconds, edit.speaker)
    return replace(document, words=tuple(words), turns=turns)


def _runs(places: Sequence[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for at in places:
        if runs and at == runs[-1][-1] + 1:
            runs[-1].append(at)
        else:
            runs.append([at])
    return runs


def _cut(
    turns: tuple[Turn, ...], old: set[str], start: float, end: float, speaker: str
) -> tuple[Turn, ...]:
    """Give a stretch of other speakers' turns to `speaker`."""
    kept: list[Turn] = []
    for turn in turns:
        if turn.speaker not in old or turn.end_seconds <= start or turn.start_seconds >= end:
            kept.append(turn)
            continue
        if turn.start_seconds < start:
            kept.append(replace(turn, end_seconds=start))
        if turn.end_seconds > end:
            kept.append(replace(turn, start_seconds=end))
    kept.append(Turn(start_seconds=start, end_seconds=end, speaker=speaker))
    return tuple(sorted(kept, key=lambda turn: (turn.start_seconds, turn.end_seconds)))


def _insert(document: Document, edit: edits.InsertWords, number: int) -> Document:
    at = _position(document, edit.after)
    before = document.words[at]
    tokens = _tokens(edit.text)
    following = document.words[at + 1] if at + 1 < len(document.words) else None
    free = before.end_seconds + WORD_SECONDS * len(tokens)
    end = free if following is None else max(before.end_seconds, following.start_seconds)
    spans = _spans(tokens, before.end_seconds, min(end, free))
    inserted = [
        new_word(before, word_id=f"{number}.{n}", text=token, start_seconds=start, end_seconds=stop)
        for n, (token, (start, stop)) in enumerate(zip(tokens, spans, strict=True))
    ]
    words = (*document.words[: at + 1], *inserted, *document.words[at + 1 :])
    return replace(document, words=words)


def _write(document: Document, at: int, count: int, tokens: Sequence[str], number: int) -> Document:
    """Write tokens in place of `count` words, in their time."""
    old = document.words[at : at + count]
    spans = _spans(tokens, old[0].start_seconds, old[-1].end_seconds)
    first = old[0].written(tokens[0], *spans[0])
    more = [
        new_word(first, word_id=f"{number}.{n}", text=token, start_seconds=start, end_seconds=end)
        for n, (token, (start, end)) in enumerate(zip(tokens[1:], spans[1:], strict=True))
    ]
    words = (*document.words[:at], first, *more, *document.words[at + count :])
    return replace(document, words=words)


def _delete(document: Document, at: int) -> Document:
    words = list(document.words)
    gone = words.pop(at)
    if gone.first and at < len(words) and words[at].chapter == gone.chapter:
        words[at] = replace(words[at], first=True)
    return replace(document, words=tuple(words))


def _join(document: Document, at: int, number: int) -> Document:
    word = document.words[at]
    following = document.words[at + 1] if at + 1 < len(document.words) else None
    if (
        following is None
        or following.first
        or (following.chapter, following.speaker) != (word.chapter, word.speaker)
    ):
        raise EditRefusedError("edits.nothing_to_join", "No word of its sentence follows.")
    return _write(document, at, 2, [word.text + following.text], number)


def _change_chapter(document: Document, edit: edits.ChangeChapter) -> Document:
    titles = list(document.chapter_titles)
    if edit.chapter >= len(titles):
        raise EditRefusedError("edits.no_such_chapter", f"There is no chapter {edit.chapter}.")
    if not edit.text:
        raise EditRefusedError("edits.empty", "A chapter has a title.")
    titles[edit.chapter] = edit.text
    return replace(document, chapter_titles=tuple(titles))


def _spans(tokens: Sequence[str], start: float, end: float) -> list[tuple[float, float]]:
    """Share a stretch between tokens by their length."""
    total = sum(len(token) for token in tokens)
    spans, passed = [], 0
    for token in tokens:
        begin = start + (end - start) * passed / total
        passed += len(token)
        stop = start + (end - start) * passed / total
        # Rounding must not lead out of the stretch, which may be shorter than a millisecond.
        begin, stop = (min(max(round(at, 3), start), end) for at in (begin, stop))
        spans.append((begin, stop))
    # The ends stay exactly where they are.
    spans[0] = (start, spans[0][1])
    spans[-1] = (spans[-1][0], end)
    return spans


def _tokens(text: str) -> list[str]:
    tokens = text.split()
    if not tokens:
        raise EditRefusedError("edits.empty", "The text is empty; delete the word instead.")
    if len(tokens) > edits.MAX_WORDS:
        raise EditRefusedError("edits.too_long", f"At most {edits.MAX_WORDS} words at a time.")
    return tokens


def _put(document: Document, at: int, word: EditableWord) -> Document:
    words = (*document.words[:at], word, *document.words[at + 1 :])
    return replace(document, words=words)


def _position(document: Document, word: str) -> int:
    at = document.position(word)
    if at is None:
        raise EditRefusedError("edits.no_such_word", f"The word {word} is not there (any more).")
    return at


def _known(document: Document, label: str) -> None:
    if label not in document.speakers:
        raise EditRefusedError("edits.no_such_speaker", f"There is no speaker {label}.")
