import io
import json

import pytest

from runtime.core.log import JsonLog
from runtime.core.safe_text import one_line, visible
from tests.fakes.clock import FakeClock

HOSTILE = [
    "a\nffffffff  SUCCEEDED",
    "\x1b[2J\x1b[31mSUCCEEDED",
    "\x9b2J",
    "\u202e4pm.exe",
    "a\u2028b\u2029c\u0085d",
    "\ud800",
]


@pytest.mark.parametrize("text", HOSTILE, ids=repr)
def test_should_show_what_is_hidden(text: str) -> None:
    shown = one_line(text)
    assert shown.isprintable()
    assert json.loads(f'"{shown}"') == text, "nothing is lost"


@pytest.mark.parametrize("text", ["any video.mp4", "Grüße aus 東京 🎬", "שלום", "a\u200db"])
def test_should_leave_text_as_it_is(text: str) -> None:
    assert one_line(text) == text


def test_should_keep_line_breaks_where_they_are_wanted() -> None:
    assert visible("a\n\x1b[2Jb") == "a\n\\u001b[2Jb"


@pytest.mark.parametrize("text", HOSTILE, ids=repr)
def test_should_write_one_line_that_can_be_encoded_and_read(text: str) -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="utf-8", write_through=True)
    JsonLog(clock=FakeClock(), write=out.write).info("any", key=text)
    (line,) = raw.getvalue().decode().splitlines()
    assert json.loads(line)["key"] == text
