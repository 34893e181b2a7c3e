"""`protect`: closes the default security group, guards retained data against deletion."""

from lifestream import adapters
from lifestream.adapters import Clients
from lifestream.commands.doctor import ENVIRONMENTS, retains_data
from lifestream.default_groups import close, default_groups
from lifestream.doctor.aws_reader import resources, table_names
from lifestream.environment import Stack, data_stacks, stacks_of_environment
from lifestream.session import Session, in_session
from runtime.aws.sdk_errors import typed_faults


@in_session
def protect_stacks(session: Session) -> None:
    """Close the network's default group, and protect what is retained from deletion.

    Protection follows a deployment and is no part of it: a first deployment that fails must be able
    to delete what it created, or it could not be repeated.
    """
    name = session.environment
    listed = list(adapters.listed_stacks(session.aws))
    stacks = stacks_of_environment(listed, name, place=session.aws.place)
    for closed in close_default_groups(session.aws, stacks):
        session.screen.say(f"Closed: {closed}")
    if not retains_data(ENVIRONMENTS / f"{name}.toml"):
        session.screen.say(f"{name} does not retain its data: no stack or table is protected.")
        return
    for protected in protect(session.aws, name):
        session.screen.say(f"Protected: {protected}")


def close_default_groups(aws: Clients, stacks: list[Stack]) -> list[str]:
    """Close the default security group of each VPC of the stacks; return those that were open."""
    vpcs = resources(aws, stacks).get("AWS::EC2::VPC", [])
    found = [group for group in default_groups(aws, vpcs) if group.is_open]
    for group in found:
        close(aws, group)
    return [f"default security group {group.group_id} of {group.vpc_id}" for group in found]


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
    names = table_names(aws, stacks)
    for name in names:
        with typed_faults(f"protecting the table {name}"):
            aws("dynamodb").update_table(TableName=name, DeletionProtectionEnabled=True)
    return names
