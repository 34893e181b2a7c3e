"""One environment file: its settings and tables, and the way from the file to the values."""

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from cdk.config import rules
from cdk.config.checks import refusals
from cdk.config.gpu import GpuConfig
from cdk.config.media import MediaConfig
from cdk.config.pool import PoolConfig
from cdk.config.reader import ConfigError, Reader, line
from cdk.config.sections import (
    AlarmsConfig,
    BackupConfig,
    BudgetConfig,
    ChatConfig,
    DispatcherConfig,
    EncryptionConfig,
    NetworkConfig,
    ObservabilityConfig,
    ProcessorConfig,
    QueueConfig,
    ReaperConfig,
    StorageConfig,
    UploadsConfig,
)
from cdk.config.settings import is_optional, setting, table, tables_of
from runtime.core.contract import Launch


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentConfig:
    """All that differs between environments; `name` is the file's name without its ending."""

    name: str = setting(rules.NAME, "the file's name without its ending, not a setting of its own")
    account: str | None = setting(
        rules.ACCOUNT, "the only account it may be deployed to; left out, any", optional=True
    )
    region: str | None = setting(
        rules.REGION, "the only region it may be deployed to; left out, any", optional=True
    )
    retain_data: bool = setting(
        rules.true_or_false(), "buckets, tables, images and logs outlive their stacks"
    )
    launch: str = setting(
        rules.one_of(*(way.value for way in Launch)),
        "how jobs are run: a task each, or by a pool of warm workers",
    )
    container_insights: str = setting(
        rules.one_of("enabled", "enhanced"), "how closely CloudWatch watches the containers"
    )
    network: NetworkConfig = field(metadata=table(NetworkConfig))
    storage: StorageConfig = field(metadata=table(StorageConfig))
    encryption: EncryptionConfig = field(metadata=table(EncryptionConfig))
    uploads: UploadsConfig = field(metadata=table(UploadsConfig))
    queue: QueueConfig = field(metadata=table(QueueConfig))
    dispatcher: DispatcherConfig = field(metadata=table(DispatcherConfig))
    reaper: ReaperConfig = field(metadata=table(ReaperConfig))
    processor: ProcessorConfig = field(metadata=table(ProcessorConfig))
    media: MediaConfig = field(metadata=table(MediaConfig))
    observability: ObservabilityConfig = field(metadata=table(ObservabilityConfig))
    alarms: AlarmsConfig = field(metadata=table(AlarmsConfig))
    backup: BackupConfig | None = field(default=None, metadata=table(BackupConfig))
    budget: BudgetConfig | None = field(default=None, metadata=table(BudgetConfig))
    chat: ChatConfig | None = field(default=None, metadata=table(ChatConfig))
    pool: PoolConfig | None = field(default=None, metadata=table(PoolConfig))
    gpu: GpuConfig | None = field(default=None, metadata=table(GpuConfig))

    @property
    def workers(self) -> PoolConfig | None:
        """The pool that is to be there: jobs are launched by it, or it still has some to do."""
        there = self.pool is not None and (self.launch == Launch.POOL or self.pool.standby)
        return self.pool if there else None


TABLES = tables_of(EnvironmentConfig)
_POOL_NEEDED = f"{Launch.ON_DEMAND} while there is no table [pool] (add one for a pool)"
OPTIONAL_TABLES = {item.name for item in fields(EnvironmentConfig) if is_optional(item)} & {*TABLES}


def load_environment(path: Path, *, launch: str | None = None) -> EnvironmentConfig:
    """Read and validate `environments/<name>.toml`; raise `ConfigError` with every problem.

    `launch` is used instead of the file's own.
    """
    where = f"{path.parent.name}/{path.name}"
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError([f"{where}: there is no such file; create it or name another"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError([f"{where}: not a TOML file: {error}; correct it there"]) from None
    if launch is not None:
        document["launch"] = launch
    return parse_environment(path.stem, document, where=where)


def parse_environment(name: str, document: dict[str, Any], *, where: str) -> EnvironmentConfig:
    """Turn a parsed file into an environment; raise `ConfigError` with every problem.

    `where` is the file as a person knows it; it starts each problem's line.
    """
    reader = Reader(where)
    if "name" in document:
        reader.problems.append(f"{where}: name is not a setting; the file's name is; remove it")
    reader.read("", EnvironmentConfig, {**_without_tables(document), "name": name})
    for section, kind in TABLES.items():
        given = document.get(section)
        if isinstance(given, dict):
            reader.read(f"{section}.", kind, given)
        elif section not in OPTIONAL_TABLES or section in document:
            reader.problems.append(f"{where}: the table [{section}] is missing; add it")
    if reader.values.get("launch") == Launch.POOL and "pool" not in document:
        reader.problems.append(line(where, "launch", Launch.POOL.value, _POOL_NEEDED))
    reader.problems += [
        line(where, refusal.key, refusal.given, refusal.allowed)
        for refusal in refusals(reader.values)
    ]
    if reader.problems:
        raise ConfigError(reader.problems)
    tables = {
        section: kind(**reader.within(f"{section}."))
        for section, kind in TABLES.items()
        if section in document
    }
    return EnvironmentConfig(**reader.within(""), **tables)


def _without_tables(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in TABLES}
