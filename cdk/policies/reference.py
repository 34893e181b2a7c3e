"""The service authorization reference: the actions in use, their resource types, condition keys.

`service_reference.json` is an extract with the date and the source of its data; `python -m
scripts.service_reference` renews it.
"""

import json
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("service_reference.json")

_PLACEHOLDER = re.compile(r"\$\{[^}]*\}")
_EXAMPLES = {"${Partition}": "aws", "${Region}": "us-east-1", "${Account}": "111122223333"}


class ServiceReference:
    """What AWS documents of each action: `resource types` and `condition keys` that it knows."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.source: str = document["source"]
        self._services: Mapping[str, Any] = document["services"]

    def matching(self, action: str) -> list[str]:
        """Return the known actions that an action, perhaps with a wildcard, stands for."""
        service, _, pattern = action.partition(":")
        actions = self._services.get(service, {}).get("actions", {})
        return [
            f"{service}:{name}"
            for name in actions
            # IAM compares actions without regard to case.
            if fnmatchcase(name.lower(), pattern.lower())
        ]

    def resource_types(self, action: str) -> list[str]:
        """Return the ARN patterns of a known action's resource types; none means `*` alone."""
        service, _, name = action.partition(":")
        kinds = self._services[service]["resources"]
        return [
            kinds[kind]["arn"] for kind in self._services[service]["actions"][name]["resources"]
        ]

    def condition_keys(self, action: str) -> set[str]:
        """Return the condition keys of a known action, without the global ones."""
        service, _, name = action.partition(":")
        found = self._services[service]["actions"][name]
        kinds = self._services[service]["resources"]
        own: Iterable[str] = found["conditions"]
        return {*own, *(key for kind in found["resources"] for key in kinds[kind]["conditions"])}

    def example_arn(self, service: str, resource_type: str) -> str:
        """Return an ARN of a resource type."""
        pattern: str = self._services[service]["resources"][resource_type]["arn"]
        for placeholder, example in _EXAMPLES.items():
            pattern = pattern.replace(placeholder, example)
        return _PLACEHOLDER.sub("example", pattern)


@cache
def shipped_reference() -> ServiceReference:
    """Return the reference that is committed with this code."""
    return ServiceReference(json.loads(FILE.read_text(encoding="utf-8")))
