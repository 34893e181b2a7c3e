"""Formats shared by the rendered files: times and JSON."""

import json
from typing import Any


def seconds(value: float) -> float:
    """Round seconds to milliseconds, which is finer than any model's resolution."""
    return round(value, 3)


def clock(value: float) -> str:
    """Return a time as `mm:ss`, from an hour on `h:mm:ss`.

    Truncated: a player that jumps to a rounded-up time would miss the first word.
    """
    whole = int(value)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"


def timestamp(value: float, *, decimal: str) -> str:
    """Return a subtitle time, `hh:mm:ss.mmm`, with `.` (WebVTT) or `,` (SubRip)."""
    millis = round(value * 1000)
    whole, fraction = divmod(millis, 1000)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours:02d}:{minutes:02d}:{rest:02d}{decimal}{fraction:03d}"


def duration(value: float) -> str:
    """Return a length for people: `42 s`, `1 min 44 s`, `1 h 5 min`."""
    whole = round(value)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{rest} s"


def json_bytes(value: Any) -> bytes:
    """Return indented JSON, equal for equal values; raise `ValueError` for NaN and infinity."""
    return (json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()
