"""What roles are granted in a running cloud, and how to take one grant away for a while."""

import copy
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One action on one resource, the resource as a person reads it (see `Role.label`)."""

    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}"


class Role:
    """A role's own policies. `names` are what ARNs of this deployment are called, by ARN."""

    def __init__(self, iam: Any, arn: str, names: Mapping[str, str]) -> None:
        self.name = arn.rsplit("/", 1)[-1]
        self._iam = iam
        self._names = names

    def grants(self) -> set[Grant]:
        """Return all that the role may do."""
        return {
            Grant(action, self.label(resource))
            for document in self._documents().values()
            for statement in document["Statement"]
            for action in listed(statement["Action"])
            for resource in listed(statement["Resource"])
        }

    def label(self, arn: str) -> str:
        """Return a resource's short name: its own of this deployment, else what the ARN ends in."""
        for known, name in self._names.items():
            if arn == known or re.match(re.escape(known) + "[/:]", arn):
                return name + arn.removeprefix(known)
        if arn == "*":
            return arn
        # A key has no name of its own, and there is one for all.
        return "key" if ":kms:" in arn else arn.split(":", 5)[-1]

    @contextmanager
    def without(self, grant: Grant) -> Iterator[None]:
        """Take one grant away until the block ends."""
        before = self._documents()
        assert grant in self.grants(), f"{self.name} is not granted {grant}"
        try:
            for name, document in before.items():
                self._put(name, self._reduced(document, grant))
            assert grant not in self.grants()
            yield
        finally:
            for name, document in before.items():
                self._put(name, document)

    def _documents(self) -> dict[str, Document]:
        names = self._iam.list_role_policies(RoleName=self.name)["PolicyNames"]
        return {
            name: self._iam.get_role_policy(RoleName=self.name, PolicyName=name)["PolicyDocument"]
            for name in names
        }

    def _put(self, name: str, document: Document) -> None:
        self._iam.put_role_policy(
            RoleName=self.name, PolicyName=name, PolicyDocument=json.dumps(document)
        )

    def _reduced(self, document: Document, grant: Grant) -> Document:
        """Return a policy of one action and one resource a statement, without the grant."""
        kept = []
        for statement in document["Statement"]:
            for action in listed(statement["Action"]):
                for resource in listed(statement["Resource"]):
                    if Grant(action, self.label(resource)) != grant:
                        single = copy.deepcopy(statement)
                        kept.append({**single, "Action": action, "Resource": resource})
        return {**document, "Statement": kept}


def listed(value: str | list[str]) -> list[str]:
    """Return a policy's value, which is a list or stands alone, as a list."""
    return [value] if isinstance(value, str) else value
