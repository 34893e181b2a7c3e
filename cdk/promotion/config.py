"""`promotion.toml` as typed, validated values; a wrong file is refused with every problem."""

from collections.abc import Mapping
from itertools import groupby
from math import ceil
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, Strict
from pydantic.json_schema import SkipJsonSchema

from cdk.config import EnvironmentConfig
from cdk.config.problems import read_toml, validated
from cdk.config.settings import Settings, Violation, Violations, rule, whole
from cdk.config.values import AccountId, Region, text

Repository = Annotated[
    str,
    text("[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}", "owner/name, as GitHub has it"),
]
GithubId = Annotated[str, text("[0-9]{1,20}", "digits in quotes, as GitHub's API gives them")]
Branch = Annotated[str, text("[A-Za-z0-9][A-Za-z0-9._/-]{0,100}", "the name of a branch")]
ConnectionArn = Annotated[
    str,
    text(
        "arn:aws[a-z-]*:code(connections|star-connections):[a-z0-9-]+:[0-9]{12}:connection/[0-9a-f-]{36}",
        "the ARN of a connection: arn:aws:codeconnections:REGION:ACCOUNT:connection/ID",
    ),
]
SecretName = Annotated[
    str, text("[A-Za-z0-9/_+=.@-]{1,512}", "the name of a secret in Secrets Manager")
]


WaveName = Annotated[
    str,
    text("[a-z][a-z0-9-]{0,30}", "lower-case letters, digits and hyphens, such as later-regions"),
]

_HOUR = 3600
_MOST_IN_A_WAVE = 4
"""A stage of CodePipeline has at most 100 actions; an environment takes up to 22 of them."""


class PipelineConfig(Settings):
    """CDK Pipelines in the account of releases."""

    connection_arn: ConnectionArn
    """The connection to the repository's host, made by hand in the console."""
    hub_token_secret: SecretName | None = None
    """A secret that holds the token of the model hub; left out, PyPI's models are used."""


class StageConfig(Settings):
    """One environment on the way."""

    environment: Annotated[str, text(".+", "the name of a file of environments/")]
    """An environment that has a file."""
    proof: Literal["smoke", "full"]
    """What is proven once it is deployed, before the next stage."""
    approval: bool
    """Whether a person must approve it first."""
    wave: WaveName | None = None
    """A name that stages next to each other share: they are deployed at the same time, with one
    approval, such as the regions that follow a first one."""


