"""`python -m cdk.guard check|accept`: see docs/deploy.md."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import boto3

from cdk.application import ENVIRONMENTS
from cdk.assembly import AssemblyError, StackTemplate, read_environments
from cdk.config import ConfigError
from cdk.guard import accepted_changes, baseline
from cdk.guard.accepted_changes import GuardResult, classify
from cdk.guard.baseline import Templates
from cdk.guard.changes import Change, changes
from cdk.guard.cloudformation import CloudFormationTemplates
from cdk.guard.stateful import Stacks

ROOT = Path(__file__).resolve().parents[2]
BASELINE = ROOT / ENVIRONMENTS / "baseline"
DECISIONS = BASELINE / "acknowledged.toml"

ADVICE = """\
Data would be lost or left behind. Either change the code so that the resource stays as it is, or
write down in {file} that it is meant:

[[change]]
environment = "{change.environment}"
stack = "{change.stack}"
resource = "{change.resource}"
kind = "{change.kind}"
reason = "..."
"""

Connect = Callable[[str | None], Templates]


def connect(region: str | None) -> Templates:
    """Return the deployed templates of the account that the AWS variables lead to."""
    return CloudFormationTemplates(boto3.client("cloudformation", region_name=region))


def main(arguments: Sequence[str] | None = None, *, connect: Connect = connect) -> int:
    """Check, or accept; 0 when nothing is lost, 1 when something would be, 2 for wrong input."""
    given = parser().parse_args(arguments)
    try:
        app = read_environments(given.assembly)
        if given.command == "accept":
            return accept(app, given.baseline)
        decisions = accepted_changes.load(given.decisions)
        if given.deployed:
            names = chosen(given.environment, app)
            before = {name: deployed(name, app, given.environments, connect) for name in names}
        else:
            before = accepted(given.environment, given.baseline)
            names = list(before)
    except (AssemblyError, ConfigError) as error:
        print(error, file=sys.stderr)
        return 2
    found = [change for name in names for change in lost(name, before[name], app)]
    if given.deployed or given.environment:
        decisions = tuple(each for each in decisions if each.environment in names)
    result = classify(found, decisions)
    return report(result, decisions=given.decisions, deployed=given.deployed, names=names)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="python -m cdk.guard", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="refuse changes that could lose data")
    accept_ = commands.add_parser("accept", help="commit the state as it is as the accepted one")
    for command in (check, accept_):
        command.add_argument("--assembly", type=Path, default=ROOT / "cdk.out")
        command.add_argument("--baseline", type=Path, default=BASELINE)
    check.add_argument("--decisions", type=Path, default=DECISIONS)
    check.add_argument("--environments", type=Path, default=ROOT / ENVIRONMENTS)
    check.add_argument("--environment", action="append", help="only this one; may be repeated")
    check.add_argument(
        "--deployed",
        action="store_true",
        help="compare with what is deployed where the AWS variables lead to, not with the baseline",
    )
    return top


def chosen(asked: Sequence[str] | None, existing: Mapping[str, object]) -> list[str]:
    """Return the environments to compare; raise `AssemblyError` for an unknown one."""
    for name in asked or ():
        if name not in existing:
            raise AssemblyError(f"There is no environment {name}; there are: {', '.join(existing)}")
    return list(asked or existing)


def accepted(asked: Sequence[str] | None, folder: Path) -> dict[str, Stacks]:
    """Return the committed states; raise `AssemblyError` when there are none."""
    committed = baseline.read_baseline(folder)
    if not committed:
        raise AssemblyError(f"{folder} has no accepted state: `make baseline`")
    return {name: committed[name] for name in chosen(asked, committed)}


def deployed(
    name: str, app: Mapping[str, list[StackTemplate]], folder: Path, connect: Connect
) -> Stacks:
    """Return an environment's deployed resources."""
    others = {path.stem for path in folder.glob("*.toml")} | set(app)
    regions = {stack.region for stack in app[name]}
    return baseline.read_deployed(connect(*regions), name, others)


def lost(name: str, before: Stacks, app: Mapping[str, list[StackTemplate]]) -> list[Change]:
    """Return the changes that could lose data; the app may no longer have the environment."""
    return changes(name, before, baseline.guarded(app.get(name, [])))


def accept(app: Mapping[str, list[StackTemplate]], folder: Path) -> int:
    """Write every environment's state, and delete the file of one that the app no longer has."""
    for name, stacks in app.items():
        print(f"Accepted: {baseline.write_baseline(folder, name, baseline.guarded(stacks))}")
    for path in folder.glob("*.json"):
        if path.stem not in app:
            path.unlink()
            print(f"Removed: {path}")
    return 0


def report(result: GuardResult, *, decisions: Path, deployed: bool, names: Sequence[str]) -> int:
    """Print a result and return the exit status.

    Against the baseline, an acceptance without a change is refused, because it would cover the next
    mistake. Against what is deployed it is allowed: some environments have the change already.
    """
    for change in result.accepted:
        print(f"decided on  {change}")
    for stale in result.stale:
        print(f"{'arrived' if deployed else 'STALE'}  {stale}: nothing of the kind changes")
    for change in result.refused:
        print(f"REFUSED  {change}")
    if result.refused:
        print(ADVICE.format(file=decisions.name, change=result.refused[0]))
        return 1
    if result.stale and not deployed:
        print(f"Remove what is stale from {decisions.name}.")
        return 1
    print(f"Nothing that holds data is lost: {', '.join(names) or 'no environment'}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
