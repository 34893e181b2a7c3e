"""How much room text takes, without a font at hand: never less than common fonts need."""

from scripts.architecture.graph import Box

TITLE, SMALL, ARROW, LINE = 14.0, 11.5, 11.5, 15.0
"""Font sizes of a box's title, the lines below it, an arrow's label; the height of a line."""

LEAST, PADDING, SEAL, NOTE_MOST = 112.0, 14.0, 18.0, 150.0
NARROW, WIDE = frozenset("fijlrtI.,:;|!'()[] "), frozenset("mwMW@%")
NARROW_EM, WIDE_EM, CAPITAL_EM, OTHER_EM = 0.36, 0.93, 0.70, 0.60


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a line at a font size, in the same unit."""
    return size * (1.08 if bold else 1.0) * sum(map(_em, text))


def wrapped(text: str, size: float, most: float) -> list[str]:
    """Return a text in lines of at most a width, broken between words."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size) <= most:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def note_lines(box: Box) -> list[str]:
    """Return a box's note in the lines that it is written in."""
    return wrapped(box.note, SMALL, NOTE_MOST)


def size(box: Box) -> tuple[float, float]:
    """Return a box's width and height."""
    lines = [width(line, SMALL) for line in (box.kind, *note_lines(box))]
    title = width(box.title, TITLE, bold=True) + (SEAL if box.sealed else 0.0)
    return max(LEAST, title + 2 * PADDING, max(lines) + 2 * PADDING), 46 + LINE * (len(lines) - 1)


def _em(letter: str) -> float:
    if letter in NARROW:
        return NARROW_EM
    if letter in WIDE:
        return WIDE_EM
    return CAPITAL_EM if letter.isupper() else OTHER_EM
