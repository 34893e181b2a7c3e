"""Applies one edit to a document: a pure function, whose times stay in order."""

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

from runtime.core.media import Turn
from runtime.corrections import edits
from runtime.corrections.document import Document, EditableWord, new_word
from runtime.corrections.edits import Edit, EditRefusedError

LABEL = re.compile(r"[A-Z][A-Z0-9]*_\d{2,3}|UNKNOWN")
WORD_SECONDS = 0.3
"""How long an inserted word lasts where nothing follows it."""


def free_label(taken: Container[str]) -> str:
    """Return the first label of a speaker that is not taken; raise `EditRefusedError`."""
    for number in range(1000):
        label = f"SPEAKER_{number:02d}"
        if label not in taken:
            return label
    raise EditRefusedError("edits.bad_speaker", "The file names too many speakers.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    """The number of an edit, which makes the ids of inserted words, and its author."""

    number: int
    author: str


def apply_edit(  # noqa: C901, PLR0911 - a line a kind
    document: Document, edit: Edit, *, number: int, author: str
) -> Document:
    """Return the edited document; `number` of the edit makes the ids of inserted words.

    Raises `EditRefusedError` where the edit names what the document does not have.
    """
    by = _Origin(number=number, author=author)
    match edit:
        case edits.RenameSpeaker():
            return _rename(document, edit)
        case edits.MergeSpeakers():
            return _merge(document, edit, by)
        case edits.SplitSpeaker():
            return _split(document, edit, by)
        case edits.ReassignWords():
            return _reassign(document, edit, by)
        case edits.ChangeWord():
            at = _position(document, edit.word)
            return _write(document, at, 1, _tokens(edit.text), by)
        case edits.InsertWords():
            return _insert(document, edit, by)
        case edits.DeleteWord():
            return _delete(document, _position(document, edit.word))
        case edits.JoinWords():
            return _join(document, _position(document, edit.word), by)
        case edits.StartSentence() | edits.ContinueSentence():
            at = _position(document, edit.word)
            starts = isinstance(edit, edits.StartSentence)
            return _put(document, at, replace(document.words[at], first=starts or at == 0))
        case edits.ChangeTitle():
            return replace(document, title=edit.text or None)
        case edits.ChangeChapter():
            return _change_chapter(document, edit)
        case edits.ChangeSummary():
            return _change_summary(document, edit)


def _rename(document: Document, edit: edits.RenameSpeaker) -> Document:
    _known(document, edit.speaker)
    names = {**document.names, edit.speaker: edit.name}
    return replace(document, names={label: name for label, name in names.items() if name})


def _merge(document: Document, edit: edits.MergeSpeakers, by: _Origin) -> Document:
    _known(document, edit.speaker)
    _known(document, edit.into)
    if edit.speaker == edit.into:
        raise EditRefusedError("edits.same_speaker", "A speaker cannot be merged with itself.")
    words = tuple(
        word.spoken_by(edit.into, by.author) if word.speaker == edit.speaker else word
        for word in document.words
    )
    turns = tuple(
        replace(turn, speaker=edit.into) if turn.speaker == edit.speaker else turn
        for turn in document.turns
    )
    names = {label: name for label, name in document.names.items() if label != edit.speaker}
    return replace(document, words=words, turns=turns, names=names)


def _split(document: Document, edit: edits.SplitSpeaker, by: _Origin) -> Document:
    _known(document, edit.speaker)
    _is_label(edit.into)
    if edit.speaker == edit.into:
        raise EditRefusedError("edits.same_speaker", "The second speaker has another label.")
    at = _position(document, edit.word)
    start = document.words[at].start_seconds
    words = tuple(
        word.spoken_by(edit.into, by.author)
        if place >= at and word.speaker == edit.speaker
        else word
        for place, word in enumerate(document.words)
    )
    turns: list[Turn] = []
    for turn in document.turns:
        if turn.speaker != edit.speaker or turn.end_seconds <= start:
            turns.append(turn)
            continue
        if turn.start_seconds < start:
            turns.append(replace(turn, end_seconds=start))
        turns.append(replace(turn, start_seconds=max(start, turn.start_seconds), speaker=edit.into))
    return replace(document, words=words, turns=_in_order(turns))


def _reassign(document: Document, edit: edits.ReassignWords, by: _Origin) -> Document:
    _is_label(edit.speaker)
    places = sorted(_position(document, word) for word in edit.words)
    words = list(document.words)
    turns = document.turns
    for run in _runs(places):
        first, last = words[run[0]], words[run[-1]]
        old = {words[at].speaker for at in run}
        for at in run:
            words[at] = words[at].spoken_by(edit.speaker, by.author)
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
    return _in_order(kept)


def _in_order(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    return tuple(sorted(turns, key=lambda turn: (turn.start_seconds, turn.end_seconds)))


def _insert(document: Document, edit: edits.InsertWords, by: _Origin) -> Document:
    at = _position(document, edit.after)
    before = document.words[at]
    tokens = _tokens(edit.text)
    following = document.words[at + 1] if at + 1 < len(document.words) else None
    start = before.end_seconds
    end = start + WORD_SECONDS * len(tokens)
    if following is not None:
        # Of two who speak at once, the next word may begin before this one ends.
        start = max(before.start_seconds, min(start, following.start_seconds))
        end = max(start, min(end, following.start_seconds))
    spans = _spans(tokens, start, end)
    inserted = [
        new_word(before, word_id=f"{by.number}.{n}", text=token, span=span, author=by.author)
        for n, (token, span) in enumerate(zip(tokens, spans, strict=True))
    ]
    words = (*document.words[: at + 1], *inserted, *document.words[at + 1 :])
    return replace(document, words=words)


def _write(document: Document, at: int, count: int, tokens: Sequence[str], by: _Origin) -> Document:
    """Write tokens in place of `count` words, in their time."""
    old = document.words[at : at + count]
    start, end = old[0].start_seconds, old[-1].end_seconds
    within = end
    if len(tokens) > 1 and at + count < len(document.words):
        # The last of them may end after the next word begins, but none may begin after it.
        within = max(start, min(end, document.words[at + count].start_seconds))
    spans = _spans(tokens, start, within)
    spans[-1] = (spans[-1][0], end)
    first = old[0].written(tokens[0], *spans[0], by.author)
    more = [
        new_word(first, word_id=f"{by.number}.{n}", text=token, span=span, author=by.author)
        for n, (token, span) in enumerate(zip(tokens[1:], spans[1:], strict=True))
    ]
    words = (*document.words[:at], first, *more, *document.words[at + count :])
    return replace(document, words=words)


def _delete(document: Document, at: int) -> Document:
    words = list(document.words)
    gone = words.pop(at)
    if gone.first and at < len(words) and words[at].chapter == gone.chapter:
        words[at] = replace(words[at], first=True)
    return replace(document, words=tuple(words))


def _join(document: Document, at: int, by: _Origin) -> Document:
    word = document.words[at]
    following = document.words[at + 1] if at + 1 < len(document.words) else None
    if (
        following is None
        or following.first
        or (following.chapter, following.speaker) != (word.chapter, word.speaker)
    ):
        raise EditRefusedError("edits.nothing_to_join", "No word of its sentence follows.")
    return _write(document, at, 2, [word.text + following.text], by)


def _change_chapter(document: Document, edit: edits.ChangeChapter) -> Document:
    titles = list(document.chapter_titles)
    if edit.chapter >= len(titles):
        raise EditRefusedError("edits.no_such_chapter", f"There is no chapter {edit.chapter}.")
    if not edit.text:
        raise EditRefusedError("edits.empty", "A chapter has a title.")
    titles[edit.chapter] = edit.text
    return replace(document, chapter_titles=tuple(titles))


def _change_summary(document: Document, edit: edits.ChangeSummary) -> Document:
    place = (edit.section, edit.item)
    items = document.summary_items
    if edit.section >= len(items) or edit.item >= items[edit.section]:
        raise EditRefusedError(
            "edits.no_such_item", f"The summary has no item {edit.item} in section {edit.section}."
        )
    return replace(document, summary={**document.summary, place: edit.text or None})


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


def _is_label(label: str) -> None:
    if LABEL.fullmatch(label) is None:
        raise EditRefusedError(
            "edits.bad_speaker", "A new speaker's label has the form SPEAKER_02."
        )


def _known(document: Document, label: str) -> None:
    if label not in document.speakers:
        raise EditRefusedError("edits.no_such_speaker", f"There is no speaker {label}.")
