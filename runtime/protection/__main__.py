"""Command line: `check` tests protection from inside a task, `run` protects a command."""

import argparse
import json
import logging
import os
import sys
from dataclasses import asdict
from enum import IntEnum

from .command import run_protected
from .environment import choose_client, read_protection_environment
from .errors import ProtectionError
from .guard import Guard, connect_api
from .logger import LoggerLog
from .selfcheck import CheckResult, Report, run_check


class ExitCode(IntEnum):
    """The exit codes of the command."""

    PASSED = 0
    FAILED = 10
    BAD_CONFIGURATION = 14


def main(arguments: list[str]) -> int:
    """Return the exit code: of `check` 0, 10 if it failed, 14 for an invalid environment."""
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}", description=__doc__)
    parser.add_argument("--verbose", action="store_true", help="also log what is chosen and why")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="enable, verify, disable, verify")
    check.add_argument("--json", action="store_true", help="print the report as one JSON object")
    check.add_argument("--verbose", action="store_true", default=argparse.SUPPRESS)
    run = commands.add_parser("run", help="run a command in the protected task")
    run.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.ERROR, stream=sys.stderr)
    if options.command == "run":
        argv = options.argv[1:] if options.argv[:1] == ["--"] else options.argv
        if not argv:
            parser.error("name the command to run after --")
        with Guard() as guard:
            return run_protected(argv, guard)
    try:
        environment = read_protection_environment(os.environ)
    except ProtectionError as error:
        wrong = CheckResult("configuration", passed=False, seen=error.summary, fix=error.resolution)
        _print(Report((wrong,)), as_json=options.json)
        return ExitCode.BAD_CONFIGURATION
    report = run_check(
        environment=environment,
        choose=lambda found: choose_client(found, make_api_client=connect_api, log=LoggerLog()),
    )
    _print(report, as_json=options.json)
    return ExitCode.PASSED if report.passed else ExitCode.FAILED


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"passed": report.passed, **asdict(report)}))  # noqa: T201 - the output
    else:
        print("\n".join(report.lines()))  # noqa: T201 - the output


def run_from_shell() -> int:
    """Run with the process's arguments."""
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(run_from_shell())
