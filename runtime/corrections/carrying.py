"""Carries corrections over to what a later run of the same recording found.

An edit is carried where each word it names was found again, as it was and at its time. Speakers
are those who speak at the same time. What does not fit is kept in the journal as a note.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from runtime.core.media import UNKNOWN_SPEAKER, Chapter, Turn
from runtime.corrections import edits
from runtime.corrections.alignment import align
from runtime.corrections.apply import apply_edit, free_label
from runtime.corrections.captions import Said
from runtime.corrections.document import Document, EditableWord, document_of
from runtime.corrections.edits import Edit, EditRefusedError
from runtime.corrections.journal import Action, Entry, Journal
from runtime.results.job_result import JobResult

SAME_SECONDS = 2.0
"""Two runs find the same word no further apart."""


@dataclass(kw_only=True)
class Places:
    """Where what an edit names is in the later results; a missing key is not there."""

    words: dict[str, str]
    speakers: dict[str, str]
    chapters: Mapping[int, int]
    items: Mapping[tuple[int, int], tuple[int, int]]
    taken: set[str] = field(default_factory=set)

    def speaker(self, label: str) -> str:
        """Return a speaker's label; a person's new one stays where it is free."""
        if label not in self.speakers:
            wanted = free_label(self.taken) if label in self.taken else label
            self.taken.add(wanted)
            self.speakers[label] = wanted
        return self.speakers[label]


def carry(
    current: Journal,
    earlier: Journal,
    before: JobResult,
    after: JobResult,
    *,
    author: str,
    at: float,
) -> Journal:
    """Return the journal with the edits of an earlier run's, as one change.

    Raises `EditRefusedError` where none was in force.
    """
    if not earlier.active:
        raise EditRefusedError("edits.nothing_to_carry", "The earlier run has no corrections.")
    places = places_of(before, after)
    document = current.applied_to(document_of(after))
    entries, group = list(current.entries), len(current.entries) + 1
    for entry in earlier.active:
        number = len(entries) + 1
        edit, document = _carried(entry.edit, places, document, number, entry.author)
        entries.append(
            Entry(
                number=number,
                author=entry.author,
                at=entry.at,
                edit=entry.edit if edit is None else edit,
                group=group,
                dropped=edit is None,
            )
        )
        if edit is not None:
            places.words.update(_inserted(edit, entry.number, number))
    marked = [
        replace(entry, discarded=entry.undone) if entry.number < group else entry
        for entry in entries
    ]
    return current.changed(marked, Action.CARRY, author=author, at=at)


def places_of(before: JobResult, after: JobResult) -> Places:
    """Return where the words, speakers, chapters and items of one run are in another."""
    old, new = document_of(before), document_of(after)
    speakers = _speakers(before.turns, after.turns, old, new)
    return Places(
        words=_words(old.words, new.words),
        speakers=speakers,
        chapters=_chapters(before.chapters, after.chapters),
        items=_items(before, after),
        taken={*new.speakers},
    )


def _carried(
    edit: Edit, places: Places, document: Document, number: int, author: str
) -> tuple[Edit | None, Document]:
    """Return the edit in the later run's places, with the document that has it; None: no place."""
    try:
        moved = _moved(edit, places)
        return moved, apply_edit(document, moved, number=number, author=author)
    except (KeyError, EditRefusedError):
        return None, document


def _moved(edit: Edit, places: Places) -> Edit:  # noqa: PLR0911 - a line a kind
    """Return an edit with the names of the later run; raise `KeyError`."""
    words = places.words
    match edit:
        case edits.RenameSpeaker():
            return replace(edit, speaker=places.speakers[edit.speaker])
        case edits.MergeSpeakers():
            speaker, into = places.speakers[edit.speaker], places.speakers[edit.into]
            return replace(edit, speaker=speaker, into=into)
        case edits.SplitSpeaker():
            speaker, word = places.speakers[edit.speaker], words[edit.word]
            return replace(edit, speaker=speaker, word=word, into=places.speaker(edit.into))
        case edits.ReassignWords():
            named = tuple(words[word] for word in edit.words)
            return replace(edit, words=named, speaker=places.speaker(edit.speaker))
        case edits.InsertWords():
            return replace(edit, after=words[edit.after])
        case edits.ChangeTitle():
            return edit
        case edits.ChangeChapter():
            return replace(edit, chapter=places.chapters[edit.chapter])
        case edits.ChangeSummary():
            section, item = places.items[edit.section, edit.item]
            return replace(edit, section=section, item=item)
        case _:
            return replace(edit, word=words[edit.word])


def _inserted(edit: Edit, old: int, new: int) -> dict[str, str]:
    """Return the ids of the words that an edit inserts, by those that it had."""
    text = edit.text if isinstance(edit, edits.ChangeWord | edits.InsertWords) else ""
    return {f"{old}.{n}": f"{new}.{n}" for n in range(len(text.split()))}


def _words(before: Sequence[EditableWord], after: Sequence[EditableWord]) -> dict[str, str]:
    said = (Said(text=word.text, label=str(at)) for at, word in enumerate(after))
    kept = align([word.text for word in before], said).kept
    pairs = ((before[at], after[int(token.said.label or 0)]) for at, token in kept)
    return {
        old.id: new.id
        for old, new in pairs
        if abs(old.start_seconds - new.start_seconds) <= SAME_SECONDS
    }


def _speakers(
    before: Sequence[Turn], after: Sequence[Turn], old: Document, new: Document
) -> dict[str, str]:
    """Return the label of each speaker in the later run: of whom the time together is longest."""
    together: Counter[tuple[str, str]] = Counter()
    first = 0
    for turn in before:
        while first < len(after) and after[first].end_seconds <= turn.start_seconds:
            first += 1
        for other in after[first:]:
            if other.start_seconds >= turn.end_seconds:
                break
            shared = min(turn.end_seconds, other.end_seconds) - max(
                turn.start_seconds, other.start_seconds
            )
            together[turn.speaker, other.speaker] += max(0, round(1000 * shared))
    found: dict[str, str] = {}
    for (speaker, label), _ in together.most_common():
        if speaker not in found and label not in found.values():
            found[speaker] = label
    if UNKNOWN_SPEAKER in old.speakers and UNKNOWN_SPEAKER in new.speakers:
        found.setdefault(UNKNOWN_SPEAKER, UNKNOWN_SPEAKER)
    return found


def _chapters(before: Sequence[Chapter], after: Sequence[Chapter]) -> dict[int, int]:
    """Return the chapters that begin with the same title at the same time."""
    places = {(chapter.title, round(chapter.start_seconds)): at for at, chapter in enumerate(after)}
    keys = ((chapter.title, round(chapter.start_seconds)) for chapter in before)
    return {at: places[key] for at, key in enumerate(keys) if key in places}


def _items(before: JobResult, after: JobResult) -> dict[tuple[int, int], tuple[int, int]]:
    """Return the items of the summary that say the same in a section of the same name."""

    def named(result: JobResult) -> dict[tuple[str, str], tuple[int, int]]:
        return {
            (section.name, item.text): (s, i)
            for s, section in enumerate(result.summary.sections)
            for i, item in enumerate(section.items)
        }

    later = named(after)
    return {place: later[key] for key, place in named(before).items() if key in later}
