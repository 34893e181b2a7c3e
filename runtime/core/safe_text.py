"""Text from outside as data: nothing in it can forge lines, move a cursor or reverse a reading."""

import re

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters, escape sequences among them
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # directions of writing
    "\u2060-\u2064\ufeff\U000e0000-\U000e007f"  # invisible, among them tags that carry text
    "\u2028\u2029"  # separators of lines and paragraphs
    "\ud800-\udfff]"  # lone surrogates, which cannot be encoded
)


def one_line(text: str) -> str:
    """Return the text with its control characters and the like as JSON escapes."""
    return _UNSAFE.sub(_escape, text)


def visible(text: str) -> str:
    """Return the text as `one_line` does, but keep its line breaks."""
    return "\n".join(one_line(line) for line in text.split("\n"))


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"
