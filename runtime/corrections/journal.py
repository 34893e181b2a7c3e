"""The journal of a job's corrections: who edited what and when, with undo and redo."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from runtime.corrections.apply import apply_edit
from runtime.corrections.document import Document
from runtime.corrections.edits import Edit, EditRefusedError, edit_of, json_of
from runtime.results.render.text import json_bytes

SCHEMA_VERSION = "1.1"
MAX_ENTRIES = 10_000


class Action(StrEnum):
    """What made a revision."""

    EDITS = "edits"
    IMPORT = "import"
    UNDO = "undo"
    REDO = "redo"
    RESTORE = "restore"
    CARRY = "carry"
    """The job was run again; the edits that fit were carried over to the new words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One edit: its number, author (the owner's id) and time in seconds since the epoch.

    One that is undone can be redone, unless other edits came after it: then it is `discarded`.
    Edits of one `group` are undone and redone together. One that is `dropped` did not fit the words
    that a later run found, and stays as a note.
    """

    number: int
    author: str
    at: float
    undone: bool = False
    discarded: bool = False
    group: int | None = None
    dropped: bool = False
    edit: Edit

    @property
    def in_force(self) -> bool:
        """Whether the document has it."""
        return not (self.undone or self.dropped)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What made a revision: by whom and when; `edits` is how many of them were in force then."""

    revision: int
    action: Action
    author: str
    at: float
    edits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """All edits in their order; `revision` counts what was published of them.

    `folders` are those of the earlier revisions from 1 on, below the job's results. `history` has
    a change for each revision, but for those of before it was kept.
    """

    revision: int = 0
    entries: tuple[Entry, ...] = ()
    folders: tuple[str, ...] = ()
    history: tuple[Change, ...] = ()

    @property
    def active(self) -> tuple[Entry, ...]:
        """The edits that are in force."""
        return tuple(entry for entry in self.entries if entry.in_force)

    @property
    def can_redo(self) -> bool:
        """Whether there is an edit to redo."""
        return bool(self._ahead())

    def appended(
        self, edits: Iterable[Edit], *, author: str, at: float, action: Action = Action.EDITS
    ) -> "Journal":
        """Return the journal with further edits; what was undone cannot be redone any more.

        The edits of an import are one group.
        """
        entries = [replace(entry, discarded=entry.undone) for entry in self.entries]
        group = len(entries) + 1 if action is Action.IMPORT else None
        for edit in edits:
            number = len(entries) + 1
            entries.append(Entry(number=number, author=author, at=at, edit=edit, group=group))
        if len(entries) > MAX_ENTRIES:
            raise EditRefusedError(
                "edits.too_many", f"A recording has at most {MAX_ENTRIES} corrections."
            )
        return self.changed(entries, action, author=author, at=at)

    def undone(self, *, author: str, at: float) -> "Journal":
        """Return the journal without the last edit in force, or without its group."""
        last = self.active[-1:]
        if not last:
            raise EditRefusedError("edits.nothing_to_undo", "There is no correction to undo.")
        return self._marked(last[0], Action.UNDO, author=author, at=at)

    def redone(self, *, author: str, at: float) -> "Journal":
        """Return the journal with the edit in force that was undone last, with its group.

        A new edit ends what could be redone.
        """
        ahead = self._ahead()
        if not ahead:
            raise EditRefusedError("edits.nothing_to_redo", "There is no correction to redo.")
        return self._marked(ahead[0], Action.REDO, author=author, at=at)

    def as_of(self, earlier: "Journal", *, author: str, at: float) -> "Journal":
        """Return the journal whose edits in force are those of an earlier revision."""
        return self.changed(self._as_of(earlier), Action.RESTORE, author=author, at=at)

    def document_as_of(self, earlier: "Journal", found: Document) -> Document:
        """Return the document of an earlier revision, in the words of these results."""
        return replace(self, entries=self._as_of(earlier)).applied_to(found)

    def applied_to(self, document: Document) -> Document:
        """Return the document with all edits in force; raise `EditRefusedError` for one."""
        for entry in self.active:
            document = apply_edit(document, entry.edit, number=entry.number, author=entry.author)
        return document

    def changed(
        self, entries: Iterable[Entry], action: Action, *, author: str, at: float
    ) -> "Journal":
        """Return the next revision with these entries."""
        made = replace(self, entries=tuple(entries), revision=self.revision + 1)
        change = Change(
            revision=made.revision, action=action, author=author, at=at, edits=len(made.active)
        )
        return replace(made, history=(*self.history, change))

    def _ahead(self) -> tuple[Entry, ...]:
        """Return the edits that can be redone, the one undone last first."""
        ahead: list[Entry] = []
        for entry in reversed(self.entries):
            if entry.discarded or entry.dropped:
                continue
            if not entry.undone:
                break
            ahead.insert(0, entry)
        return tuple(ahead)

    def _marked(self, last: Entry, action: Action, *, author: str, at: float) -> "Journal":
        """Return the journal after undo or redo of an edit and of its group in the same state."""
        group = {
            entry.number
            for entry in self.entries
            if entry is last
            or (
                entry.group is not None
                and entry.group == last.group
                and (entry.undone, entry.discarded) == (last.undone, last.discarded)
            )
        }
        entries = [
            replace(entry, undone=action is Action.UNDO) if entry.number in group else entry
            for entry in self.entries
        ]
        return self.changed(entries, action, author=author, at=at)

    def _as_of(self, earlier: "Journal") -> tuple[Entry, ...]:
        kept = {entry.number for entry in earlier.active}
        return tuple(
            replace(entry, undone=entry.number not in kept, discarded=entry.number not in kept)
            for entry in self.entries
        )


def journal_bytes(journal: Journal) -> bytes:
    """Return `edits.json`."""
    return json_bytes(
        {
            "schema_version": SCHEMA_VERSION,
            "revision": journal.revision,
            "folders": list(journal.folders),
            "history": [asdict(change) for change in journal.history],
            "entries": [entry_json(entry) for entry in journal.entries],
        }
    )


def entry_json(entry: Entry) -> dict[str, Any]:
    """Return one entry as JSON."""
    return {**asdict(entry), "edit": json_of(entry.edit)}


def read_journal(content: bytes) -> Journal:
    """Return the journal that `journal_bytes` wrote, also one of schema 1.0."""
    document = json.loads(content)
    return Journal(
        revision=document["revision"],
        folders=tuple(document["folders"]),
        history=tuple(
            Change(**{**change, "action": Action(change["action"])})
            for change in document.get("history", ())
        ),
        entries=tuple(
            Entry(**{**entry, "edit": edit_of(entry["edit"])}) for entry in document["entries"]
        ),
    )
