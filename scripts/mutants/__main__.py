"""`python -m scripts.mutants`: remove one guard at a time in a copy and run the tests that notice.

A guard counts as noticed when its tests pass with it and at least one fails without it.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from lifestream import command_line
from scripts.mutants.guards import Guard, guards
from scripts.setup.commands import ROOT

LINKED = (".venv", ".lifestream", "node_modules")
"""What a copy shares with the checkout: large, and not changed by tests."""

LIMIT_SECONDS = 300.0
PYTEST = ("-B", "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider")
PASSED, FAILED = 0, 1
"""pytest's exit statuses; others mean that tests could not be collected or run."""

app = typer.Typer(help=__doc__, add_completion=False)


@app.command()
def mutants(
    *,
    only: Annotated[str, typer.Option(help="Only guards whose names contain this.")] = "",
    part: Annotated[str, typer.Option(help="Only one of so many parts of the list.")] = "1/1",
    show: Annotated[bool, typer.Option("--show", help="Print what the tests printed.")] = False,
) -> int:
    """Remove the guards one by one; the exit status is 0 when each was noticed."""
    chosen = part_of([guard for guard in guards() if only in guard.name], part)
    noticed = 0
    with tempfile.TemporaryDirectory(prefix="lifestream-mutants-") as folder:
        copy = Path(folder)
        copy_checkout(copy)
        tests = dict.fromkeys(test for guard in chosen for test in guard.tests)
        if run_tests(copy, tests, show=True) != PASSED:
            print("The tests fail with all guards in place.")
            return 1
        for guard in chosen:
            began = time.monotonic()
            status = status_without(guard, copy, show=show)
            noticed += status == FAILED
            result = {PASSED: "NOT NOTICED", FAILED: "noticed"}.get(status, f"BROKEN ({status})")
            print(f"{result:11}  {guard.name}  ({time.monotonic() - began:.0f} s)", flush=True)
    print(f"guards {len(chosen)}, noticed {noticed}")
    return 0 if noticed == len(chosen) else 1


def part_of(chosen: Sequence[Guard], part: str) -> Sequence[Guard]:
    """Return the n-th of m parts of a list, given as "n/m"."""
    number, parts = map(int, part.split("/"))
    return chosen[number - 1 :: parts]


def copy_checkout(folder: Path) -> None:
    """Copy the tracked files of the checkout, as they are now."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    for name in LINKED:
        if (ROOT / name).exists():
            (folder / name).symlink_to((ROOT / name).resolve())


def status_without(guard: Guard, copy: Path, *, show: bool) -> int:
    """Return pytest's exit status without the guard, which is put back afterwards."""
    file = copy / guard.file
    source = file.read_text()
    file.write_text(guard.removed_from(source))
    try:
        return run_tests(copy, guard.tests, show=show)
    finally:
        file.write_text(source)


def run_tests(copy: Path, tests: Iterable[str], *, show: bool) -> int:
    """Run tests until the first failure; one that hangs counts as failed."""
    try:
        done = subprocess.run(
            [sys.executable, *PYTEST, *tests],
            cwd=copy,
            check=False,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return FAILED
    if show and done.returncode != PASSED:
        print(done.stdout[-3000:] + done.stderr[-1000:])
    return done.returncode


if __name__ == "__main__":
    sys.exit(command_line.run(app))
