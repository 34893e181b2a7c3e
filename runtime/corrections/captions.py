"""Reads an edited transcript: what is said and by whom, in order. Times come from the words."""

import html
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import webvtt
from webvtt.errors import MalformedCaptionError, MalformedFileError

from runtime.core.safe_text import one_line
from runtime.corrections.edits import EditRefusedError

MAX_BYTES = 32 << 20

_HEADING = re.compile(r"\[(?P<name>.+)\]")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+(?P<name>[^>]*)>|</v>")
_TAG = re.compile(r"<[^>]*>")


class Format(StrEnum):
    """The formats that can be edited elsewhere and read back."""

    SRT = "srt"
    VTT = "vtt"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A text and its speaker: a name, or a label (`SPEAKER_00`), or neither where none is given."""

    text: str
    name: str | None = None
    label: str | None = None


def read_said(
    content: bytes, form: Format, *, is_said: Callable[[str], bool], sentences: Sequence[str] = ()
) -> tuple[Said, ...]:
    """Return what a file says; raise `EditRefusedError` `edits.unreadable_file`.

    `is_said` returns whether a line is part of the transcript: such a line in brackets names no
    speaker. `sentences` are those of the transcript that was exported: of a JSON file, an edited
    sentence counts, else its words.
    """
    if len(content) > MAX_BYTES:
        raise EditRefusedError("edits.too_long", "The file is too large for a transcript.")
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\0", "")
        found = tuple(_READERS[form](text, is_said, sentences))
    except (UnicodeDecodeError, MalformedFileError, MalformedCaptionError) as error:
        raise _unreadable(form, str(error)) from error
    except (
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
        RecursionError,
    ) as error:
        if isinstance(error, EditRefusedError):
            raise
        raise _unreadable(form, type(error).__name__) from error
    if not found:
        raise _unreadable(form, "it has no text")
    return found


def _subrip(text: str, is_said: Callable[[str], bool], _: Sequence[str]) -> Iterator[Said]:
    speaker: str | None = None
    for cue in webvtt.WebVTT.from_buffer(io.StringIO(text), format="srt").captions:
        lines = [line.strip() for line in cue.lines if line.strip()]
        heading = _HEADING.fullmatch(lines[0]) if lines else None
        if heading and not is_said(lines[0]):
            speaker, lines = clean(heading["name"]), lines[1:]
        yield Said(text=clean("\n".join(lines)), name=speaker)


def _webvtt(text: str, _: Callable[[str], bool], __: Sequence[str]) -> Iterator[Said]:
    for cue in webvtt.WebVTT.from_string(text).captions:
        speaker: str | None = None
        raw, at = "\n".join(cue.lines), 0
        for voice in _VOICE.finditer(raw):
            yield Said(text=_marked(raw[at : voice.start()]), name=speaker)
            name = voice["name"]
            speaker = None if name is None else clean(html.unescape(name))
            at = voice.end()
        yield Said(text=_marked(raw[at:]), name=speaker)


def _json(text: str, _: Callable[[str], bool], sentences: Sequence[str]) -> Iterator[Said]:
    document = json.loads(text)
    words: list[dict[str, Any]] = document["words"]
    given = document.get("sentences") or [{"first_word": 0, "word_count": len(words), "text": None}]
    for at, sentence in enumerate(given):
        first = sentence["first_word"]
        own = words[first : first + sentence["word_count"]]
        exported = at < len(sentences) and sentence["text"] == sentences[at]
        if sentence["text"] is None or exported:
            for word in own:
                yield Said(text=clean(word["text"]), label=word["speaker"])
        else:
            yield Said(text=clean(sentence["text"]), label=sentence["speaker"])


_READERS: dict[Format, Callable[..., Iterator[Said]]] = {
    Format.SRT: _subrip,
    Format.VTT: _webvtt,
    Format.JSON: _json,
}


def _marked(text: str) -> str:
    return clean(html.unescape(_TAG.sub("", text)))


def clean(text: str) -> str:
    """Return the text on one line, without control characters and marks of direction."""
    text = " ".join(text.split())
    if one_line(text) == text:
        return text
    return "".join(character for character in text if one_line(character) == character)


def _unreadable(form: Format, reason: str) -> EditRefusedError:
    return EditRefusedError(
        "edits.unreadable_file", f"The file cannot be read as {form}: {reason:.200}."
    )
