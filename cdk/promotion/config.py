"""`promotion.toml` as typed, validated values; a bad file is refused whole, in plain words."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cdk.config import ConfigError, EnvironmentConfig, rules
from cdk.config.reader import Reader, line
from cdk.config.settings import setting, table

REPOSITORY = rules.text(
    r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}", "owner/name, as GitHub has it"
)
BRANCH = rules.text(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,100}", "the name of a branch")
ACCOUNT = rules.text(r"\d{12}", "12 digits in quotes")
REGION = rules.text(r"[a-z]{2}(-[a-z]+)+-\d", "an AWS region such as us-east-1 in quotes")
CONNECTION = rules.text(
    r"arn:aws[a-z-]*:code(connections|star-connections):[a-z0-9-]+:\d{12}:connection/[0-9a-f-]{36}",
    "the ARN of a connection: arn:aws:codeconnections:REGION:ACCOUNT:connection/ID",
)
SECRET = rules.text(r"[A-Za-z0-9/_+=.@-]{1,512}", "the name of a secret in Secrets Manager")


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineConfig:
    """CDK Pipelines in the account of releases."""

    connection_arn: str = setting(
        CONNECTION, "the connection to the repository's host, made by hand in the console"
    )
    hub_token_secret: str | None = setting(
        SECRET,
        "a secret that holds the token of the model hub; left out, PyPI's models are used",
        optional=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StageConfig:
    """One environment on the way."""

    environment: str = setting(rules.NAME, "an environment that has a file")
    proof: str = setting(
        rules.one_of("smoke", "full"), "what is proven once it is deployed, before the next stage"
    )
    approval: bool = setting(rules.true_or_false(), "whether a person must approve it first")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionConfig:
    """Where from, where, and by which stages."""

    repository: str = setting(REPOSITORY, "the repository of the sources")
    branch: str = setting(BRANCH, "the branch that is promoted")
    account: str = setting(ACCOUNT, "where images are released and the pipeline lives")
    region: str = setting(REGION, "where images are released and the pipeline lives")
    github: bool = setting(rules.true_or_false(), "whether GitHub's workflows may promote")
    pipeline: PipelineConfig | None = field(default=None, metadata=table(PipelineConfig))
    stages: tuple[StageConfig, ...] = ()


def load_promotion(path: Path, environments: Mapping[str, EnvironmentConfig]) -> PromotionConfig:
    """Read and validate the file against the environments; raise `ConfigError`."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError([f"{path.name}: there is no such file"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path.name}: not a TOML file: {error}; correct it there"]) from None
    return parse_promotion(document, environments, where=path.name)


def parse_promotion(
    document: Mapping[str, Any], environments: Mapping[str, EnvironmentConfig], *, where: str
) -> PromotionConfig:
    """Turn a parsed file into a promotion; raise `ConfigError` with every problem."""
    reader = Reader(where)
    given = {key: value for key, value in document.items() if key not in {"pipeline", "stage"}}
    reader.read("", PromotionConfig, given)
    pipeline = document.get("pipeline")
    if pipeline is not None:
        reader.read("pipeline.", PipelineConfig, pipeline)
    tables: Sequence[dict[str, Any]] = document.get("stage", [])
    for number, each in enumerate(tables, start=1):
        reader.read(f"stage {number}: ", StageConfig, each)
    if reader.problems:
        raise ConfigError(reader.problems)
    config = PromotionConfig(
        **{key: value for key, value in reader.values.items() if key in given},
        pipeline=PipelineConfig(**pipeline) if pipeline is not None else None,
        stages=tuple(StageConfig(**each) for each in tables),
    )
    if problems := list(_together(config, environments, where)):
        raise ConfigError(problems)
    return config


def _together(
    config: PromotionConfig, environments: Mapping[str, EnvironmentConfig], where: str
) -> Iterator[str]:
    """Yield what is right one by one and wrong together."""
    if not config.stages:
        yield f"{where}: there is no [[stage]]; add one for each environment, in their order"
    if not config.github and config.pipeline is None:
        yield f"{where}: nobody promotes; set github = true or add the table [pipeline]"
    if config.pipeline is not None:
        place = config.pipeline.connection_arn.split(":")[3:5]
        if place != [config.region, config.account]:
            allowed = f"a connection in {config.region} of {config.account}, the pipeline's place"
            yield line(where, "pipeline.connection_arn", config.pipeline.connection_arn, allowed)
    yield from _stages(config, environments, where)


def _stages(
    config: PromotionConfig, environments: Mapping[str, EnvironmentConfig], where: str
) -> Iterator[str]:
    names = [stage.environment for stage in config.stages]
    approved = False
    for number, stage in enumerate(config.stages, start=1):
        key, name = f"stage {number}: environment", stage.environment
        if names.index(name) < number - 1:
            yield line(where, key, name, "each environment once")
        if name not in environments:
            yield line(where, key, name, f"one of {', '.join(sorted(environments))}")
            continue
        if approved and not stage.approval:
            allowed = "true after a stage that a person approves (nothing overtakes an approval)"
            yield line(where, f"stage {number}: approval", stage.approval, allowed)
        if environments[name].retain_data and not stage.approval:
            allowed = f"true: {name} retains its data (retain_data), so a person looks first"
            yield line(where, f"stage {number}: approval", stage.approval, allowed)
        approved = approved or stage.approval
    known = [environments[name] for name in names if name in environments]
    built = {environment.processor.architecture for environment in known}
    if len(built) > 1:
        yield (
            f"{where}: the stages run images of {' and '.join(sorted(built))}; one image is"
            " promoted through all: set the same processor.architecture in their files"
        )
    for environment in known:
        if environment.account is None and len(known) > 1 and any(e.account for e in known):
            yield (
                f"{where}: {environment.name} may be deployed anywhere while others are pinned;"
                f" set account and region in environments/{environment.name}.toml"
            )
