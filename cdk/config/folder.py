"""The folder of environment files: which to use, and what must hold between them."""

import ipaddress
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    ValidationError,
    ValidatorFunctionWrapHandler,
    field_validator,
)

from cdk.config.environment import EnvironmentConfig, load_environment
from cdk.config.problems import ConfigError, line
from cdk.config.values import AccountId, PrivateNetwork, Region, VpcId


class EnvironmentSummary(BaseModel):
    """What must not conflict between environments; what is wrong in a file is taken as left out."""

    model_config = ConfigDict(frozen=True)

    where: str
    name: str
    cidr: PrivateNetwork | None = None
    vpc_id: VpcId | None = None
    account: AccountId | None = None
    region: Region | None = None

    @field_validator("cidr", "vpc_id", "account", "region", mode="wrap")
    @classmethod
    def _ignore_wrong(cls, value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
        try:
            return validate(value)
        except ValidationError:
            return None

    def may_share_with(self, other: "EnvironmentSummary") -> bool:
        """Return whether both could be in one account and region."""
        pairs = ((self.account, other.account), (self.region, other.region))
        return all(None in pair or pair[0] == pair[1] for pair in pairs)


def load_environments(
    folder: Path,
    chosen: str | None,
    *,
    launch: str | None = None,
    service: Mapping[str, Any] | None = None,
) -> list[EnvironmentConfig]:
    """Return every environment of a folder, or the chosen one; raise `ConfigError`.

    `launch` and the settings in `service` override the files' own. Of files that were not chosen
    only names, accounts, regions and addresses are read: a mistake elsewhere in them does not
    matter.
    """
    paths = files(folder, chosen)
    environments = [load_environment(path, launch=launch, service=service) for path in paths]
    others = [path for path in files(folder, None) if path not in paths]
    problems = list(conflicts(map(summary_of, paths), map(summary_of, others)))
    if problems:
        raise ConfigError(problems)
    return environments


def files(folder: Path, chosen: str | None) -> list[Path]:
    """Return the environment files to use; raise `ConfigError` if there is none to choose."""
    existing = sorted(folder.glob("*.toml"), key=lambda path: path.stem)
    names = ", ".join(path.stem for path in existing) or "none"
    if not existing:
        raise ConfigError([f"{folder.name}/ has no .toml file; add one for each environment"])
    if chosen is None:
        return existing
    if chosen not in {path.stem for path in existing}:
        problem = f"environment = {chosen!r} was asked for; allowed is one of: {names};"
        remedy = f"add {folder.name}/{chosen}.toml or correct `-c environment=...`"
        raise ConfigError([f"{problem} {remedy}"])
    return [folder / f"{chosen}.toml"]


def summary_of(path: Path) -> EnvironmentSummary:
    """Return what a file, however wrong, says of its account, region and addresses."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        document = {}
    network = document.get("network")
    values = {**document, **(network if isinstance(network, dict) else {})}
    values |= {"where": f"{path.parent.name}/{path.name}", "name": path.stem}
    return EnvironmentSummary.model_validate(values)


def conflicts(
    using: Iterable[EnvironmentSummary], others: Iterable[EnvironmentSummary]
) -> Iterator[str]:
    """Yield a line for each two environments that cannot exist together.

    Pairs of `others` are not compared.
    """
    seen = list(others)
    for environment in using:
        for other in seen:
            yield from _overlap(environment, other)
            yield from _mistakable(environment, other)
        seen.append(environment)


def _overlap(environment: EnvironmentSummary, other: EnvironmentSummary) -> Iterator[str]:
    # Whatever the account: networks whose addresses overlap can never be connected.
    same = environment.vpc_id is not None and environment.vpc_id == other.vpc_id
    if environment.cidr is None or other.cidr is None or same:
        return
    if ipaddress.IPv4Network(environment.cidr).overlaps(ipaddress.IPv4Network(other.cidr)):
        allowed = (
            f"addresses that no other environment has: {other.where} has {other.cidr}"
            " (networks that overlap can never be connected)"
        )
        yield line(environment.where, "network.cidr", environment.cidr, allowed)


def _mistakable(environment: EnvironmentSummary, other: EnvironmentSummary) -> Iterator[str]:
    longer, shorter = sorted((environment.name, other.name), key=len, reverse=True)
    mistakable = longer.startswith(f"{shorter}-") or longer.endswith(f"-{shorter}")
    if mistakable and environment.may_share_with(other):
        allowed = (
            f"a name that is not {other.name!r} with more before or after it, while {other.where}"
            " may be in the same account and region (stacks, queues and alarms are distinguished by"
            " their names); or give both files an account and different regions"
        )
        yield line(environment.where, "name", environment.name, allowed)
