"""Command line: `check` tests protection from inside a task; see `--help`."""

import argparse
import json
import logging
import os
import sys
from dataclasses import asdict
from enum import IntEnum

from .answers import ProtectionClient
from .environment import ApiTarget, choose_client, read_protection_environment
from .errors import ProtectionError
from .logger import LoggerLog
from .selfcheck import CheckResult, Report, run_check


class ExitCode(IntEnum):
    """The exit codes of the command."""

    PASSED = 0
    FAILED = 10
    BAD_CONFIGURATION = 14


def connect_api(target: ApiTarget) -> ProtectionClient:
    """Return a client of the ECS API; imports the SDK only where the agent is missing."""
    from .ecs_api import connect  # noqa: PLC0415 - boto3 is an extra, and slow to load

    return connect(target)


def main(arguments: list[str]) -> ExitCode:
    """Run the self-test; exit 0 if it passed, 10 if not, 14 for an invalid environment."""
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}", description=__doc__)
    parser.add_argument("command", choices=["check"], help="enable, verify, disable, verify")
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")
    parser.add_argument("--verbose", action="store_true", help="also log what is chosen and why")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.ERROR, stream=sys.stderr)
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