class PromotionConfig(Settings):
    """Where from, where, and by which stages."""

    environments: SkipJsonSchema[Mapping[str, EnvironmentConfig]] = Field(
        description="the folder environments/"
    )
    repository: Repository
    """The repository of the sources."""
    branch: Branch
    """The branch that is promoted."""
    account: AccountId
    """Where images are released and the pipeline lives."""
    region: Region
    """Where images are released and the pipeline lives."""
    github: bool
    """Whether GitHub's workflows may promote."""
    github_owner_id: GithubId | None = None
    """The id of the repository's owner: `gh api repos/OWNER/NAME --jq .owner.id`. Repositories that
    were created, renamed or transferred since 15 July 2026 send it in a token's subject."""
    github_repository_id: GithubId | None = None
    """The id of the repository: `gh api repos/OWNER/NAME --jq .id`."""
    github_provider_exists: bool = False
    """Whether the accounts have GitHub's identity provider already, of which each can have one."""
    session_hours: int = whole(1, 12, "IAM's bounds", default=4)
    """How long credentials of a stage last: longer than its deployment, which waits for workers."""
    pipeline: PipelineConfig | None = None
    stages: Annotated[tuple[StageConfig, ...], Strict(strict=False)] = Field(
        alias="stage",
        min_length=1,
        json_schema_extra={"allowed": "a table [[stage]] for each environment, in order"},
    )
    """The environments, in order."""

    @rule()
    def _something_promotes(self) -> Violations:
        if not self.github and self.pipeline is None:
            yield "nothing promotes; set github = true or add the table [pipeline]"

    @rule()
    def _both_ids_or_none(self) -> Violations:
        for key, given, other in (
            ("github_owner_id", self.github_owner_id, self.github_repository_id),
            ("github_repository_id", self.github_repository_id, self.github_owner_id),
        ):
            if given is None and other is not None:
                yield Violation(key, "the id, because the other of the two is given")

    @rule("pipeline.connection_arn")
    def _connection_is_the_pipelines(self) -> Violations:
        if self.pipeline is None:
            return
        if self.pipeline.connection_arn.split(":")[3:5] != [self.region, self.account]:
            yield f"a connection in {self.region} of {self.account}, where the pipeline is"

    @rule()
    def _each_environment_once(self) -> Violations:
        seen = set()
        for number, stage in enumerate(self.stages):
            if stage.environment in seen:
                yield Violation(f"stage.{number}.environment", "each environment once")
            seen.add(stage.environment)

    @rule()
    def _waves_are_whole(self) -> Violations:
        for number, stage in enumerate(self.stages):
            if stage.wave is None:
                continue
            before = [each for each in self.stages[:number] if each.wave == stage.wave]
            if before and self.stages[number - 1].wave != stage.wave:
                yield Violation(f"stage.{number}.wave", "next to the other stages of its wave")
            if before and before[0].approval != stage.approval:
                yield Violation(
                    f"stage.{number}.approval",
                    f"{str(before[0].approval).lower()}, as in the rest of the wave {stage.wave}"
                    " (a wave has one approval)",
                )
            if len(before) == _MOST_IN_A_WAVE:
                yield Violation(
                    f"stage.{number}.wave",
                    f"at most {_MOST_IN_A_WAVE} stages in a wave (CodePipeline limits actions)",
                )

    @rule()
    def _environments_have_files(self) -> Violations:
        names = ", ".join(sorted(self.environments))
        for number, stage in enumerate(self.stages):
            if stage.environment not in self.environments:
                yield Violation(f"stage.{number}.environment", f"one of {names}")

    @rule()
    def _nothing_overtakes_an_approval(self) -> Violations:
        approved = False
        for number, stage in enumerate(self.stages):
            if approved and not stage.approval:
                yield Violation(
                    f"stage.{number}.approval",
                    "true after a stage that a person approves (nothing overtakes an approval)",
                )
            approved = approved or stage.approval

    @rule()
    def _retained_data_is_approved(self) -> Violations:
        for number, stage in enumerate(self.stages):
            environment = self.environments.get(stage.environment)
            if environment and environment.retain_data and not stage.approval:
                yield Violation(
                    f"stage.{number}.approval",
                    f"true: {stage.environment} retains its data (retain_data), so a person"
                    " looks first",
                )

    @rule("session_hours")
    def _credentials_outlast_deployments(self) -> Violations:
        for environment in self._promoted():
            hours = ceil(_longest_deployment(environment) / _HOUR)
            if self.session_hours < hours:
                yield (
                    f"at least {hours}: a deployment of {environment.name} may wait for a job of"
                    " a worker"
                )

    @rule()
    def _one_image_for_all(self) -> Violations:
        built = {environment.processor.architecture for environment in self._promoted()}
        if len(built) > 1:
            yield (
                f"the stages run images of {' and '.join(sorted(built))}; one image is promoted"
                " through all: set the same processor.architecture in their files"
            )

    @rule()
    def _all_pinned_or_none(self) -> Violations:
        pinned = [environment.account is not None for environment in self._promoted()]
        for environment in self._promoted():
            if any(pinned) and environment.account is None:
                yield (
                    f"{environment.name} may be deployed anywhere while others are pinned;"
                    f" set account and region in environments/{environment.name}.toml"
                )

    @property
    def waves(self) -> list[tuple[StageConfig, ...]]:
        """The stages that are deployed at the same time, in order; most are alone."""
        return [
            tuple(stages)
            for _, stages in groupby(self.stages, key=lambda stage: stage.wave or stage.environment)
        ]

    def github_subjects(self, context: str) -> list[str]:
        """Return the subjects of tokens that GitHub issues for a context, with and without ids."""
        subjects = [f"repo:{self.repository}:{context}"]
        if self.github_owner_id and self.github_repository_id:
            owner, _, name = self.repository.partition("/")
            repository = f"{owner}@{self.github_owner_id}/{name}@{self.github_repository_id}"
            subjects.append(f"repo:{repository}:{context}")
        return subjects

    def _promoted(self) -> list[EnvironmentConfig]:
        names = dict.fromkeys(stage.environment for stage in self.stages)
        return [self.environments[name] for name in names if name in self.environments]


def _longest_deployment(environment: EnvironmentConfig) -> int:
    """Return the seconds that a deployment may take: the longest job of a worker, and the rest."""
    workers = (environment.workers, environment.gpu)
    return _HOUR + max((pool.job_timeout_seconds for pool in workers if pool), default=0)


def load_promotion(path: Path, environments: Mapping[str, EnvironmentConfig]) -> PromotionConfig:
    """Return the way to production from `promotion.toml`; raise `ConfigError`."""
    return parse_promotion(read_toml(path, path.name), environments, where=path.name)


def parse_promotion(
    document: Mapping[str, Any], environments: Mapping[str, EnvironmentConfig], *, where: str
) -> PromotionConfig:
    """Return the way to production from a file's content; raise `ConfigError`."""
    return validated(PromotionConfig, document, where=where, environments=environments)
