"""Compares templates before and after: what a deployment would do to resources that hold data."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cdk.guard.immutable_properties import changed_immutable_properties, immutable_values
from cdk.guard.stateful import LOSSES, Resources, Stacks, physical_name

_KEEPS = {"Retain", "RetainExceptOnCreate", "Snapshot"}
_DELETE = "Delete"

Resource = Mapping[str, Any]


class ChangeKind(StrEnum):
    """The way in which a change could lose data."""

    DELETION = "deletion"
    REPLACEMENT = "replacement"
    POLICY = "policy"
    PROTECTION = "protection"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Change:
    """A change that could lose data; `what` describes it."""

    environment: str
    stack: str
    resource: str
    kind: ChangeKind
    what: str

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.environment}: {self.stack}: {self.resource}: {self.kind}: {self.what}"


def changes(environment: str, before: Stacks, after: Stacks) -> list[Change]:
    """Return the changes between two states of an environment that could lose data.

    Both hold the guarded resources alone, by stack and logical id.
    """
    return sorted(
        Change(environment=environment, stack=stack, resource=resource, kind=kind, what=what)
        for stack, resources in before.items()
        for resource, kind, what in _in_stack(resources, stack, after)
    )


def _in_stack(
    before: Resources, stack: str, after: Stacks
) -> Iterator[tuple[str, ChangeKind, str]]:
    now = after.get(stack, {})
    replaced = _replaced(before, now)
    for logical_id, old in before.items():
        loss = LOSSES[old["Type"]]
        new = now.get(logical_id)
        if new is None:
            yield logical_id, ChangeKind.DELETION, _gone(logical_id, old, stack, after)
            continue
        if logical_id in replaced:
            yield logical_id, ChangeKind.REPLACEMENT, f"{replaced[logical_id]}; {_fate(new, loss)}"
        if new.get("Condition") != old.get("Condition"):
            what = f"it now depends on the condition {new.get('Condition')}; {_fate(old, loss)}"
            yield logical_id, ChangeKind.DELETION, what
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            if old.get(policy) in _KEEPS and new.get(policy) not in _KEEPS:
                weaker = new.get(policy, f"{_DELETE} (the default)")
                what = f"{policy} from {old[policy]} to {weaker}; {loss} would go with it"
                yield logical_id, ChangeKind.POLICY, what
        for switch in _switched_off(old, new):
            yield (
                logical_id,
                ChangeKind.PROTECTION,
                f"{switch}; nothing would stop a mistake any more",
            )


def _replaced(before: Resources, now: Resources) -> dict[str, str]:
    """Return why each remaining resource would be replaced, also because of another one."""
    reasons: dict[str, str] = {}
    for logical_id, old in before.items():
        if logical_id in now and (reason := _replaces(old, now[logical_id])):
            reasons[logical_id] = reason
    while True:
        more = {
            logical_id: f"{fixed.name} names {other}, which is replaced itself"
            for logical_id, new in now.items()
            if logical_id in before and logical_id not in reasons
            for fixed, value in immutable_values(new["Type"], new.get("Properties", {}))
            for other in reasons
            if _refers(value, other)
        }
        if not more:
            return reasons
        reasons.update(more)


def _replaces(old: Resource, new: Resource) -> str | None:
    if old["Type"] != new["Type"]:
        return f"it becomes another type, {new['Type']}"
    properties = old.get("Properties", {}), new.get("Properties", {})
    changed = list(changed_immutable_properties(old["Type"], *properties))
    if not changed:
        return None
    surely = [fixed.name for fixed in changed if fixed.always]
    names = ", ".join(surely or [fixed.name for fixed in changed])
    return f"{names} cannot change in place" if surely else f"{names} may not change in place"


def _gone(logical_id: str, old: Resource, stack: str, after: Stacks) -> str:
    fate = _fate(old, LOSSES[old["Type"]])
    if stack not in after:
        return f"its stack is gone from the app; {fate}"
    name = physical_name(old)
    for other_stack, resources in after.items():
        for other, resource in resources.items():
            same = resource["Type"] == old["Type"] and physical_name(resource) == name
            if same and name is not None and (other_stack, other) != (stack, logical_id):
                where = other if other_stack == stack else f"{other} of {other_stack}"
                return f"the same name is now {where}, a new resource; {fate}"
    return f"it is gone from the template; {fate}"


def _fate(resource: Resource, loss: str) -> str:
    keeps = resource.get("DeletionPolicy") in _KEEPS
    return f"{loss} would stay behind, out of reach" if keeps else f"{loss} would be deleted"


def _switched_off(old: Resource, new: Resource) -> Iterator[str]:
    before, after = old.get("Properties", {}), new.get("Properties", {})
    for name, read in _PROTECTIONS.items():
        if read(before) and not read(after):
            yield f"{name} is switched off"


_PROTECTIONS: Mapping[str, Callable[[Resource], bool]] = {
    "deletion protection": lambda has: has.get("DeletionProtectionEnabled") is True,
    "point-in-time recovery": lambda has: (
        has.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled") is True
    ),
    "versioning": lambda has: has.get("VersioningConfiguration", {}).get("Status") == "Enabled",
}


def _refers(value: Any, logical_id: str) -> bool:
    match value:
        case {"Ref": name}:
            return bool(name == logical_id)
        case {"Fn::GetAtt": [name, _]}:
            return bool(name == logical_id)
        case dict():
            return any(_refers(item, logical_id) for item in value.values())
        case list():
            return any(_refers(item, logical_id) for item in value)
    return False
