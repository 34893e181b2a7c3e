"""What the chaos commands share: the folder of a run, its report and how it is stopped."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from local.commands import interrupt_on_sigterm

INTERRUPTED = 130

FolderOption = Annotated[
    Path | None, typer.Option(help="Where plan, faults and logs are kept.", show_default=False)
]
OutageOption = Annotated[
    float, typer.Option(help="Seconds for which each service is out once; 60 stand for an hour.")
]
OtherOption = Annotated[
    str | None,
    typer.Option(help="A revision whose code half of the processors run.", show_default=False),
]
Say = Callable[[str], None]


class Report:
    """How a run ended; as text its closing line. `violations` are the broken promises."""

    violations: Sequence[object]

    @property
    def kept(self) -> bool:
        """Whether every promise was kept."""
        return not self.violations


def run_folder(folder: Path | None, name: str) -> Path:
    """Return the absolute path of a run's folder, by default a new temporary one."""
    folder = folder or Path(tempfile.mkdtemp(prefix=f"lifestream-{name}-"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder.absolute()


def report_run(run: Callable[[Path, Say], Report], folder: Path | None, name: str = "chaos") -> int:
    """Run in `folder`, print the report and return the exit status; SIGTERM acts like Ctrl-C."""
    interrupt_on_sigterm()
    try:
        report = run(run_folder(folder, name), say)
    except KeyboardInterrupt:
        say("Stopped; nothing is left running.")
        return INTERRUPTED
    for violation in report.violations:
        say(str(violation))
    say(str(report))
    return 0 if report.kept else 1


def say(line: str) -> None:
    """Print a line and flush it."""
    print(line, flush=True)
