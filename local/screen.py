"""What `make run` shows a person: steps, a live bar on a terminal, plain lines in a log."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from local.follow import Sighting
from runtime.core.jobs import Job


class Screen:
    """A console that draws on a terminal and prints lines everywhere else."""

    def __init__(self, console: Console | None = None) -> None:
        """Draw on `console`, by default standard output."""
        self.console = console or Console(highlight=False, soft_wrap=True)

    def say(self, text: str = "") -> None:
        """Print a line."""
        self.console.print(text, markup=False)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Show that something is at work and how long it took."""
        began = time.monotonic()
        if self.console.is_terminal:
            with self.console.status(f"{what} ..."):
                yield
        else:
            self.say(f"- {what} ...")
            yield
        self.say(f"\u2713 {what}  ({time.monotonic() - began:.1f} s)")

    def follow(self, sightings: Iterable[Sighting]) -> Job | None:
        """Show the job's way to its end and return it as last seen."""
        if self.console.is_terminal:
            return self._follow_with_bar(sightings)
        return self._follow_in_lines(sightings)

    def _follow_with_bar(self, sightings: Iterable[Sighting]) -> Job | None:
        job = None
        columns = (
            TextColumn("  {task.description:<28}"),
            BarColumn(bar_width=40),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.console) as progress:
            bar = progress.add_task("waiting", total=1.0)
            for sighting in sightings:
                job = sighting.job
                progress.update(bar, description=sighting.label, completed=sighting.progress)
        return job

    def _follow_in_lines(self, sightings: Iterable[Sighting]) -> Job | None:
        job = None
        shown = ""
        for sighting in sightings:
            job = sighting.job
            line = f"  {sighting.label:<28} {sighting.progress:4.0%}"
            if line != shown:
                self.say(f"{line}  {sighting.elapsed_seconds:6.1f} s")
                shown = line
        return job
