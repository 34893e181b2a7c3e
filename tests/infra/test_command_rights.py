"""Every command of the documents: who may run it, and that the templates let them.

`cdk/policies/commands.toml` has the rights; the same table makes the policy of operators.
"""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest

from cdk.policies.check import unknown
from cdk.policies.operators import load, operator_statements
from cdk.policies.reference import shipped_reference
from cdk.policies.scopes import EnvironmentScope, example
from cdk.policies.statements import PolicyStatement
from lifestream.cli import app
from tests.infra.conftest import ROOT
from tests.infra.templates import Deployment
from tests.infra.test_documented_commands import DOCUMENTS, FOUND

COMMANDS = load()
REFERENCE = shipped_reference()
SCOPE = EnvironmentScope(environment="dev")
STATEMENTS = operator_statements(SCOPE, REFERENCE)
OPERATORS_PAGES = {
    *(path.name for path in (ROOT / "docs" / "runbooks").glob("*.md")),
    "operations.md",
}
OURS = re.compile(r"python -m lifestream(?: --environment \w+)? (?:(jobs|dlq|api) )?([a-z]+)")
TARGETS = {
    "preflight": "lifestream preflight",
    "protect": "lifestream protect",
    "push": "make push",
    "restore-drill": "lifestream restore-drill",
    "smoke": "make smoke",
    "verify": "make verify",
}
"""Targets of the Makefile that call AWS, as the table names them."""

WITHOUT_SUBCOMMAND = {"api", "edits", "voices"}
"""Groups whose commands need no right of AWS."""


def documented() -> Iterator[tuple[str, str]]:
    """Yield the page and each command as the table names it."""
    for page, service, command, _ in FOUND:
        yield page, f"aws {service} {command}"
    for path in DOCUMENTS:
        for group, command in OURS.findall(path.read_text()):
            words = [group] if group in WITHOUT_SUBCOMMAND else [group, command]
            yield path.name, " ".join(["lifestream", *filter(None, words)])
        for target in re.findall(r"\bmake ([a-z-]+)", path.read_text()):
            if target in TARGETS:
                yield path.name, TARGETS[target]


PAIRS = sorted(set(documented()))


def allows(statement: Mapping[str, Any], action: str, arn: str) -> bool:
    return action in statement["Action"] and any(
        fnmatchcase(arn, example(resource)) for resource in statement["Resource"]
    )


def test_should_know_every_command_of_the_documents_and_no_other() -> None:
    known = {**COMMANDS.operator, **COMMANDS.administrator}

    assert {command for _, command in PAIRS} == known.keys()
    assert not COMMANDS.operator.keys() & COMMANDS.administrator.keys()


def test_should_know_every_command_of_the_command_line() -> None:
    ours = {each.callback.__name__: each.name for each in app.registered_commands if each.callback}
    groups = {
        f"lifestream {group.info.name} {command.name or command.callback.__name__}"
        for group in (each.typer_instance for each in app.registered_groups)
        if group and group.info.name not in WITHOUT_SUBCOMMAND
        for command in group.registered_commands
        if command.callback
    }
    known = {**COMMANDS.operator, **COMMANDS.administrator}

    assert {f"lifestream {name}" for name in ours.values()} | groups <= known.keys()


def test_should_give_operators_commands_of_their_own_pages_alone() -> None:
    missing = {
        (page, command)
        for page, command in PAIRS
        if page in OPERATORS_PAGES and command not in COMMANDS.operator
    }

    # What belongs to a deployment is mentioned by an operator's page, and needs a deployer.
    assert {command for _, command in missing} <= {*TARGETS.values(), "aws cloudformation deploy"}


def test_should_state_only_what_aws_knows() -> None:
    statements = [
        PolicyStatement(
            where="operator",
            owner="AWS::IAM::ManagedPolicy",
            actions=tuple(statement["Action"]),
            resources=tuple(example(each) for each in statement["Resource"]),
            condition_keys=tuple(
                sorted({key for keys in statement.get("Condition", {}).values() for key in keys})
            ),
            federated=(),
        )
        for statement in STATEMENTS
    ]

    assert unknown(statements, REFERENCE) == []


@pytest.mark.parametrize(
    ("action", "arn"),
    [
        ("logs:FilterLogEvents", "logs:us-east-1:111122223333:log-group:/ecs/lifestream-web-dev"),
        ("lambda:InvokeFunction", "lambda:us-east-1:111122223333:function:lifestream-reaper-dev"),
        ("sqs:PurgeQueue", "sqs:us-east-1:111122223333:lifestream-gpu-work-dlq-dev"),
        ("cloudwatch:SetAlarmState", "cloudwatch:us-east-1:111122223333:alarm:lifestream-dev-any"),
        ("ecs:ExecuteCommand", "ecs:us-east-1:111122223333:task/lifestream-cluster-dev/0123"),
        ("dynamodb:Query", "dynamodb:us-east-1:111122223333:table/lifestream-jobs-dev/index/any"),
    ],
)
def test_should_let_operators_use_their_environment_and_no_other(action: str, arn: str) -> None:
    other = arn.replace("-dev", "-prod")

    assert any(allows(statement, action, f"arn:aws:{arn}") for statement in STATEMENTS)
    assert not any(allows(statement, action, f"arn:aws:{other}") for statement in STATEMENTS)


def test_should_let_no_operator_change_the_infrastructure() -> None:
    changes = re.compile(r":(Create|Delete(?!Message|Object$)|Put(?!Item)|Update|Attach|Pass)")
    allowed = {action for statement in STATEMENTS for action in statement["Action"]}

    assert not [action for action in allowed if changes.search(action)]


def test_should_find_no_key_that_denies_a_command(deployment: Deployment) -> None:
    """A topic always has a key; queues, tables and buckets where the environment has one."""
    customer_key = deployment.config.encryption.customer_key
    admitted = {
        service.partition(".")[0]
        for key in deployment.of_type("AWS::KMS::Key").values()
        for statement in deployment.render(key["Properties"]["KeyPolicy"]["Statement"])
        for service in statement.get("Condition", {})
        .get("StringEquals", {})
        .get("kms:ViaService", [])
    }
    denied = {
        (command, action)
        for _, command in PAIRS
        for action in {**COMMANDS.operator, **COMMANDS.administrator}[command]
        if action in COMMANDS.key
        for service in [action.partition(":")[0]]
        if (customer_key or service == "sns") and service not in admitted
    }

    assert denied == set()


def test_should_say_which_setting_a_command_in_a_task_needs() -> None:
    for page, service, command, _ in FOUND:
        if (service, command) == ("ecs", "execute-command"):
            (path,) = (each for each in DOCUMENTS if each.name == page)
            assert "`execute_command = true`" in path.read_text()


def test_should_have_queues_and_topics_that_deny_no_operator(deployment: Deployment) -> None:
    """Their policies deny plain HTTP alone: what a role's policy allows holds."""
    for kind in ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::S3::BucketPolicy"):
        for policy in deployment.of_type(kind).values():
            for statement in deployment.document(policy):
                if statement.effect == "Deny":
                    assert statement.conditions == {"Bool": {"aws:SecureTransport": "false"}}
