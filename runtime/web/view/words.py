"""Durations, sizes, dates, states, stages and languages in plain words."""

import re
from datetime import UTC, datetime

from runtime.core.safe_text import one_line

STATES = {
    "PENDING": "Waiting",
    "CLAIMED": "Starting",
    "LAUNCHED": "Starting",
    "RUNNING": "At work",
    "SUCCEEDED": "Ready",
    "FAILED": "Failed",
    "CANCELLED": "Cancelled",
}
ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})
STAGES = {
    "fetch": "Fetch the recording",
    "probe": "Look at picture and sound",
    "audio": "Prepare the sound",
    "transcribe": "Write down what is said",
    "diarize": "Recognise the voices",
    "scenes": "Find the scenes",
    "thumbnails": "Take a picture of each scene",
    "player_audio": "Prepare playback",
    "attribute": "Match words with speakers",
    "chunk": "Divide into chapters",
    "summarize": "Write the summary",
    "publish": "Save the results",
}
WAITS = {
    "launch.capacity": "Waits for free capacity",
    "launch.throttled": "Waits for its turn to start",
    "pool.starting": "A worker is starting",
    "pool.full": "All workers are busy",
    "pool.paused": "The pool is paused",
}
LANGUAGES = {
    "ar": "Arabic", "bg": "Bulgarian", "ca": "Catalan", "cs": "Czech", "da": "Danish",
    "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian",
    "fa": "Persian", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi",
    "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese",
    "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "nl": "Dutch", "no": "Norwegian",
    "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak",
    "sl": "Slovenian", "sr": "Serbian", "sv": "Swedish", "th": "Thai", "tr": "Turkish",
    "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "yi", "ps", "sd"})
MINUTE, HOUR, DAY = 60, 3600, 86400
TEN, THOUSAND = 10, 1000

# Directional embeddings, overrides and isolates let a text reorder what stands around it; the marks
# U+200E and U+200F stay, as Arabic and Hebrew are written with them.
_REORDERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")


def clean(text: str) -> str:
    """Return a transcript's text without control characters and overrides of direction."""
    return _REORDERING.sub(" ", text)


def file_stem(name: str) -> str:
    """Return a file's name, without a suffix, for a recording's name."""
    return "".join(c if c.isalnum() or c in " -_" else "_" for c in name)[:80]


def waits(code: object) -> str:
    """Return why something waits, in words; a code without words shows itself."""
    return WAITS.get(str(code), f"Waits until it can go on ({one_line(str(code))})")


def name_of(job: dict[str, object]) -> str:
    """Return a recording's title or file name; odd characters show as escapes."""
    return one_line(str(job.get("title") or job.get("name") or "Untitled"))


def clock(seconds: float | None) -> str:
    """Return a position, as in 1:02:03 or 2:03."""
    if seconds is None:
        return ""
    whole = int(max(0.0, seconds))
    hours, minutes = divmod(whole // MINUTE, 60)
    if hours:
        return f"{hours}:{minutes:02}:{whole % MINUTE:02}"
    return f"{minutes}:{whole % MINUTE:02}"


def length(seconds: float | None) -> str:
    """Return a duration in words, as in 1 h 2 min, 2 min or 35 s."""
    if seconds is None:
        return ""
    whole = round(max(0.0, seconds))
    if whole < MINUTE:
        return f"{whole} s"
    hours, minutes = divmod(round(whole / MINUTE), 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def size(count: float | None) -> str:
    """Return a size in bytes, as in 4.7 MB."""
    if count is None:
        return ""
    value, units = float(count), iter(("bytes", "kB", "MB", "GB"))
    unit = next(units)
    while value >= THOUSAND and unit != "GB":
        value, unit = value / THOUSAND, next(units)
    digits = 1 if unit != "bytes" and value < TEN else 0
    return f"{value:.{digits}f} {unit}"


def instant(value: object) -> float | None:
    """Return seconds since the epoch of the API's time: a number, or text of ISO 8601."""
    if isinstance(value, int | float):
        return float(value)
    if not isinstance(value, str) or not value:
        return None
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def iso(value: object) -> str:
    """Return a time for the `datetime` attribute."""
    seconds = instant(value)
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def day(value: object) -> str:
    """Return a date for people, as in 3 May 2026; scripts replace it by the local one."""
    seconds = instant(value)
    if seconds is None:
        return ""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment.day} {moment:%b %Y}"


def ago(value: object, now: float) -> str:
    """Return how long ago something was, in words."""
    seconds = instant(value)
    if seconds is None:
        return ""
    passed = max(0.0, now - seconds)
    if passed < MINUTE:
        return "just now"
    if passed < DAY:
        return f"{length(passed)} ago" if passed < HOUR else f"{int(passed // HOUR)} h ago"
    return day(seconds)


def language(code: object) -> str:
    """Return a language's name, or its code where we have none."""
    return LANGUAGES.get(str(code), str(code).upper()) if code else ""


def direction(code: object) -> str:
    """Return `rtl` or `ltr`."""
    return "rtl" if str(code) in RIGHT_TO_LEFT else "ltr"


def count(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun, as in 1 speaker, 2 speakers."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
