"""The folder of environment files: which to use, and what must hold between them."""

import ipaddress
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cdk.config import rules
from cdk.config.environment import EnvironmentConfig, load_environment
from cdk.config.reader import ConfigError, line


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an environment is, as far as its file can be read."""

    where: str
    name: str
    cidr: str | None
    vpc_id: str | None
    account: str | None
    region: str | None

    def may_share_with(self, other: "Place") -> bool:
        """Tell whether both could be in one account and region."""
        accounts, regions = {self.account, other.account}, {self.region, other.region}
        return all(len(given) == 1 or None in given for given in (accounts, regions))


def load_environments(
    folder: Path, chosen: str | None, *, launch: str | None = None
) -> list[EnvironmentConfig]:
    """Return every environment of a folder, or the chosen one; raise `ConfigError`.

    `launch` is used instead of the files' own. Of files that were not chosen only names, places
    and addresses are looked at: a mistake elsewhere in them does not stand in the way.
    """
    paths = files(folder, chosen)
    environments = [load_environment(path, launch=launch) for path in paths]
    places = {path: place_of(path) for path in files(folder, None)}
    using = [places[path] for path in paths]
    problems = list(conflicts(using, [place for place in places.values() if place not in using]))
    if problems:
        raise ConfigError(problems)
    return environments


def files(folder: Path, chosen: str | None) -> list[Path]:
    """Return the environment files to use; raise `ConfigError` if there is none to choose."""
    there = sorted(folder.glob("*.toml"), key=lambda path: path.stem)
    names = ", ".join(path.stem for path in there) or "none"
    if not there:
        raise ConfigError([f"{folder.name}/ has no .toml file; add one for each environment"])
    if chosen is None:
        return there
    if chosen not in {path.stem for path in there}:
        problem = f"environment = {chosen!r} was asked for; allowed is one of: {names};"
        remedy = f"add {folder.name}/{chosen}.toml or correct `-c environment=...`"
        raise ConfigError([f"{problem} {remedy}"])
    return [folder / f"{chosen}.toml"]


def place_of(path: Path) -> Place:
    """Read where an environment is; what is unreadable or wrong there is taken as left out."""
    try:
        document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        document = {}
    network = document.get("network")
    within = network if isinstance(network, dict) else {}

    def right(rule: rules.Rule, value: Any) -> str | None:
        return str(value) if rule.accepts(value) else None

    return Place(
        where=f"{path.parent.name}/{path.name}",
        name=path.stem,
        cidr=right(rules.private_network(), within.get("cidr")),
        vpc_id=right(rules.VPC, within.get("vpc_id")),
        account=right(rules.ACCOUNT, document.get("account")),
        region=right(rules.REGION, document.get("region")),
    )


def conflicts(using: list[Place], others: Iterable[Place]) -> Iterator[str]:
    """Yield a line for each two environments that cannot be there together.

    Pairs of `others` are nobody's business now.
    """
    seen = list(others)
    for place in using:
        for other in seen:
            yield from _overlap(place, other)
            yield from _mistakable(place, other)
        seen.append(place)


def _overlap(place: Place, other: Place) -> Iterator[str]:
    # Whatever the account: networks whose addresses overlap can never be connected.
    same = place.vpc_id is not None and place.vpc_id == other.vpc_id
    if place.cidr is None or other.cidr is None or same:
        return
    if ipaddress.IPv4Network(place.cidr).overlaps(ipaddress.IPv4Network(other.cidr)):
        allowed = (
            f"addresses that no other environment has: {other.where} has {other.cidr}"
            " (networks that overlap can never be connected)"
        )
        yield line(place.where, "network.cidr", place.cidr, allowed)


def _mistakable(place: Place, other: Place) -> Iterator[str]:
    longer, shorter = sorted((place.name, other.name), key=len, reverse=True)
    mistakable = longer.startswith(f"{shorter}-") or longer.endswith(f"-{shorter}")
    if mistakable and place.may_share_with(other):
        allowed = (
            f"a name that is not {other.name!r} with more before or after it, while {other.where}"
            " may be in the same account and region (stacks, queues and alarms are told apart by"
            " their names); or give both files an account and different regions"
        )
        yield line(place.where, "name", place.name, allowed)
