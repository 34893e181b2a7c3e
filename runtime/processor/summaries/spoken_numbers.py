"""Reads the numbers of a text, in digits or in English words, so that they can be compared."""

import re

_UNIT_NAMES = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen
"""
_TEN_NAMES = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINAL_NAMES = "zeroth first second third fourth fifth sixth seventh eighth ninth tenth"
UNITS = {word: value for value, word in enumerate(_UNIT_NAMES.split())}
TENS = {word: 10 * value for value, word in enumerate(_TEN_NAMES.split(), start=2)}
# "First" and "one" are mostly no numbers, as in "one of them".
ORDINALS = {word: value for value, word in enumerate(_ORDINAL_NAMES.split()) if value > 1}
HUNDRED = 100
SCALES = {"hundred": HUNDRED, "thousand": 1000, "million": 10**6, "billion": 10**9}
OTHERS = {"half": 0.5, "quarter": 0.25, "double": 2.0, "twice": 2.0, "dozen": 12.0}
_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|[a-z]+", re.IGNORECASE)
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")


def numbers_in(text: str) -> set[float]:
    """Return the numbers of a text; "one" counts only as part of a larger number."""
    reader = _Reader()
    for token in _TOKEN.findall(text.replace("-", " ")):
        reader.read(token.lower())
    reader.close()
    return reader.found


def value_of(digits: str) -> float:
    """Return the value of "1,500", "2.5" or "12:30"; separators of thousands are dropped."""
    if _THOUSANDS.fullmatch(digits):
        return float(re.sub(r"[.,]", "", digits))
    parts = re.split(r"[.,:]", digits)
    if ":" in digits or len(parts) > 2:  # noqa: PLR2004 - a time, a date or a version
        return float("".join(parts))
    return float(".".join(parts))


class _Reader:
    """Adds up the words of one number after another."""

    def __init__(self) -> None:
        self.found: set[float] = set()
        self._total = 0.0
        self._current: float | None = None
        self._words = 0
        self._is_one = False

    def close(self) -> None:
        """End the number that is being read."""
        if self._current is not None and not (self._is_one and self._words == 1):
            self.found.add(self._total + self._current)
        self._total, self._current, self._words, self._is_one = 0.0, None, 0, False

    def read(self, word: str) -> None:
        """Read the next word of the text, in lower case."""
        if word[0].isdigit():
            self._begin(value_of(word))
        elif word in UNITS or word in ORDINALS:
            self._add(UNITS.get(word, ORDINALS.get(word, 0)), below=10)
            self._is_one = word == "one"
        elif word in TENS:
            self._add(TENS[word], below=HUNDRED)
        elif word.removesuffix("s") in SCALES:
            self._scale(SCALES[word.removesuffix("s")], is_plural=word.endswith("s"))
        elif word in OTHERS:
            self.close()
            self.found.add(OTHERS[word])
        elif word != "and" or not self._may_go_on():
            self.close()

    def _begin(self, value: float) -> None:
        self.close()
        self._current, self._words = value, 1

    def _add(self, value: int, *, below: int) -> None:
        """Add to "twenty" or "two hundred"; anything else begins another number."""
        current = self._current
        fits = current is not None and (
            current % HUNDRED == 0 or (below < HUNDRED and current % below == 0 and value < below)
        )
        if current is None or not fits:
            self._begin(value)
        else:
            self._current, self._words = current + value, self._words + 1

    def _scale(self, scale: int, *, is_plural: bool) -> None:
        if is_plural and self._current is None:
            return
        self._current = (1.0 if self._current is None else self._current) * scale
        self._words += 1
        if scale > HUNDRED:
            self._total, self._current = self._total + self._current, 0.0

    def _may_go_on(self) -> bool:
        current = self._current
        return current is not None and current % HUNDRED == 0 and self._total + current > 0
