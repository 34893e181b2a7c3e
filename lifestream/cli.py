"""The command line: what can be asked, and how a failure is told."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from lifestream import adapters
from lifestream.adapters import Clients
from lifestream.commands import dead_letters, doctor, jobs
from lifestream.ports import Operations
from lifestream.view.console import Screen
from runtime.core.contract import EnvVar
from runtime.core.errors import LifestreamError
from runtime.core.jobs import State

Command = Callable[[argparse.Namespace, Clients, Screen], int]
OperationsCommand = Callable[[argparse.Namespace, Operations, Screen], int]

DEFAULT_ENVIRONMENT = "dev"
SILENCE_SECONDS = 900.0
INTERRUPTED = 130

DESCRIPTION = """\
Look after an environment of Lifestream: its jobs, its dead letters, its health.

The account and the region are those of the usual AWS variables (AWS_PROFILE, AWS_REGION, ...);
with AWS_ENDPOINT_URL the commands work on the local cloud instead. The environment's resources are
found by the outputs of its stacks."""

EXAMPLES = """\
examples:
  python -m lifestream jobs list --state RUNNING FAILED
  python -m lifestream jobs watch uploads/talk.mp4
  python -m lifestream --environment prod dlq redrive --all
  python -m lifestream doctor --environment prod --json

exit status: 0 as asked; 1 something is wrong or was refused; 2 the command line cannot be read.
What each command does to a job is told in docs/operations.md."""

JOB_HELP = "a job's id, or the key of an upload such as uploads/talk.mp4"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    given = parser().parse_args(arguments)
    screen = Screen()
    try:
        aws = adapters.clients_of_this_process()
        try:
            command: Command = given.command
            return command(given, aws, screen)
        finally:
            aws.close()
    except LifestreamError as error:
        screen.note(f"{error.summary} [{error.code}]")
        screen.note(error.resolution)
        return 1
    except KeyboardInterrupt:
        screen.note("Stopped.")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the results has seen enough; the interpreter must not flush into the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    default = os.environ.get(EnvVar.ENVIRONMENT) or DEFAULT_ENVIRONMENT
    top = argparse.ArgumentParser(
        prog="python -m lifestream",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _environment_option(top, default)
    groups = top.add_subparsers(required=True, metavar="COMMAND")
    _jobs(groups)
    _dlq(groups)
    command = _leaf(
        groups,
        "doctor",
        doctor.examine,
        "check everything: stacks, queues, tables, bucket, functions, image, roles, alarms, jobs",
    )
    _json_option(command)
    return top


def _jobs(groups: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    about = "list, show, trace, watch, cancel, retry and reprocess jobs"
    commands = groups.add_parser("jobs", help=about, description=about).add_subparsers(
        required=True, metavar="COMMAND"
    )
    command = _command(commands, "list", jobs.list_jobs, "the jobs that changed last")
    command.add_argument(
        "--state",
        nargs="+",
        choices=[str(state) for state in State],
        type=str.upper,
        metavar="STATE",
        help=f"only these: {', '.join(State)}",
    )
    _limit_option(command, 50, "jobs")
    _json_option(command)
    command = _command(commands, "show", jobs.show, "all that is known of one job")
    command.add_argument("job", help=JOB_HELP)
    _json_option(command)
    command = _command(commands, "trace", jobs.trace, "what was done for a job, and when")
    command.add_argument("job", help=JOB_HELP)
    _json_option(command)
    command = _command(
        commands, "watch", jobs.watch, "follow a job to its end; 0 when it succeeded"
    )
    command.add_argument("job", help=JOB_HELP)
    command.add_argument(
        "--silence",
        type=_positive,
        default=SILENCE_SECONDS,
        metavar="SECONDS",
        help="give up when the job does not change for so long (default: %(default)g)",
    )
    for name, function, about in (
        ("cancel", jobs.cancel, "end a job that has not ended, and stop its task"),
        ("retry", jobs.retry, "run a failed or cancelled job again, as if new"),
    ):
        _command(commands, name, function, about).add_argument("job", help=JOB_HELP)
    command = _command(
        commands,
        "reprocess",
        jobs.reprocess,
        "process a succeeded job (its old results stand until then) or an unknown upload",
    )
    command.add_argument("job", help=JOB_HELP)
    command.add_argument(
        "--from-scratch",
        action="store_true",
        help="remove its checkpoints first; else those that still fit are used again",
    )


def _dlq(groups: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    about = "list, show, redrive and purge the messages that could not be dispatched"
    commands = groups.add_parser("dlq", help=about, description=about).add_subparsers(
        required=True, metavar="COMMAND"
    )
    command = _command(
        commands, "list", dead_letters.list_letters, "the messages, and how their jobs stand"
    )
    _limit_option(command, 100, "messages")
    _json_option(command)
    command = _command(commands, "show", dead_letters.show, "one message whole")
    command.add_argument("message", help="the message's id, from `dlq list`")
    _limit_option(command, 1000, "messages to look through")
    _json_option(command)
    command = _command(
        commands,
        "redrive",
        dead_letters.redrive,
        "put failed jobs back and send their messages to the jobs queue; loses nothing, "
        "however it is interrupted",
    )
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument("message", nargs="?", help="the message's id, from `dlq list`")
    which.add_argument("--all", action="store_true", help="every message")
    command = _command(commands, "purge", dead_letters.purge, "remove all messages for good")
    command.add_argument("--yes", action="store_true", help="do it; without, it is only told")


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    function: OperationsCommand,
    about: str,
) -> argparse.ArgumentParser:
    def run(given: argparse.Namespace, aws: Clients, screen: Screen) -> int:
        with screen.busy(f"Finding {given.environment} in {aws.place}"):
            operations = adapters.operations(aws, given.environment)
        return function(given, operations, screen)

    return _leaf(commands, name, run, about)


def _leaf(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    function: Command,
    about: str,
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=about, description=about[0].upper() + about[1:] + ".")
    command.set_defaults(command=function)
    _environment_option(command, argparse.SUPPRESS)
    return command


def _environment_option(command: argparse.ArgumentParser, default: str) -> None:
    command.add_argument(
        "--environment",
        "-e",
        default=default,
        metavar="NAME",
        help=f"dev, staging, prod, ... (default: ${EnvVar.ENVIRONMENT} or {DEFAULT_ENVIRONMENT})",
    )


def _json_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print JSON, for scripts")


def _limit_option(command: argparse.ArgumentParser, default: int, what: str) -> None:
    command.add_argument(
        "--limit",
        type=_whole,
        default=default,
        metavar="N",
        help=f"at most so many {what} (default: %(default)s)",
    )


def _whole(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return value


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text} is not more than 0")
    return value
