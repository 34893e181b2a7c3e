"""Templates of managed policies, each within the size that IAM allows."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from runtime.core.contract import SERVICE_NAME

MOST_CHARACTERS = 6144
"""Characters of a managed policy, white space apart ("IAM and AWS STS quotas")."""

MOST_POLICIES = 10
"""Managed policies of a role, by the same page."""

OUTPUT = "PolicyArns"

_LONGEST = {
    "${AWS::Partition}": "aws-us-gov",
    "${AWS::Region}": "ap-southeast-1",
    "${AWS::AccountId}": "111122223333",
}

Statement = Mapping[str, Any]


def policies_template(
    purpose: str, environment: str, statements: Sequence[Statement]
) -> dict[str, Any]:
    """Return a template of managed policies `lifestream-<purpose>-<environment>-<number>`.

    Its output has their ARNs, separated by commas. Raise `ValueError` if a role could not have all.
    """
    policies = list(packed(statements))
    if len(policies) > MOST_POLICIES:
        raise ValueError(f"{len(policies)} policies; a role can have {MOST_POLICIES}")
    name = f"{SERVICE_NAME}-{purpose}-{environment}"
    resources = {
        f"Policy{number}": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {
                "ManagedPolicyName": f"{name}-{number}",
                "PolicyDocument": {"Version": "2012-10-17", "Statement": _substituted(policy)},
            },
        }
        for number, policy in enumerate(policies, start=1)
    }
    return {
        "Description": f"Lifestream: {purpose} of {environment}",
        "Resources": resources,
        "Outputs": {
            OUTPUT: {"Value": {"Fn::Join": [",", [{"Ref": policy} for policy in resources]]}}
        },
        "Metadata": {"Name": name},
    }


def write(folder: Path, template: Mapping[str, Any]) -> Path:
    """Write a template of policies and return its path."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{template['Metadata']['Name']}.template.json"
    path.write_text(json.dumps(template, indent=1) + "\n")
    return path


def packed(statements: Iterable[Statement]) -> Iterator[list[Statement]]:
    """Yield the statements in as few policies as their order allows."""
    policy: list[Statement] = []
    for statement in _small(statements):
        if policy and size([*policy, statement]) > MOST_CHARACTERS:
            yield policy
            policy = []
        policy.append(statement)
    if policy:
        yield policy


def size(statements: Sequence[Statement]) -> int:
    """Return the characters of a policy of these statements, in the longest region's name."""
    text = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
    for placeholder, longest in _LONGEST.items():
        text = text.replace(placeholder, longest)
    return len(text)


def _small(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Yield the statements, those that fill more than a policy in halves."""
    for statement in statements:
        if size([statement]) <= MOST_CHARACTERS:
            yield statement
            continue
        actions = statement["Action"]
        middle = len(actions) // 2
        yield from _small(
            [{**statement, "Action": part} for part in (actions[:middle], actions[middle:])]
        )


def _substituted(value: Any) -> Any:
    """Return a document whose placeholders CloudFormation replaces."""
    match value:
        case str():
            return {"Fn::Sub": value} if "${" in value else value
        case list():
            return [_substituted(each) for each in value]
        case Mapping():
            return {key: _substituted(each) for key, each in value.items()}
    return value
