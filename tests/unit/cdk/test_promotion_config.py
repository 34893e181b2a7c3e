"""A wrong promotion.toml is refused in words that say what, why and where."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from cdk.config import ConfigError, EnvironmentConfig, load_environment
from cdk.promotion.config import load_promotion, parse_promotion
from runtime.core.contract import Launch

ROOT = Path(__file__).resolve().parents[3]
WHERE = "promotion.toml"


@pytest.fixture
def environments() -> dict[str, EnvironmentConfig]:
    return {path.stem: load_environment(path) for path in (ROOT / "environments").glob("*.toml")}


@pytest.fixture
def document() -> dict[str, Any]:
    """Return a right file's content."""
    return tomllib.loads((ROOT / WHERE).read_text())


def test_should_accept_the_repositorys_own(environments: dict[str, EnvironmentConfig]) -> None:
    config = load_promotion(ROOT / WHERE, environments)

    assert [stage.environment for stage in config.stages] == ["dev", "staging", "prod"]
    assert [stage.proof for stage in config.stages] == ["smoke", "full", "smoke"]
    assert [stage.approval for stage in config.stages] == [False, False, True]


def test_should_do_without_a_pipeline_where_github_promotes(
    environments: dict[str, EnvironmentConfig], document: dict[str, Any]
) -> None:
    del document["pipeline"]

    assert parse_promotion(document, environments, where=WHERE).pipeline is None


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("repository", "lifestream", "allowed is owner/name, as GitHub has it"),
        ("branch", "", "allowed is the name of a branch"),
        ("account", 111122223333, "allowed is 12 digits in quotes"),
        ("region", "Ireland", "allowed is an AWS region"),
        ("github", "yes", "allowed is true or false"),
        ("team", "any", "team is not a setting; allowed here: repository, branch"),
    ],
)
def test_should_refuse_a_wrong_setting(
    environments: dict[str, EnvironmentConfig],
    document: dict[str, Any],
    key: str,
    value: Any,
    words: str,
) -> None:
    document[key] = value

    refused(document, environments, words)


@pytest.mark.parametrize(
    ("arn", "words"),
    [
        ("any", "allowed is the ARN of a connection"),
        (
            "arn:aws:codeconnections:us-east-1:111122223333:connection/01234567-89ab-cdef-0123-456789abcdef",
            "a connection in eu-west-1 of 111122223333, where the pipeline is",
        ),
        (
            "arn:aws:codeconnections:eu-west-1:444455556666:connection/01234567-89ab-cdef-0123-456789abcdef",
            "a connection in eu-west-1 of 111122223333, where the pipeline is",
        ),
    ],
)
def test_should_refuse_a_connection_from_elsewhere(
    environments: dict[str, EnvironmentConfig], document: dict[str, Any], arn: str, words: str
) -> None:
    document["pipeline"]["connection_arn"] = arn

    refused(document, environments, words)


@pytest.mark.parametrize(
    ("number", "key", "value", "words"),
    [
        (1, "environment", "qa", "stage 2: environment = 'qa'; allowed is one of dev, prod, stag"),
        (1, "environment", "dev", "stage 2: environment = 'dev'; allowed is each environment once"),
        (1, "proof", "none", "stage 2: proof = 'none'; allowed is one of smoke, full"),
        (0, "approval", "no", "stage 1: approval = 'no'; allowed is true or false"),
        (2, "approval", False, "true: prod retains its data (retain_data), so a person looks"),
        (0, "approval", True, "stage 2: approval = False; allowed is true after a stage that a"),
        (0, "manual", True, "stage 1: manual is not a setting"),
    ],
)
def test_should_refuse_a_wrong_stage(
    environments: dict[str, EnvironmentConfig],
    document: dict[str, Any],
    number: int,
    key: str,
    value: Any,
    words: str,
) -> None:
    document["stage"][number][key] = value

    refused(document, environments, words)


def in_waves(document: dict[str, Any], *waves: str | None) -> None:
    for stage, wave in zip(document["stage"], waves, strict=True):
        if wave is not None:
            stage["wave"] = wave


def test_should_put_stages_of_one_wave_together(
    environments: dict[str, EnvironmentConfig], document: dict[str, Any]
) -> None:
    in_waves(document, "trial", "trial", None)

    waves = parse_promotion(document, environments, where=WHERE).waves

    assert [[stage.environment for stage in wave] for wave in waves] == [
        ["dev", "staging"],
        ["prod"],
    ]


