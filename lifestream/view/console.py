"""What a person sees: lines, tables, steps, a live bar on a terminal, plain lines in a log."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from lifestream.follow import JobUpdate
from runtime.core.clock import MonotonicClock, SystemClock
from runtime.core.jobs import Job
from runtime.core.safe_text import one_line, visible

LINE_STEP_PERCENT = 5
"""Progress within a stage that is worth a line of its own in a log."""


class Screen:
    """A console that draws on a terminal and prints lines everywhere else.

    Results go to `console`; that something is at work goes to `notes`, so that a script may read
    the results.
    """

    def __init__(
        self,
        console: Console | None = None,
        *,
        notes: Console | None = None,
        clock: MonotonicClock | None = None,
    ) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self.notes = notes or Console(file=sys.stderr, highlight=False, soft_wrap=True)
        self._clock = clock or SystemClock()

    def say(self, text: str = "") -> None:
        """Print text; what could forge lines or move the cursor is shown as an escape."""
        self.console.print(visible(text), markup=False)

    def note(self, text: str) -> None:
        """Print a line that is no result."""
        self.notes.print(visible(text), markup=False)

    @contextmanager
    def transfer(self, label: str, size_bytes: int) -> Iterator[Callable[[int], None]]:
        """Show how much of a transfer is done; yields a function that counts bytes."""
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
        with Progress(*columns, console=self.notes, disable=not self.notes.is_terminal) as bar:
            task = bar.add_task(label, total=size_bytes)
            yield lambda count: bar.advance(task, count)

    def json(self, value: Any) -> None:
        """Print a value for a script."""
        self.say(json.dumps(value, ensure_ascii=False, indent=2))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print rows under headings; no cell is ever cut, for its content may be an id to copy."""
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(Text(one_line(cell)) for cell in row))
        if self.console.is_terminal:
            self.console.print(table, soft_wrap=False)
        else:
            # A log or a pipe has no width: one line a row.
            wide = Console(file=self.console.file, width=10_000, highlight=False)
            wide.print(table, crop=False)

    def fields(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Print names with their values, one a line; a pair without a value is left out."""
        shown = [(name, value) for name, value in pairs if value]
        width = max((len(name) for name, _ in shown), default=0)
        for name, value in shown:
            self.say(f"{name:<{width}}  {one_line(value)}")

    @contextmanager
    def busy(self, what: str) -> Iterator[None]:
        """Show that something is at work; it leaves no trace on a terminal."""
        if self.notes.is_terminal:
            with self.notes.status(f"{what} ..."):
                yield
        else:
            self.note(f"{what} ...")
            yield

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Show that something is at work and how long it took."""
        began = self._clock.monotonic()
        if self.console.is_terminal:
            with self.console.status(f"{what} ..."):
                yield
        else:
            self.say(f"- {what} ...")
            yield
        self.say(f"\u2713 {what}  ({self._clock.monotonic() - began:.1f} s)")

    def follow(self, updates: Iterable[JobUpdate]) -> Job | None:
        """Show the job's way to its end and return it as last seen."""
        if self.console.is_terminal:
            return self._follow_with_bar(updates)
        return self._follow_in_lines(updates)

    def _follow_with_bar(self, updates: Iterable[JobUpdate]) -> Job | None:
        job = None
        columns = (
            TextColumn("  {task.description:<28}"),
            BarColumn(bar_width=40),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.console) as progress:
            bar = progress.add_task("waiting", total=1.0)
            for update in updates:
                job = update.job
                progress.update(bar, description=update.label, completed=update.progress)
        return job

    def _follow_in_lines(self, updates: Iterable[JobUpdate]) -> Job | None:
        job = None
        shown: tuple[str, int] = ("", 0)
        for update in updates:
            job = update.job
            label, percent = update.label, round(update.progress * 100)
            if label != shown[0] or percent >= shown[1] + LINE_STEP_PERCENT:
                self.say(f"  {label:<28} {percent:3}%  {update.elapsed_seconds:6.1f} s")
                shown = (label, percent)
        return job
