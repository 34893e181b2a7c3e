"""One environment as typed, validated values; a bad file is refused whole, in plain words."""

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from cdk import config_rules as rules
from cdk.config_checks import refusals
from cdk.config_rules import Rule


class ConfigError(Exception):
    """An environment file is wrong. `problems` has one line each: given, allowed, where."""

    def __init__(self, problems: list[str]) -> None:
        """Keep the lines; the message shows them all."""
        super().__init__("\n".join(["The environment cannot be used as it is:", *problems]))
        self.problems = tuple(problems)


def _setting(rule: Rule, *, optional: bool = False) -> Any:
    if optional:
        return field(default=None, metadata={"rule": rule})
    return field(metadata={"rule": rule})


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """The VPC. Without NAT gateways the tasks reach AWS through interface endpoints alone."""

    cidr: str = _setting(rules.private_network())
    zones: int = _setting(rules.whole_number(2, 3))
    nat_gateways: int = _setting(rules.whole_number(0, 3))
    interface_endpoints: bool = _setting(rules.true_or_false())


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageConfig:
    """How long things are kept, in days. Uploads and results stay until somebody deletes them."""

    work_days: int = _setting(rules.whole_number(1, 365))
    old_version_days: int = _setting(rules.whole_number(1, 3650))
    access_log_days: int = _setting(rules.whole_number(1, 3650))
    log_retention_days: int = _setting(
        rules.one_of(*rules.LOG_RETENTION_DAYS, why="what CloudWatch Logs accepts")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueConfig:
    """The jobs queue."""

    visibility_timeout_seconds: int = _setting(rules.whole_number(6, 43200, "SQS allows 12 hours"))
    max_receive_count: int = _setting(
        rules.whole_number(5, 1000, "throttled Lambda invocations count as receives")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatcherConfig:
    """The Lambda function that turns messages into tasks."""

    timeout_seconds: int = _setting(
        rules.whole_number(
            15, 900, "a message is not begun with less than 8 s left; Lambda allows 15 minutes"
        )
    )
    memory_mib: int = _setting(rules.whole_number(128, 10240, "Lambda's bounds"))
    max_concurrency: int = _setting(rules.whole_number(2, 1000, "SQS event sources allow these"))
    claim_lease_seconds: int = _setting(rules.whole_number(10, 43200))
    log_level: str = _setting(rules.one_of("DEBUG", "INFO", "WARNING", "ERROR"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaperConfig:
    """The Lambda function that looks after jobs whose task died, hung or never started.

    `max_attempts` counts runs that reached a processor. `silence_seconds` is how long a processor,
    whose heart beats every half minute, may be silent before it counts as dead.
    `reserved_concurrency` keeps so many runs free for it and allows no more; left out, it shares
    the account's with all functions.
    """

    sweep_minutes: int = _setting(
        rules.whole_number(1, 10, "the doctor calls a job stuck after half an hour")
    )
    timeout_seconds: int = _setting(rules.whole_number(60, 900, "Lambda allows 15 minutes"))
    memory_mib: int = _setting(rules.whole_number(128, 10240, "Lambda's bounds"))
    reserved_concurrency: int | None = _setting(
        rules.whole_number(2, 100, "or left out: an account must keep 100 unreserved"),
        optional=True,
    )
    max_attempts: int = _setting(rules.whole_number(1, 10))
    silence_seconds: int = _setting(
        rules.whole_number(300, 1200, "the doctor calls a job stuck after half an hour")
    )
    log_level: str = _setting(rules.one_of("DEBUG", "INFO", "WARNING", "ERROR"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorConfig:
    """The task that processes one video."""

    cpu: int = _setting(rules.one_of(*rules.FARGATE_MEMORY_MIB, why="Fargate's sizes"))
    memory_mib: int = _setting(rules.whole_number(512, 122880, "Fargate's bounds"))
    ephemeral_storage_gib: int = _setting(rules.whole_number(21, 200, "Fargate's bounds"))
    architecture: str = _setting(rules.one_of("X86_64", "ARM64"))
    stop_timeout_seconds: int = _setting(
        rules.whole_number(2, 120, "Fargate kills a container after 120 s at the latest")
    )
    job_timeout_seconds: int = _setting(rules.whole_number(60, 86400))
    capacity_providers: tuple[str, ...] = _setting(
        rules.list_of(rules.one_of("FARGATE_SPOT", "FARGATE"), most=2, least=1)
    )
    image_tag: str = _setting(rules.IMAGE_TAG)
    asr_model: str = _setting(rules.MODEL)
    log_level: str = _setting(rules.one_of("DEBUG", "INFO", "WARNING", "ERROR"))


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmsConfig:
    """Whom alarms tell, and what counts as too much. Each address must confirm a first mail."""

    emails: tuple[str, ...] = _setting(rules.list_of(rules.EMAIL, most=20))
    oldest_message_seconds: int = _setting(rules.whole_number(60, 86400))
    put_backs_an_hour: int = _setting(rules.whole_number(1, 10000))


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentConfig:
    """All that differs between environments; `name` is the file's name without its ending.

    `retain_data`: buckets, tables, images and logs outlive their stacks. Without `account`
    and `region` the templates fit any account that they are deployed to.
    """

    name: str = _setting(rules.NAME)
    account: str | None = _setting(rules.ACCOUNT, optional=True)
    region: str | None = _setting(rules.REGION, optional=True)
    retain_data: bool = _setting(rules.true_or_false())
    launch: str = _setting(
        rules.one_of("on_demand", why="the pool of warm workers comes with its own stack")
    )
    container_insights: str = _setting(rules.one_of("enabled", "enhanced"))
    network: NetworkConfig
    storage: StorageConfig
    queue: QueueConfig
    dispatcher: DispatcherConfig
    reaper: ReaperConfig
    processor: ProcessorConfig
    alarms: AlarmsConfig


SECTIONS: dict[str, type[Any]] = {
    "network": NetworkConfig,
    "storage": StorageConfig,
    "queue": QueueConfig,
    "dispatcher": DispatcherConfig,
    "reaper": ReaperConfig,
    "processor": ProcessorConfig,
    "alarms": AlarmsConfig,
}


def load_environment(path: Path) -> EnvironmentConfig:
    """Read and validate `environments/<name>.toml`; raise `ConfigError` with every problem."""
    where = f"{path.parent.name}/{path.name}"
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError([f"{where}: there is no such file; create it or name another"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError([f"{where}: not a TOML file: {error}; correct it there"]) from None
    return parse_environment(path.stem, document, where=where)


def parse_environment(name: str, document: dict[str, Any], *, where: str) -> EnvironmentConfig:
    """Turn a parsed file into an environment; raise `ConfigError` with every problem.

    `where` is the file as a person knows it; it starts each problem's line.
    """
    reader = _Reader(where)
    if "name" in document:
        reader.problems.append(f"{where}: name is not a setting; the file's name is; remove it")
    reader.read("", EnvironmentConfig, {**_without_tables(document), "name": name})
    for section, kind in SECTIONS.items():
        table = document.get(section)
        if isinstance(table, dict):
            reader.read(f"{section}.", kind, table)
        else:
            reader.problems.append(f"{where}: the table [{section}] is missing; add it")
    reader.problems += [
        _line(where, refusal.key, refusal.given, refusal.allowed)
        for refusal in refusals(reader.values)
    ]
    if reader.problems:
        raise ConfigError(reader.problems)
    tables = {section: kind(**reader.within(f"{section}.")) for section, kind in SECTIONS.items()}
    return EnvironmentConfig(**reader.within(""), **tables)


class _Reader:
    """Collects accepted values by dotted key, and a line for each that is not."""

    def __init__(self, where: str) -> None:
        self._where = where
        self.values: dict[str, Any] = {}
        self.problems: list[str] = []

    def read(self, prefix: str, kind: type[Any], table: dict[str, Any]) -> None:
        known = {item.name: item for item in fields(kind) if "rule" in item.metadata}
        for key in table:
            if key not in known:
                self.problems.append(
                    f"{self._where}: {prefix}{key} is not a setting;"
                    f" allowed here: {', '.join(known)}; correct or remove it"
                )
        for key, item in known.items():
            rule: Rule = item.metadata["rule"]
            if key in table and rule.accepts(table[key]):
                value = table[key]
                self.values[prefix + key] = tuple(value) if isinstance(value, list) else value
            elif key in table:
                self.problems.append(_line(self._where, prefix + key, table[key], rule.allowed))
            elif item.default is None:
                self.values[prefix + key] = None
            else:
                self.problems.append(
                    f"{self._where}: {prefix}{key} is missing; allowed is {rule.allowed}; add it"
                )

    def within(self, prefix: str) -> dict[str, Any]:
        """Return the accepted values directly under a prefix, by their bare keys."""
        bare = {
            key.removeprefix(prefix): value
            for key, value in self.values.items()
            if key.startswith(prefix)
        }
        return {key: value for key, value in bare.items() if "." not in key}


def _without_tables(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in SECTIONS}


def _line(where: str, key: str, given: Any, allowed: str) -> str:
    change = "rename the file" if key == "name" else f"change {key} in {where}"
    return f"{where}: {key} = {given!r}; allowed is {allowed}; {change}"