@pytest.mark.parametrize(
    ("waves", "words"),
    [
        (("any", None, "any"), "stage 3: wave = 'any'; allowed is next to the other stages"),
        ((None, "any", "any"), "stage 3: approval = True; allowed is false, as in the rest"),
        (("Any", None, None), "stage 1: wave = 'Any'; allowed is lower-case letters"),
    ],
)
def test_should_refuse_a_wave_that_is_none(
    environments: dict[str, EnvironmentConfig],
    document: dict[str, Any],
    waves: tuple[str | None, ...],
    words: str,
) -> None:
    in_waves(document, *waves)

    refused(document, environments, words)


def test_should_refuse_a_way_without_stages(
    environments: dict[str, EnvironmentConfig], document: dict[str, Any]
) -> None:
    del document["stage"]

    refused(
        document,
        environments,
        "stage is missing; allowed is a table [[stage]] for each environment",
    )


def test_should_refuse_a_way_by_which_nothing_promotes(
    environments: dict[str, EnvironmentConfig], document: dict[str, Any]
) -> None:
    del document["pipeline"]
    document["github"] = False

    refused(document, environments, "nothing promotes")


def test_should_refuse_stages_that_cannot_share_an_image(
    environments: dict[str, EnvironmentConfig], document: dict[str, Any]
) -> None:
    dev = environments["dev"]
    processor = dev.processor.model_copy(update={"architecture": "ARM64"})
    environments["dev"] = dev.model_copy(update={"processor": processor})

    refused(document, environments, "one image is promoted through all")


def test_should_refuse_to_pin_some_environments_only(
    environments: dict[str, EnvironmentConfig], document: dict[str, Any]
) -> None:
    pins = {"account": "444455556666", "region": "eu-west-1"}
    environments["prod"] = environments["prod"].model_copy(update=pins)

    refused(document, environments, "set account and region in environments/dev.toml")


def test_should_report_every_problem_at_once(
    environments: dict[str, EnvironmentConfig], document: dict[str, Any]
) -> None:
    document["repository"] = "lifestream"
    document["environments"] = {}
    document["stage"][0]["proof"] = "none"
    document["stage"][1]["environment"] = "qa"
    document["stage"][2]["approval"] = False

    with pytest.raises(ConfigError) as refusal:
        parse_promotion(document, environments, where=WHERE)

    expected = [
        "environments is not a setting; the folder environments/ is",
        "repository = 'lifestream'; allowed is owner/name, as GitHub has it",
        "stage 1: proof = 'none'; allowed is one of smoke, full",
        "stage 2: environment = 'qa'; allowed is one of dev, prod, staging",
        "stage 3: approval = False; allowed is true: prod retains its data (retain_data)",
    ]
    for line, words in zip(refusal.value.problems, expected, strict=True):
        assert line.startswith(f"{WHERE}: {words}")


@pytest.mark.parametrize("stages", [7, [], [7]])
def test_should_refuse_stages_that_are_no_tables(
    environments: dict[str, EnvironmentConfig], document: dict[str, Any], stages: Any
) -> None:
    document["stage"] = stages

    refused(document, environments, "stage")


def test_should_say_that_there_is_no_file(
    tmp_path: Path, environments: dict[str, EnvironmentConfig]
) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        load_promotion(tmp_path / WHERE, environments)


def refused(
    document: dict[str, Any], environments: dict[str, EnvironmentConfig], words: str
) -> None:
    with pytest.raises(ConfigError) as refusal:
        parse_promotion(document, environments, where=WHERE)

    assert any(words in problem for problem in refusal.value.problems), refusal.value.problems
    assert all(problem.startswith(WHERE) for problem in refusal.value.problems)


@pytest.mark.parametrize("key", ["github_owner_id", "github_repository_id"])
def test_should_refuse_one_id_without_the_other(
    environments: dict[str, EnvironmentConfig], document: dict[str, Any], key: str
) -> None:
    document[key] = "1234567"

    refused(document, environments, "because the other of the two is given")


def test_should_refuse_credentials_that_expire_during_a_deployment(
    environments: dict[str, EnvironmentConfig], document: dict[str, Any]
) -> None:
    staging = environments["staging"]
    pooled = staging.model_copy(update={"launch": Launch.POOL})
    document["session_hours"] = 3

    refused(
        document, {**environments, "staging": pooled}, "session_hours = 3; allowed is at least 4"
    )
