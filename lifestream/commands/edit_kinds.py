"""The kinds of edits: the command of each, and the arguments that say what is edited."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer

_SPEAKER = Annotated[str, typer.Argument(metavar="SPEAKER", help="A label, such as SPEAKER_00.")]
_INTO = Annotated[str, typer.Argument(metavar="INTO", help="The label of the other speaker.")]
_WORD = Annotated[str, typer.Argument(metavar="WORD", help="A word's id, as `edits show` has it.")]
_WORDS = Annotated[list[str], typer.Argument(metavar="WORD...")]
_TEXT = Annotated[str, typer.Argument(metavar="TEXT")]
_INDEX = Annotated[int, typer.Argument(min=0, metavar="INDEX", help="Counted from 0.")]


@dataclass(frozen=True, slots=True)
class EditKind:
    """A command that makes one edit; `arguments` are the fields of that edit with their types."""

    command: str
    kind: str
    arguments: Mapping[str, Any]
    help: str


EDIT_KINDS = (
    EditKind(
        "rename",
        "rename_speaker",
        {"speaker": _SPEAKER, "name": _TEXT},
        "Give a speaker a name, everywhere; an empty one takes it back.",
    ),
    EditKind(
        "merge",
        "merge_speakers",
        {"speaker": _SPEAKER, "into": _INTO},
        "Say that two speakers were one person.",
    ),
    EditKind(
        "split",
        "split_speaker",
        {"speaker": _SPEAKER, "word": _WORD, "into": _INTO},
        "Say that from a word on, a speaker is another one, who may be new.",
    ),
    EditKind(
        "reassign",
        "reassign_words",
        {"speaker": _SPEAKER, "words": _WORDS},
        "Say who said some words; the speaker may be new.",
    ),
    EditKind(
        "change",
        "change_word",
        {"word": _WORD, "text": _TEXT},
        "Write a word otherwise; several words share its time.",
    ),
    EditKind(
        "insert", "insert_words", {"after": _WORD, "text": _TEXT}, "Insert words after a word."
    ),
    EditKind("delete", "delete_word", {"word": _WORD}, "Delete a word."),
    EditKind(
        "join", "join_words", {"word": _WORD}, "Make a word and the next of its sentence one."
    ),
    EditKind("start-sentence", "start_sentence", {"word": _WORD}, "Begin a sentence with a word."),
    EditKind(
        "continue-sentence",
        "continue_sentence",
        {"word": _WORD},
        "Begin no sentence with a word: it continues the one before.",
    ),
    EditKind(
        "title",
        "change_title",
        {"text": _TEXT},
        "Give the recording a title; an empty one takes it back.",
    ),
    EditKind(
        "chapter",
        "change_chapter",
        {"chapter": _INDEX, "text": _TEXT},
        "Give a chapter another title.",
    ),
    EditKind(
        "summary",
        "change_summary",
        {"section": _INDEX, "item": _INDEX, "text": _TEXT},
        "Write a sentence of the summary otherwise; an empty text removes it.",
    ),
)
