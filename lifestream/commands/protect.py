"""`protect`: sets termination protection on the stacks whose data is retained."""

import typer

from lifestream import adapters
from lifestream.adapters import Clients
from lifestream.commands.doctor import ENVIRONMENTS, retains_data
from lifestream.environment import data_stacks, stacks_of_environment
from lifestream.session import EnvironmentOption, session_of
from runtime.aws.sdk_errors import typed_faults


def protect_stacks(context: typer.Context, *, environment: EnvironmentOption = None) -> int:
    """Set termination protection where the environment retains its data.

    It is set after a deployment, not by it: CDK Pipelines never set it, and the CDK's command line
    sets it before the first creation, which could then not be repeated if it failed.
    """
    session = session_of(context, environment)
    name = session.environment
    if not retains_data(ENVIRONMENTS / f"{name}.toml"):
        session.screen.say(f"{name} does not retain its data: no stack is protected.")
        return 0
    for stack in protect(session.aws, name):
        session.screen.say(f"Protected: {stack}")
    return 0


def protect(aws: Clients, environment: str) -> list[str]:
    """Protect the stacks that hold data and return their names."""
    stacks = stacks_of_environment(list(adapters.stacks(aws)), environment, place=aws.place)
    names = [stack.name for stack in data_stacks(stacks, environment)]
    for name in names:
        with typed_faults(f"protecting the stack {name}"):
            aws("cloudformation").update_termination_protection(
                StackName=name, EnableTerminationProtection=True
            )
    return names
