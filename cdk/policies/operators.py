"""What operators may do: `commands.toml` has the actions that each documented command needs."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cdk.config import load_environment
from cdk.policies.documents import policies_template
from cdk.policies.reference import ServiceReference, shipped_reference
from cdk.policies.scopes import EnvironmentScope, scoped

FILE = Path(__file__).with_name("commands.toml")

Rights = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """Actions by command, of an operator and of an administrator.

    `key` has the actions on the customer's key that each action makes its service ask for.
    """

    operator: Rights
    administrator: Rights
    key: Rights

    def actions(self) -> set[str]:
        """Return every action."""
        tables = (self.operator, self.administrator, self.key)
        return {action for table in tables for needed in table.values() for action in needed}

    def of_operators(self) -> set[str]:
        """Return what operators call, without what services ask of a key."""
        return {action for needed in self.operator.values() for action in needed}


@cache
def load() -> Commands:
    """Return the table of commands."""
    return Commands(**tomllib.loads(FILE.read_text(encoding="utf-8")))


def operator_statements(
    scope: EnvironmentScope, reference: ServiceReference, *, commands: Commands | None = None
) -> list[dict[str, Any]]:
    """Return the statements of an operator's role."""
    commands = commands or load()
    called = commands.of_operators()
    statements = scoped(called, scope, reference)
    services: dict[tuple[str, ...], set[str]] = {}
    for action in called & commands.key.keys():
        asked = tuple(sorted(commands.key[action]))
        services.setdefault(asked, set()).add(action.partition(":")[0])
    for actions, through in sorted(services.items()):
        statements.append(
            {
                "Effect": "Allow",
                "Action": list(actions),
                "Resource": ["arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*"],
                "Condition": {
                    "StringEquals": {
                        "kms:ViaService": [
                            f"{each}.${{AWS::Region}}.amazonaws.com" for each in sorted(through)
                        ]
                    },
                    # A key's id is known only once it is there; its alias is ours.
                    "ForAnyValue:StringEquals": {
                        "kms:ResourceAliases": scope.arns("kms")[0].rpartition(":")[2]
                    },
                },
            }
        )
    return statements


def operator_template(root: Path, environment: str) -> dict[str, Any]:
    """Return the template of the policy of an environment's operators."""
    guardrails = load_environment(root / "environments" / f"{environment}.toml").guardrails
    scope = EnvironmentScope(environment=environment, role_path=guardrails.role_path or "/")
    return policies_template(
        "operator", environment, operator_statements(scope, shipped_reference())
    )
