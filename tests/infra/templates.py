"""Synthesized templates made easy to ask questions of."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cdk.config import EnvironmentConfig

Resource = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """An Allow or Deny as a person reads it: references as `<LogicalId.Attribute>`."""

    owner: str
    effect: str
    actions: frozenset[str]
    resources: frozenset[str]
    conditions: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One environment's stacks by name (`network`, ...), and the folder of its assets."""

    config: EnvironmentConfig
    stacks: Mapping[str, Mapping[str, Any]]
    assets: Path

    def of_type(self, kind: str) -> dict[str, Resource]:
        """Return the resources of a type in all stacks, by logical id."""
        return {
            logical_id: resource
            for stack in self.stacks.values()
            for logical_id, resource in stack["Resources"].items()
            if resource["Type"] == kind
        }

    def only(self, kind: str, **properties: Any) -> tuple[str, Resource]:
        """Return the one resource of a type that has these (rendered) properties."""
        found = [
            (logical_id, resource)
            for logical_id, resource in self.of_type(kind).items()
            if all(
                self.render(resource["Properties"].get(key)) == value
                for key, value in properties.items()
            )
        ]
        assert len(found) == 1, f"{len(found)} resources {kind} with {properties}"
        return found[0]

    def function(self, name: str) -> Resource:
        """Return the properties of `lifestream-<name>-<environment>`."""
        _, found = self.only(
            "AWS::Lambda::Function", FunctionName=f"lifestream-{name}-{self.config.name}"
        )
        properties: Resource = found["Properties"]
        return properties

    def role_of_function(self, name: str) -> str:
        """Return the logical id of a function's role."""
        arn: str = self.render(self.function(name)["Role"])
        return arn.removeprefix("<").removesuffix(".Arn>")

    def outputs(self) -> dict[str, str]:
        """Return all outputs by key, rendered."""
        return {
            key: self.render(output["Value"])
            for stack in self.stacks.values()
            for key, output in stack.get("Outputs", {}).items()
        }

    def statements(self) -> Iterator[Statement]:
        """Yield every statement of every role's policies."""
        for logical_id, policy in self.of_type("AWS::IAM::Policy").items():
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                yield self._statement(logical_id, statement)

    def of_role(self, role: str) -> list[Statement]:
        """Return the statements of the policies attached to a role, given by logical id."""
        owners = {
            logical_id
            for logical_id, policy in self.of_type("AWS::IAM::Policy").items()
            if {"Ref": role} in policy["Properties"]["Roles"]
        }
        return [statement for statement in self.statements() if statement.owner in owners]

    def document(self, policy: Resource) -> list[Statement]:
        """Return the statements of a queue's or a bucket's policy."""
        found = policy["Properties"]["PolicyDocument"]["Statement"]
        return [self._statement("", statement) for statement in found]

    def render(self, value: Any) -> Any:  # noqa: PLR0911 - one line for each kind of value
        """Return a value with its intrinsic functions written as text, exports resolved."""
        match value:
            case list():
                return [self.render(item) for item in value]
            case {"Ref": name}:
                return f"<{name}>"
            case {"Fn::GetAtt": [name, attribute]}:
                return f"<{name}.{attribute}>"
            case {"Fn::Join": [separator, parts]}:
                return separator.join(str(self.render(part)) for part in parts)
            case {"Fn::ImportValue": name}:
                return self.render(self._exported(name))
            case dict():
                return {key: self.render(item) for key, item in value.items()}
        return value

    def _exported(self, name: str) -> Any:
        (value,) = (
            output["Value"]
            for stack in self.stacks.values()
            for output in stack.get("Outputs", {}).values()
            if output.get("Export", {}).get("Name") == name
        )
        return value

    def _statement(self, owner: str, statement: Mapping[str, Any]) -> Statement:
        return Statement(
            owner=owner,
            effect=statement["Effect"],
            actions=frozenset(_many(statement["Action"])),
            resources=frozenset(_many(self.render(statement["Resource"]))),
            conditions=self.render(statement.get("Condition", {})),
        )


def read_deployment(assembly: Path, config: EnvironmentConfig) -> Deployment:
    """Read one environment's stacks from a synthesized cloud assembly."""
    folder = assembly / f"assembly-Lifestream-{config.name}"
    manifest = json.loads((folder / "manifest.json").read_text())
    stacks = {
        artifact["properties"]["stackName"].removeprefix(f"lifestream-{config.name}-"): json.loads(
            (folder / artifact["properties"]["templateFile"]).read_text()
        )
        for artifact in manifest["artifacts"].values()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    return Deployment(config=config, stacks=stacks, assets=assembly)


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
