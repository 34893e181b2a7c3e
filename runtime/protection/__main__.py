"""Command line: `python -m runtime.protection check` tests protection from inside a task."""

import argparse
import os
import sys

from runtime.core.clock import SystemClock
from runtime.core.contract import ExitCode
from runtime.core.errors import LifestreamError
from runtime.core.log import JsonLog
from runtime.core.protection import ProtectionClient
from runtime.protection.environment import ApiTarget, choose_client, read_protection_environment
from runtime.protection.selfcheck import run_check


def make_api_client(target: ApiTarget) -> ProtectionClient:
    """Return a client of the ECS API; imports the SDK only when it is needed."""
    from runtime.aws import clients  # noqa: PLC0415 - boto3 is slow to load and often not needed
    from runtime.aws.ecs_protection import EcsProtectionClient  # noqa: PLC0415 - the same

    return EcsProtectionClient(
        client=clients.ecs(target.region), cluster=target.cluster, task_arn=target.task_arn
    )


def main(arguments: list[str]) -> int:
    """Run the self-test; exit 0 if it passed, 10 if not, 14 for an invalid environment."""
    parser = argparse.ArgumentParser(prog="python -m runtime.protection", description=__doc__)
    parser.add_argument("command", choices=["check"])
    parser.add_argument("--verbose", action="store_true", help="also log what is chosen and why")
    options = parser.parse_args(arguments)
    level = "DEBUG" if options.verbose else "ERROR"
    log = JsonLog(clock=SystemClock(), level=level, write=sys.stderr.write)
    try:
        environment = read_protection_environment(os.environ)
    except LifestreamError as error:
        sys.stdout.write(f"FAIL configuration: {error.summary}\n     fix: {error.resolution}\n")
        return ExitCode.BAD_CONFIGURATION
    report = run_check(
        environment=environment,
        choose=lambda found: choose_client(found, make_api_client=make_api_client, log=log),
    )
    sys.stdout.write("\n".join(report.lines()) + "\n")
    return ExitCode.SUCCESS if report.passed else ExitCode.PERMANENT_FAILURE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
