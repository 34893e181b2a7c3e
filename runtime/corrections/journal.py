"""The journal of a job's corrections: who edited what and when, with undo and redo."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from runtime.corrections.apply import apply_edit
from runtime.corrections.document import Document
from runtime.corrections.edits import Edit, EditRefusedError, edit_of, json_of
from runtime.results.render.text import json_bytes

SCHEMA_VERSION = "1.0"
MAX_ENTRIES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One edit: its number, author (the owner's id) and time in seconds since the epoch.

    One that is undone can be redone, unless other edits came after it: then it is `discarded`.
    """

    number: int
    author: str
    at: float
    edit: Edit
    undone: bool = False
    discarded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """All edits in their order; `revision` counts what was published of them.

    `folders` are those of the earlier revisions from 1 on, below the job's results.
    """

    revision: int = 0
    entries: tuple[Entry, ...] = ()
    folders: tuple[str, ...] = ()

    @property
    def active(self) -> tuple[Entry, ...]:
        """The edits that are in force."""
        return tuple(entry for entry in self.entries if not entry.undone)

    def appended(self, edits: Iterable[Edit], *, author: str, at: float) -> "Journal":
        """Return the journal with further edits; what was undone cannot be redone any more."""
        entries = [replace(entry, discarded=entry.undone) for entry in self.entries]
        for edit in edits:
            entries.append(Entry(number=len(entries) + 1, author=author, at=at, edit=edit))
        if len(entries) > MAX_ENTRIES:
            raise EditRefusedError(
                "edits.too_many", f"A recording has at most {MAX_ENTRIES} corrections."
            )
        return replace(self, entries=tuple(entries), revision=self.revision + 1)

    def undone(self) -> "Journal":
        """Return the journal without the last edit in force."""
        last = next((entry for entry in reversed(self.entries) if not entry.undone), None)
        if last is None:
            raise EditRefusedError("edits.nothing_to_undo", "There is no correction to undo.")
        return self._marked(last, undone=True)

    def redone(self) -> "Journal":
        """Return the journal with the edit in force that was undone last.

        A new edit ends what could be redone.
        """
        ahead: Entry | None = None
        for entry in reversed([entry for entry in self.entries if not entry.discarded]):
            if not entry.undone:
                break
            ahead = entry
        if ahead is None:
            raise EditRefusedError("edits.nothing_to_redo", "There is no correction to redo.")
        return self._marked(ahead, undone=False)

    def as_of(self, earlier: "Journal") -> "Journal":
        """Return the journal whose edits in force are those of an earlier revision."""
        kept = {entry.number for entry in earlier.active}
        entries = tuple(
            replace(entry, undone=entry.number not in kept, discarded=entry.number not in kept)
            for entry in self.entries
        )
        return replace(self, entries=entries, revision=self.revision + 1)

    def applied_to(self, document: Document) -> Document:
        """Return the document with all edits in force; raise `EditRefusedError` for one."""
        for entry in self.active:
            document = apply_edit(document, entry.edit, number=entry.number)
        return document

    def _marked(self, marked: Entry, *, undone: bool) -> "Journal":
        entries = tuple(
            replace(entry, undone=undone) if entry is marked else entry for entry in self.entries
        )
        return replace(self, entries=entries, revision=self.revision + 1)


def journal_bytes(journal: Journal) -> bytes:
    """Return `edits.json`."""
    return json_bytes(
        {
            "schema_version": SCHEMA_VERSION,
            "revision": journal.revision,
            "folders": list(journal.folders),
            "entries": [entry_json(entry) for entry in journal.entries],
        }
    )


def entry_json(entry: Entry) -> dict[str, Any]:
    """Return one entry as JSON."""
    return {
        "number": entry.number,
        "author": entry.author,
        "at": entry.at,
        "undone": entry.undone,
        "discarded": entry.discarded,
        "edit": json_of(entry.edit),
    }


def read_journal(content: bytes) -> Journal:
    """Return the journal that `journal_bytes` wrote."""
    document = json.loads(content)
    return Journal(
        revision=document["revision"],
        folders=tuple(document["folders"]),
        entries=tuple(
            Entry(
                number=entry["number"],
                author=entry["author"],
                at=entry["at"],
                undone=entry["undone"],
                discarded=entry["discarded"],
                edit=edit_of(entry["edit"]),
            )
            for entry in document["entries"]
        ),
    )
