"""Commands of the AWS command line in the documents exist, and name what exists."""

import re
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from cdk.naming import Names
from tests.infra.conftest import ROOT

DOCUMENTS = sorted((ROOT / "docs").rglob("*.md"))
SESSION = botocore.session.get_session()
SERVICES = "|".join(sorted(SESSION.get_available_services(), key=len, reverse=True))
COMMAND = re.compile(rf"\baws ({SERVICES}) ([a-z][a-z0-9-]+)([^`\n|]*)")
OF_THE_COMMAND_LINE = {
    ("logs", "tail"): {"since", "filter-pattern"},
    ("s3", "cp"): set(),
    ("cloudformation", "deploy"): {"template-file", "stack-name", "capabilities"},
}
"""Commands that no operation of the API has, with their options."""

GLOBAL_OPTIONS = {"query", "output", "max-items", "cli-binary-format", "region", "profile"}


def commands() -> Iterator[tuple[str, str, str, str]]:
    """Yield the page, the service, the command and its arguments."""
    for path in DOCUMENTS:
        text = path.read_text().replace("\\\n", " ")
        # A command within another stands by itself, and is a value there.
        inner = re.findall(r"\$\((aws [^)]*)\)", text)
        text = "\n".join([re.sub(r"\$\(aws [^)]*\)", "VALUE", text), *inner])
        for service, command, arguments in COMMAND.findall(text):
            yield path.name, service, command, arguments


FOUND = sorted(set(commands()))


def operation(service: str, command: str) -> Any:
    """Return the API's operation of a command; raise `LookupError` if there is none."""
    model = SESSION.get_service_model(service)
    for name in model.operation_names:
        if xform_name(name, "-") == command:
            return model.operation_model(name)
    raise LookupError(f"{service} has no command {command}")


def options(arguments: str) -> set[str]:
    return set(re.findall(r"(?<=\s)--([a-z0-9-]+)", arguments))


def test_should_find_the_commands_of_the_documents() -> None:
    assert len(FOUND) >= 25
    assert {("logs", "tail"), ("sqs", "purge-queue")} <= {found[1:3] for found in FOUND}


@pytest.mark.parametrize(("page", "service", "command", "arguments"), FOUND)
def test_should_be_commands_with_options_that_exist(
    page: str, service: str, command: str, arguments: str
) -> None:
    own = OF_THE_COMMAND_LINE.get((service, command))
    if own is None:
        members = operation(service, command).input_shape.members
        own = {xform_name(name, "-") for name in members}
    # An option without a value is a flag of a boolean.
    given = {
        option.removeprefix("no-") if option not in own else option for option in options(arguments)
    }

    assert given <= own | GLOBAL_OPTIONS, (page, given - own)


@pytest.mark.parametrize(("page", "service", "command", "arguments"), FOUND)
def test_should_name_resources_that_exist(
    page: str, service: str, command: str, arguments: str
) -> None:
    names = {value for value in vars(Names("ENV")).values() if isinstance(value, str)}
    for word in re.findall(r"[/\w-]*lifestream-[\w-]*ENV", arguments):
        # A service of ECS is named with its cluster.
        parts = word.removeprefix("service/").split("/") if word.startswith("service/") else [word]
        assert set(parts) <= names, (page, service, command, word)
