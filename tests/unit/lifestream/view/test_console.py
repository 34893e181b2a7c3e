import io

import pytest
from rich.console import Console

from lifestream.follow import JobUpdate
from lifestream.view.console import Screen
from runtime.core import jobs
from runtime.core.jobs import Source

ANY_SOURCE = Source(bucket="any-bucket", key="uploads/any.mp4", etag="any", size_bytes=1)


def updates() -> list[JobUpdate]:
    claimed = jobs.claim_new(ANY_SOURCE, now=0.0, lease_seconds=60.0)
    running = jobs.start(claimed, now=1.0, task_arn=None)
    halfway = jobs.report(running, now=2.0, stage="diarize", progress=0.5)
    beat = jobs.report(halfway, now=2.5, stage="diarize", progress=0.5)
    done = jobs.succeed(beat, now=3.0, result_key="any")
    return [
        JobUpdate(None, 0.0),
        JobUpdate(running, 1.0),
        JobUpdate(halfway, 2.0),
        JobUpdate(beat, 2.5),
        JobUpdate(done, 3.0),
    ]


def test_should_print_a_line_for_each_visible_change_in_a_log() -> None:
    out = io.StringIO()
    job = Screen(Console(file=out, force_terminal=False)).follow(updates())
    assert [line.split() for line in out.getvalue().splitlines()] == [
        ["waiting", "for", "the", "dispatcher", "0%", "0.0", "s"],
        ["running", "0%", "1.0", "s"],
        ["diarize", "50%", "2.0", "s"],
        ["done", "100%", "3.0", "s"],
    ]
    assert job == updates()[-1].job


def test_should_draw_a_bar_on_a_terminal() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100)
    job = Screen(console).follow(updates())
    assert "100%" in out.getvalue()
    assert job == updates()[-1].job


def test_should_not_take_brackets_for_markup() -> None:
    out = io.StringIO()
    Screen(Console(file=out)).say("[media.empty] nothing [/] here")
    assert out.getvalue() == "[media.empty] nothing [/] here\n"


def test_should_not_fill_a_log_with_every_percent() -> None:
    claimed = jobs.claim_new(ANY_SOURCE, now=0.0, lease_seconds=60.0)
    running = jobs.start(claimed, now=1.0, task_arn=None)
    beats = [
        JobUpdate(jobs.report(running, now=2.0, stage="diarize", progress=percent / 100), 2.0)
        for percent in range(101)
    ]
    out = io.StringIO()
    Screen(Console(file=out, force_terminal=False)).follow(beats)
    assert len(out.getvalue().splitlines()) == 21


@pytest.mark.parametrize(
    "key",
    [
        "uploads/\x1b[2J\x1b[31mSUCCEEDED.mp4",
        "uploads/\x9b2J.mp4",
        "uploads/\u202e4pm.mp4",
        "uploads/a\nffffffffffffffffffffffffffffffff  SUCCEEDED.mp4",
    ],
    ids=repr,
)
def test_should_let_no_key_forge_a_line_or_move_the_cursor(key: str) -> None:
    out = io.StringIO()
    screen = Screen(Console(file=out, soft_wrap=True, highlight=False, force_terminal=False))
    screen.table(("KEY",), [(key,)])
    screen.fields([("key", key)])
    text = out.getvalue()
    assert not [hidden for hidden in ("\x1b", "\x9b", "\u202e") if hidden in text]
    assert len(text.splitlines()) == 3
