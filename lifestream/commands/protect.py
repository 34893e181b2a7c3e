"""`protect`: guards stacks and tables whose data is retained against deletion."""

import typer

from lifestream import adapters
from lifestream.adapters import Clients
from lifestream.commands.doctor import ENVIRONMENTS, retains_data
from lifestream.doctor.aws_reader import resources
from lifestream.environment import Stack, data_stacks, stacks_of_environment
from lifestream.session import EnvironmentOption, session_of
from runtime.aws.sdk_errors import typed_faults

TABLES = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")


def protect_stacks(context: typer.Context, *, environment: EnvironmentOption = None) -> int:
    """Protect stacks and tables from deletion where the environment retains its data.

    This follows a deployment and is no part of it: a first deployment that fails must be able to
    delete what it created, or it could not be repeated.
    """
    session = session_of(context, environment)
    name = session.environment
    if not retains_data(ENVIRONMENTS / f"{name}.toml"):
        session.screen.say(f"{name} does not retain its data: nothing is protected.")
        return 0
    for protected in protect(session.aws, name):
        session.screen.say(f"Protected: {protected}")
    return 0


def protect(aws: Clients, environment: str) -> list[str]:
    """Protect all tables, and the stacks that hold data; return their names."""
    listed = list(adapters.listed_stacks(aws))
    stacks = stacks_of_environment(listed, environment, place=aws.place)
    tables = _protect_tables(aws, stacks)
    names = [stack.name for stack in data_stacks(stacks, environment)]
    for name in names:
        with typed_faults(f"protecting the stack {name}"):
            aws("cloudformation").update_termination_protection(
                StackName=name, EnableTerminationProtection=True
            )
    return [*names, *tables]


def _protect_tables(aws: Clients, stacks: list[Stack]) -> list[str]:
    found = resources(aws, stacks)
    names = [name for kind in TABLES for name in found.get(kind, [])]
    for name in names:
        with typed_faults(f"protecting the table {name}"):
            aws("dynamodb").update_table(TableName=name, DeletionProtectionEnabled=True)
    return names
