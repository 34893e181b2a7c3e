"""The graph to draw: boxes in groups, and labelled arrows between them."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from cdk.assembly import StackTemplate
from scripts.architecture.references import References, ResourceKey, reached, text
from scripts.architecture.spec import ArrowSpec, BoxSpec, DrawingSpec, PeopleSpec

KEY = "AWS::KMS::Key"
OUTSIDE = ""
"""The group of people, which is no stack."""

ACRONYMS = {"nat": "NAT"}
HASH = re.compile("[0-9A-F]{8}$")
WORDS = re.compile("[A-Z][a-z0-9]*|[a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A resource, or several together; `sealed` if it is encrypted by a key of the environment."""

    name: str
    group: str
    title: str
    kind: str
    family: str
    note: str = ""
    sealed: bool = False
    processes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """What flows from a box to another, and `back`."""

    source: str
    target: str
    labels: tuple[str, ...]
    back: bool = False

    @property
    def text(self) -> str:
        """What is written at it."""
        return ", ".join(self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Boxes by their names, in order, and arrows between boxes that exist."""

    boxes: Mapping[str, Box]
    arrows: tuple[Arrow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flow:
    """An arrow between resources, before resources become boxes."""

    source: ResourceKey
    target: ResourceKey
    label: str
    backward: bool = False
    fold: str | None = None
    beyond: int = 0
    declared: bool = True


def graph_of(stacks: Sequence[StackTemplate], spec: DrawingSpec) -> Graph:
    """Return the graph of one environment's stacks."""
    return _Drawing(stacks, spec).graph()


class _Drawing:
    def __init__(self, stacks: Sequence[StackTemplate], spec: DrawingSpec) -> None:
        self._spec = spec
        names = {kind: each.name for kind, each in spec.types.items() if each.name}
        self._references = References(stacks, names)
        self._resources = self._references.resources
        self._members: dict[str, list[ResourceKey]] = {}
        for key, resource in self._resources.items():
            if resource["Type"] in spec.types:
                self._members.setdefault(self._box_of(key), []).append(key)
        self._box = {key: name for name, keys in self._members.items() for key in keys}

    def graph(self) -> Graph:
        boxes = {name: self._drawn_box(name, keys) for name, keys in self._members.items()}
        flows = list(self._through([*self._connected(), *self._granted()]))
        folded = self._folded(flows)
        for name, note in folded.items():
            boxes[name] = replace(boxes[name], note=note)
        arrows = self._arrows(f for f in flows if not (f.fold and self._box[f.target] in folded))
        people = [self._beside(each) for each in self._spec.people]
        for person, beside in people:
            boxes.update({person.name: person} if beside else {})
            arrows += beside
        return Graph(boxes=boxes, arrows=tuple(arrows))

    # Boxes

    def _box_of(self, key: ResourceKey) -> str:
        kind = self._kind(key)
        if kind.together:
            return f"{key.stack}/{self._filled(kind.together, key, count='{count}')}"
        return f"{key.stack}/{key.logical_id}"

    def _drawn_box(self, name: str, keys: Sequence[ResourceKey]) -> Box:
        first, kind = keys[0], self._kind(keys[0])
        return Box(
            name=name,
            group=first.stack,
            title=self._title(keys),
            kind=kind.kind,
            family=kind.family,
            note=self._note(kind, keys),
            processes=kind.processes,
            sealed=any(self._is_sealed(key) for key in keys),
        )

    def _title(self, keys: Sequence[ResourceKey]) -> str:
        first, kind = keys[0], self._kind(keys[0])
        if kind.together:
            return counted(self._filled(kind.together, first, count="") or "", len(keys))
        return kind.title or titled(first.logical_id, kind.less)

    def _note(self, kind: BoxSpec, keys: Sequence[ResourceKey]) -> str:
        if kind.each:
            found = (text(reached(self._properties(key), kind.each)) for key in keys)
            return ", ".join(dict.fromkeys(each.rpartition("}.")[2] for each in found))
        return self._filled(kind.note or "", keys[0]) or ""

    def _is_sealed(self, key: ResourceKey) -> bool:
        used = self._references.of(key.stack, self._properties(key))
        return any(self._resources[other]["Type"] == KEY for other in used)

    # Arrows

    def _connected(self) -> Iterator[_Flow]:
        for key, resource in self._resources.items():
            for connection in self._spec.connections:
                if connection.type == resource["Type"]:
                    yield from self._flows(key, connection)

    def _flows(self, key: ResourceKey, connection: ArrowSpec) -> Iterator[_Flow]:
        label = self._filled(connection.label, key) or ""
        sources = self._ends(key, connection.source, connection.of)
        targets = self._ends(key, connection.target, connection.of)
        for source, target in product(sources, targets):
            yield _Flow(
                source=source,
                target=target,
                label=label,
                fold=connection.fold,
                beyond=connection.beyond,
            )

    def _ends(self, key: ResourceKey, path: str, of: str | None) -> list[ResourceKey]:
        if not path:
            return [key]
        found = self._references.of(key.stack, reached(self._properties(key), path))
        return [each for each in found if of in (None, self._resources[each]["Type"])]

    def _granted(self) -> Iterator[_Flow]:
        for key, resource in self._resources.items():
            if resource["Type"] == "AWS::IAM::Policy":
                roles = self._references.of(key.stack, reached(self._properties(key), "Roles"))
                owners = [owner for owner in self._box if self._has_any(owner, roles)]
                for statement in reached(self._properties(key), "PolicyDocument.Statement"):
                    yield from self._allowed(key.stack, owners, statement)

    def _allowed(
        self, stack: str, owners: Sequence[ResourceKey], statement: Mapping[str, Any]
    ) -> Iterator[_Flow]:
        actions = statement["Action"]
        resources = self._references.of(stack, statement["Resource"])
        for action in [actions] if isinstance(actions, str) else actions:
            if grant := self._spec.grants.get(action):
                for owner, resource in product(owners, resources):
                    yield _Flow(
                        source=owner,
                        target=resource,
                        label=grant.label,
                        backward=grant.to_role,
                        declared=False,
                    )

    def _has_any(self, owner: ResourceKey, roles: Sequence[ResourceKey]) -> bool:
        return bool(set(roles) & set(self._references.of(owner.stack, self._properties(owner))))

    def _through(self, flows: Sequence[_Flow]) -> Iterator[_Flow]:
        """Yield flows between what is drawn; what is not drawn passes on what it gets."""
        for flow in flows:
            if flow.source in self._box and flow.target in self._box:
                yield flow
            elif flow.source in self._box:
                onward = (on.target for on in flows if on.source == flow.target)
                yield from (replace(flow, target=end) for end in onward if end in self._box)

    def _folded(self, flows: Sequence[_Flow]) -> dict[str, str]:
        sources: dict[tuple[str, str, int], list[str]] = {}
        for flow in flows:
            if flow.fold:
                end = (self._box[flow.target], flow.fold, flow.beyond)
                sources.setdefault(end, []).append(self._box[flow.source])
        notes = {}
        for (name, fold, beyond), found in sources.items():
            boxes = dict.fromkeys(found)
            if len(boxes) > beyond:
                titles = [self._title(self._members[box]) for box in boxes]
                notes[name] = fold.format(count=len(boxes), names=", ".join(titles))
        return notes

    def _arrows(self, flows: Iterable[_Flow]) -> list[Arrow]:
        found: dict[tuple[str, str], list[_Flow]] = {}
        for flow in flows:
            ends = (self._box[flow.source], self._box[flow.target])
            same = found.get(ends[::-1])
            if same is not None:
                same.append(replace(flow, backward=not flow.backward))
            elif ends[0] != ends[1]:
                found.setdefault(ends, []).append(flow)
        return [self._arrow(*ends, together) for ends, together in found.items()]

    def _arrow(self, source: str, target: str, flows: Sequence[_Flow]) -> Arrow:
        # What a resource declares says more than the right that goes with it.
        declared = [flow for flow in flows if flow.declared] or flows
        labels = tuple(dict.fromkeys(flow.label for flow in declared))
        ways = {flow.backward for flow in flows}
        if ways == {True}:
            return Arrow(source=target, target=source, labels=labels)
        return Arrow(source=source, target=target, labels=labels, back=len(ways) > 1)

    # PeopleSpec

    def _beside(self, people: PeopleSpec) -> tuple[Box, list[Arrow]]:
        name = f"{OUTSIDE}/{people.title}"
        box = Box(name=name, group=OUTSIDE, title=people.title, kind=people.kind, family="people")
        arrows = []
        for key, drawn_as in self._box.items():
            if self._resources[key]["Type"] == people.type and (
                reached(self._properties(key), people.having) is not None
            ):
                source, target = (name, drawn_as) if people.gives else (drawn_as, name)
                back = people.gives and people.takes
                arrows.append(
                    Arrow(source=source, target=target, labels=(people.label,), back=back)
                )
        return box, arrows

    # Resources

    def _kind(self, key: ResourceKey) -> BoxSpec:
        return self._spec.types[self._resources[key]["Type"]]

    def _properties(self, key: ResourceKey) -> Any:
        return self._resources[key].get("Properties", {})

    def _filled(self, template: str, key: ResourceKey, **also: str) -> str | None:
        """Return a text with properties in it, or None if the resource lacks one."""
        kind = self._spec.types.get(self._resources[key]["Type"])
        parts = []
        for index, part in enumerate(re.split(r"\{([^}]+)\}", template)):
            value = also.get(part, reached(self._properties(key), part)) if index % 2 else part
            if value is None:
                return None
            factor = kind.scale.get(part) if kind else None
            parts.append(f"{float(text(value)) / factor:g}" if factor else text(value))
        return "".join(parts)


def titled(logical_id: str, less: Iterable[str] = ()) -> str:
    """Return a logical id as words, without CDK's hash and an ending that says nothing."""
    name = HASH.sub("", logical_id)
    for ending in less:
        name = name.removesuffix(ending) or name
    return " ".join(WORDS.findall(name)).capitalize()


def counted(title: str, count: int) -> str:
    """Return a title in the plural as the number of things that it names."""
    words = " ".join(ACRONYMS.get(word, word) for word in title.lower().split())
    return f"{count} {words.removesuffix('s') if count == 1 else words}"
